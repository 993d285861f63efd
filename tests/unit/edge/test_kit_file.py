"""The delivered file of a mobile kit holds days of recordings, without genset, printer or network."""

from __future__ import annotations

from pathlib import Path

from contract.messages import Modality
from edge.config import load
from edge.core.packets import Packet, State, full

FILE = Path(__file__).parents[3] / "hardware" / "booths" / "jemput-bola.toml"


def test_it_takes_more_than_five_hundred_recordings_and_stops_at_its_limit() -> None:
    settings = load(FILE).settings("epoch")

    def held(number: int) -> State:
        return State({f"packet/{n}": Packet(1, n) for n in range(number)})

    assert not full(held(600), settings)
    assert full(held(settings.packets_limit), settings)
    assert settings.outbox_limit >= 20 * settings.packets_limit


def test_it_has_a_battery_budget_and_nothing_that_a_village_lacks() -> None:
    settings = load(FILE).settings("epoch")
    assert (settings.genset, settings.printer, settings.board) == (None, None, None)
    assert settings.energy.reserve_s >= 1800
    assert settings.energy.record_s * settings.energy.margin < settings.energy.full_load_s
    assert set(settings.order) == set(settings.capture_devices)
    assert Modality.RIGHT_FOUR in settings.order
