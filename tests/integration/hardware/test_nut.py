"""Network UPS Tools, written by others, reads the simulated UPS as it reads real ones, and agrees with our driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.core.events import DeviceOnline, UpsReading
from edge.devices.megatec import Megatec
from hardware.simulators.megatec import Ups
from tests.integration.hardware.nut import Nut, megatec


@pytest.fixture
def nut(tmp_path: Path) -> Iterator[Nut]:
    with megatec(tmp_path, Ups()) as running:
        yield running


def test_nut_reads_the_type_plate_and_the_mains(nut: Nut) -> None:
    seen = nut.until(lambda seen: seen.get("ups.status") == "OL")
    assert seen["device.mfr"] == "LOKET-SIM" and seen["device.model"] == "LI-1000"
    assert float(seen["input.voltage"]) == 228.0
    assert float(seen["output.voltage"]) == 228.0
    assert float(seen["input.voltage.nominal"]) == 230.0
    assert float(seen["battery.voltage.nominal"]) == 24.0
    assert float(seen["battery.voltage"]) == pytest.approx(27.2)
    assert float(seen["input.frequency"]) == 50.0
    assert float(seen["ups.load"]) == 20.0
    assert seen["ups.type"] == "offline / line interactive"
    assert seen["ups.beeper.status"] == "enabled"


def test_nut_sees_the_outage_the_low_battery_and_the_return(nut: Nut) -> None:
    nut.until(lambda seen: seen.get("ups.status") == "OL")
    nut.command(lambda now: nut.ups.set_mains(now, 0.0))
    seen = nut.until(lambda seen: seen.get("ups.status") == "OB" and float(seen["input.voltage"]) == 0.0)
    assert float(seen["output.voltage"]) == 230.0
    nut.command(lambda now: setattr(nut.ups, "charge", 0.1))
    seen = nut.until(lambda seen: seen.get("ups.status") == "OB LB" and float(seen["battery.voltage"]) < 21.5)
    assert float(seen["battery.voltage"]) == pytest.approx(21.3, abs=0.1)
    nut.command(lambda now: setattr(nut.ups, "charge", 0.9))
    nut.command(lambda now: nut.ups.set_mains(now, 231.0))
    nut.until(lambda seen: seen.get("ups.status") == "OL" and float(seen["input.voltage"]) == 231.0)


def test_nut_tells_boost_from_trim(nut: Nut) -> None:
    nut.command(lambda now: nut.ups.set_mains(now, 190.0))
    nut.until(lambda seen: seen.get("ups.status") == "OL BOOST")
    nut.command(lambda now: nut.ups.set_mains(now, 265.0))
    nut.until(lambda seen: seen.get("ups.status") == "OL TRIM")


def test_nut_counts_a_pulled_cable_as_lost_data_not_as_an_outage(nut: Nut) -> None:
    nut.until(lambda seen: seen.get("ups.status") == "OL")
    nut.ptys.unplug("ups")
    nut.until(lambda seen: "ups.status" not in seen)


# --- NUT and our driver, side by side ------------------------------------------------------------------

#: Variables that say nothing of the UPS: NUT's own settings, programs and guesses of the battery's limits.
_NUTS_OWN = ("driver.", "ups.delay.", "device.type", "battery.voltage.low", "battery.voltage.high")
#: Moves that bring the UPS into a state, one after the other.
_MOVES: dict[str, Callable[[Ups, float], object]] = {
    "mains": lambda ups, now: None,
    "boost": lambda ups, now: ups.set_mains(now, 190.0),
    "trim": lambda ups, now: ups.set_mains(now, 265.0),
    "too high": lambda ups, now: ups.set_mains(now, 300.0),
    "outage": lambda ups, now: ups.set_mains(now, 0.0),
    "battery low": lambda ups, now: setattr(ups, "charge", 0.15),
    "cut announced": lambda ups, now: ups.receive(b"S10R0001\r", now),
    "cut cancelled": lambda ups, now: ups.receive(b"C\r", now),
    "charged": lambda ups, now: setattr(ups, "charge", 0.9),
    "mains again": lambda ups, now: ups.set_mains(now, 231.0),
    "overload": lambda ups, now: setattr(ups, "load_watts", 1100.0),
    "heavy load": lambda ups, now: setattr(ups, "load_watts", 800.0),
    "battery test": lambda ups, now: ups.receive(b"TL\r", now),
    "test ended": lambda ups, now: ups.receive(b"CT\r", now),
    "beeper": lambda ups, now: ups.receive(b"Q\r", now),
    "failed": lambda ups, now: setattr(ups, "failed", True),
    "failed and on battery": lambda ups, now: ups.set_mains(now, 0.0),
}


class Ours:
    """Our driver on the same simulated UPS, at one moment of it."""

    def __init__(self, ups: Ups, now: float) -> None:
        driver, events = Megatec("ups"), list[object]()
        events += driver.opened(now)
        while out := driver.outgoing():
            events += driver.receive(ups.receive(out, now), now)
        self.reading = next(event for event in events if isinstance(event, UpsReading))
        self.details = next(event for event in events if isinstance(event, DeviceOnline)).details

    def differences(self, seen: dict[str, str]) -> list[str]:
        """Every variable of NUT that we tell otherwise, or not at all."""
        return [
            f"{name}: NUT {value}, ours {self.says(name)}"
            for name, value in seen.items()
            if not name.startswith(_NUTS_OWN) and not self._same(name, value)
        ]

    def _same(self, name: str, value: str) -> bool:
        ours = self.says(name)
        if isinstance(ours, float):
            return abs(ours - float(value)) <= (1.0 if name == "battery.charge" else 0.06)
        return set(str(ours).split()) == set(value.split())

    def says(self, name: str) -> float | str | None:
        reading, details = self.reading, self.details
        nominal = details["nominal"].replace(",", "").split()
        told: dict[str, float | str | None] = {
            "input.voltage": reading.input_v,
            "input.voltage.fault": reading.fault_v,
            "output.voltage": reading.output_v,
            "ups.load": reading.load_pct,
            "input.frequency": reading.frequency_hz,
            "battery.voltage": reading.battery_v,
            "battery.charge": reading.charge_pct,
            "ups.temperature": reading.temperature_c,
            "ups.status": reading.status,
            "ups.type": "offline / line interactive" if reading.offline_type else "online",
            "ups.beeper.status": "enabled" if reading.beeper else "disabled",
            "ups.alarm": " ".join(self._alarms()),
            "device.mfr": details["maker"],
            "device.model": details["model"],
            "ups.firmware": details["firmware"],
            "input.voltage.nominal": float(nominal[0]),
            "input.frequency.nominal": float(nominal[4]),
            "battery.voltage.nominal": float(nominal[7]),
            "input.current.nominal": float(nominal[2]),
        }
        return told.get(name)

    def _alarms(self) -> list[str]:
        """NUT's words for two bits of the status."""
        failed = ["UPS selftest failed!"] if self.reading.failed else []
        return [*failed, "Shutdown imminent!"] if self.reading.shutting_down else failed


def agree(nut: Nut) -> dict[str, str]:
    """Waits until NUT has caught up with the UPS, and then with everything that our driver tells of it."""

    def same(seen: dict[str, str]) -> bool:
        return "ups.status" in seen and not nut.ptys.call(lambda: Ours(nut.ups, nut.ptys.now())).differences(seen)

    try:
        return nut.until(same)
    except pytest.fail.Exception:
        seen = nut.server.variables()
        pytest.fail(f"{nut.ptys.call(lambda: Ours(nut.ups, nut.ptys.now())).differences(seen)} in {seen}")


def test_our_driver_and_nut_agree_on_every_variable_and_status_bit(nut: Nut) -> None:
    statuses = {}
    for name, move in _MOVES.items():
        nut.command(lambda now, move=move: move(nut.ups, now))  # type: ignore[misc]
        statuses[name] = set(agree(nut)["ups.status"].split())
    assert statuses == {
        "mains": {"OL"},
        "boost": {"OL", "BOOST"},
        "trim": {"OL", "TRIM"},
        "too high": {"OB"},
        "outage": {"OB"},
        "battery low": {"OB", "LB"},
        "cut announced": {"OB", "LB", "FSD", "ALARM"},
        "cut cancelled": {"OB", "LB"},
        "charged": {"OB"},
        "mains again": {"OL"},
        "overload": {"OL"},
        "heavy load": {"OL"},
        "battery test": {"OL", "CAL"},
        "test ended": {"OL"},
        "beeper": {"OL"},
        "failed": {"OL", "ALARM"},
        "failed and on battery": {"OB", "ALARM"},
    }


def test_our_driver_tells_the_strings_volts_where_nut_tells_a_cells(tmp_path: Path) -> None:
    with megatec(tmp_path, Ups(per_cell=True)) as nut:
        ours = nut.ptys.call(lambda: Ours(nut.ups, nut.ptys.now()))
        seen = nut.until(lambda seen: [line.split(":")[0] for line in ours.differences(seen)] == ["battery.voltage"])
        assert ours.reading.battery_v == pytest.approx(12 * float(seen["battery.voltage"]))
