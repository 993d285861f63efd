"""Power situations for the console's pages: `python -m tests.tools.console_power SITUATION [PORT]` serves one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from central.console.app import ConsoleSettings
from central.console.server import Server
from central.core.views import AlarmView, BoothView, CommandView, DipView, GensetView, OutageView, SupplySpan
from contract.messages import AlarmState, DeviceState, GensetPhase, Priority, Supply
from tests.tools.console_world import BOOTH, World, calm_booth

HOUR = 3600.0

MAINS_FIGURES: dict[str, Any] = {
    "supply": "ON_MAINS", "energy.seconds": 3480.0, "energy.confidence": 0.82, "energy.age_s": 2.0,
    "battery.charge": 98.0, "battery.voltage": 27.2, "battery.health": 91.0, "ups.status": "OL CHRG", "ups.load": 34.0,
    "ups.realpower": 204.0, "input.voltage": 226.4, "output.voltage": 226.1, "input.frequency": 50.0,
    "mains.contact": True, "mains.volts": 226.0, "mains.dips": 2, "mains.quality": "good", "ups.quality": "good",
    "genset.quality": "good", "board.quality": "good", "ats.quality": "good", "ats.position": "mains",
    "genset.phase": "stopped", "genset.verified": False, "genset.running": False, "genset.volts": 0.0,
    "genset.hertz": 0.0, "genset.rpm": 0.0, "genset.fuel_pct": 63.0, "genset.fuel_hours": 10.1,
    "genset.battery_v": 12.9, "genset.run_hours": 182.4, "genset.service_hours": 67.6, "genset.mode": "auto",
    "genset.exercise_due_h": 52.0, "relay.genset_start": False, "relay.ats_inhibit": True, "shed.stage": 0,
    "may.record": "", "may.print": "", "need.record_s": 240.0, "need.record_w": 20.0, "need.print_s": 45.0,
    "need.print_w": 90.0,
}  # fmt: skip
BATTERY_FIGURES = MAINS_FIGURES | {
    "supply": "ON_BATTERY", "energy.seconds": 1080.0, "energy.confidence": 0.7, "battery.charge": 71.0,
    "battery.voltage": 25.3, "ups.status": "OB DISCHRG", "input.voltage": 0.0, "mains.contact": False,
    "mains.volts": 0.0, "genset.phase": "cranking", "shed.stage": 1,
    "may.print": "mains are out: a card is not begun without them", "may.print_in_s": 40.0,
}  # fmt: skip
GENSET_FIGURES = MAINS_FIGURES | {
    "supply": "ON_GENSET", "energy.seconds": 2940.0, "battery.charge": 88.0, "battery.voltage": 27.0,
    "input.voltage": 231.0, "output.voltage": 230.4, "input.frequency": 50.2, "mains.contact": False,
    "mains.volts": 0.0,
    "ats.position": "genset", "genset.phase": "loaded", "genset.verified": True, "genset.running": True,
    "genset.volts": 231.0, "genset.hertz": 50.2, "genset.rpm": 1506.0, "genset.oil_kpa": 352.0,
    "genset.coolant_c": 81.0, "genset.fuel_pct": 17.0, "genset.fuel_hours": 2.7, "relay.genset_start": True,
    "relay.ats_inhibit": False,
}  # fmt: skip
FAULT_FIGURES = BATTERY_FIGURES | {
    "energy.seconds": 410.0, "energy.confidence": 0.4, "battery.charge": 31.0, "battery.voltage": 23.8,
    "genset.phase": "failed", "genset.battery_v": 10.9, "shed.stage": 2,
    "may.record": "the battery lasts 5 min, and 10 min are needed to finish: wait for the mains",
    "may.print": "mains are out: a card is not begun without them",
    "may.record_in_s": None, "may.print_in_s": None,
}  # fmt: skip


def alarm(
    key: str, priority: Priority, state: AlarmState = AlarmState.UNACKNOWLEDGED, ago: float = 90, **change: Any
) -> AlarmView:
    """An alarm that rose `ago` seconds ago."""
    at = datetime.now(UTC) - timedelta(seconds=ago)
    view = AlarmView(BOOTH, key, 1, priority, state, True, at, at, "", "", {}, "", "", None)
    return replace(view, **change)


def phase(now: GensetPhase, ago: float = 30, attempt: int = 1, verified: bool = False, cause: str = "") -> GensetView:
    """The genset in a phase since `ago` seconds."""
    at = datetime.now(UTC) - timedelta(seconds=ago)
    return GensetView(now, attempt, cause, verified, 63.0, 10.1, 182.4, 67.6, at)


def spans(*told: tuple[float, Supply]) -> list[SupplySpan]:
    """Hours ago and the supply since then."""
    now = datetime.now(UTC)
    starts = [now - timedelta(hours=hours) for hours, _ in told]
    ends: list[datetime | None] = [*starts[1:], None]
    return [SupplySpan(supply, start, end) for (_, supply), start, end in zip(told, starts, ends, strict=True)]


YESTERDAY = (
    (30.0, Supply.ON_MAINS), (19.0, Supply.ON_BATTERY), (18.98, Supply.GENSET_STARTING), (18.965, Supply.ON_GENSET),
    (17.2, Supply.MAINS_RETURNING), (17.18, Supply.ON_MAINS), (9.4, Supply.ON_BATTERY), (8.9, Supply.SHUTTING_DOWN),
    (8.85, Supply.OFF), (8.1, Supply.UNKNOWN), (8.0, Supply.ON_MAINS),
)  # fmt: skip


def _world(figures: dict[str, Any], now_supply: Supply, genset: GensetView | None, **change: Any) -> World:
    world = World()
    now = datetime.now(UTC)
    more = () if now_supply is Supply.ON_MAINS else ((0.25, now_supply),)
    since = now - timedelta(minutes=15)
    if not more:
        since = now - timedelta(hours=8)
    booth = calm_booth(supply=now_supply, supply_since=since, figures=dict(figures), genset=genset)
    world.boards[BOOTH] = replace(booth, **change)
    world.spans[BOOTH] = spans(*YESTERDAY, *more)
    world.flickers[BOOTH] = [
        DipView(now - timedelta(hours=3.2), 0.12, 61.0), DipView(now - timedelta(hours=13), 0.4, None),
    ]  # fmt: skip
    carried = {Supply.ON_BATTERY: 72.0, Supply.GENSET_STARTING: 54.0, Supply.ON_GENSET: 6354.0}
    dark = {Supply.ON_BATTERY: 1800.0, Supply.SHUTTING_DOWN: 180.0, Supply.OFF: 2700.0, Supply.UNKNOWN: 360.0}
    ago = timedelta(hours=1)
    world.failures = [
        OutageView(BOOTH, now - 9.4 * ago, now - 8 * ago, dark),
        OutageView(BOOTH, now - 19 * ago, now - 17.18 * ago, carried),
    ]
    if more:
        world.failures.insert(0, OutageView(BOOTH, since, None, {now_supply: 900.0}))
    world.told = [
        CommandView("c-9", BOOTH, "test-ups", {"length": "quick"}, "technician Siti Aminah", now - 6 * ago, "done", "",
                    now - 6 * ago),
        CommandView("c-8", BOOTH, "test-genset", {"action": "start"}, "technician", now - 18 * ago, "refused",
                    "the booth is not on mains: the genset is not tested during an outage", now - 18 * ago),
        CommandView("c-7", BOOTH, "mute", {"what": "booth"}, "technician Budi", now - 19 * ago, "expired",
                    "the booth did not answer in time", now - 18.9 * ago),
    ]  # fmt: skip
    return world


def on_mains() -> World:
    """All is well; one alarm is shelved."""
    world = _world(MAINS_FIGURES, Supply.ON_MAINS, phase(GensetPhase.STOPPED, 8 * HOUR))
    world.sounding = [
        alarm("genset.service-due", Priority.LOW, AlarmState.SHELVED, 9000, figures={"hours": 12.4},
              person="technician Budi", reason="servis Kamis depan",
              shelved_until=datetime.now(UTC) + timedelta(hours=7)),
    ]  # fmt: skip
    return world


def on_battery() -> World:
    """An outage, the genset is cranked for the second time, the first loads are shed."""
    world = _world(
        BATTERY_FIGURES, Supply.GENSET_STARTING, phase(GensetPhase.CRANKING, 4, 2), worst="attention", shed=1
    )
    world.sounding = [
        alarm("mains.out", Priority.MEDIUM, figures={"supply": "GENSET_STARTING"}),
        alarm("mains.unsteady", Priority.LOW, AlarmState.RETURNED, 7000, active=False, figures={"dips": 6}),
    ]
    return world


def on_genset() -> World:
    """The genset carries all; its fuel is low."""
    world = _world(GENSET_FIGURES, Supply.ON_GENSET, phase(GensetPhase.LOADED, 840, 1, True), worst="attention")
    world.sounding = [
        alarm("genset.fuel-low", Priority.HIGH, figures={"fuel_pct": 17.0, "hours": 2.7}),
        alarm("mains.out", Priority.MEDIUM, AlarmState.ACKNOWLEDGED, 900, figures={"supply": "ON_GENSET"},
              person="technician Siti"),
    ]  # fmt: skip
    return world


def genset_fault() -> World:
    """The genset did not start, and the battery is low: what can be shed is shed."""
    told = phase(GensetPhase.FAILED, 700, 3, False, "it did not start in 3 attempts")
    world = _world(FAULT_FIGURES, Supply.ON_BATTERY, told, worst="problem", shed=2)
    world.sounding = [
        alarm("genset.start-failed", Priority.CRITICAL, ago=700, figures={"attempts": 3}),
        alarm("battery.low", Priority.HIGH, ago=100, figures={"minutes": 6}),
        alarm("genset.battery-weak", Priority.MEDIUM, ago=690, figures={"volts": 10.9}),
        alarm("mains.out", Priority.MEDIUM, AlarmState.ACKNOWLEDGED, 900, figures={"supply": "ON_BATTERY"},
              person="technician Siti"),
    ]  # fmt: skip
    return world


def closing() -> World:
    """The battery is nearly empty: the booth has announced that it goes off."""
    world = genset_fault()
    booth = world.boards[BOOTH]
    why = "the booth is shutting down: the battery is nearly empty"
    figures = booth.figures | {
        "supply": "SHUTTING_DOWN", "energy.seconds": 158.0, "battery.charge": 12.0, "may.record": why, "may.print": why,
    }  # fmt: skip
    since = datetime.now(UTC) - timedelta(seconds=8)
    world.boards[BOOTH] = replace(
        booth, figures=figures, supply=Supply.SHUTTING_DOWN, supply_since=since, shutdown="announced",
        shutdown_since=since, shutdown_cause="the battery lasts 158 s more",
    )  # fmt: skip
    spans_of = world.spans[BOOTH]
    spans_of[-1] = replace(spans_of[-1], end=since)
    spans_of.append(SupplySpan(Supply.SHUTTING_DOWN, since, None))
    world.sounding.insert(0, alarm("booth.closing", Priority.CRITICAL, ago=8, figures={"minutes": 2}))
    return world


def ups_lost() -> World:
    """On mains, but the UPS and the genset's controller are silent; the ATS is stuck half way."""
    figures = MAINS_FIGURES | dict.fromkeys(
        (
            "energy.seconds", "energy.confidence", "battery.charge", "battery.voltage", "ups.status", "ups.load",
            "ups.realpower", "input.voltage", "output.voltage", "genset.volts", "genset.hertz", "genset.fuel_pct",
            "genset.running", "may.print",
        )
    )  # fmt: skip
    figures |= {"ups.quality": "lost", "genset.quality": "lost", "ats.quality": "stale", "ats.position": None,
                "board.quality": "implausible"}  # fmt: skip
    world = _world(figures, Supply.ON_MAINS, phase(GensetPhase.STOPPED, 8 * HOUR), worst="attention")
    booth = world.boards[BOOTH]
    at = datetime.now(UTC) - timedelta(minutes=22)
    devices = tuple(
        replace(each, state=DeviceState.LOST, since=at) if each.name == "ups" else each for each in booth.devices
    )
    world.boards[BOOTH] = replace(booth, devices=devices)
    world.sounding = [
        alarm("ups.lost", Priority.HIGH, ago=1320), alarm("genset.lost", Priority.MEDIUM, ago=600),
        alarm("sources.disagree", Priority.MEDIUM, ago=500, figures={"sources": "contact says there, board says away"}),
    ]  # fmt: skip
    return world


def offline() -> World:
    """The booth was last heard on battery, 42 minutes ago."""
    world = on_battery()
    at = datetime.now(UTC) - timedelta(minutes=42)
    booth = world.boards[BOOTH]
    world.boards[BOOTH] = replace(booth, online=False, last_heard=at, figures_at=at, worst="problem")
    return world


def plain() -> World:
    """A booth without genset and without board."""
    figures = {
        name: value
        for name, value in BATTERY_FIGURES.items()
        if not name.startswith(("genset.", "ats.", "board.", "relay.", "shed."))
    }
    world = _world(figures, Supply.ON_BATTERY, None, worst="attention")
    world.spans[BOOTH] = spans((20.0, Supply.ON_MAINS), (0.25, Supply.ON_BATTERY))
    world.failures = world.failures[:1]
    world.sounding = [alarm("mains.out", Priority.MEDIUM, figures={"supply": "ON_BATTERY"})]
    return world


SITUATIONS: dict[str, Callable[[], World]] = {
    "mains": on_mains, "battery": on_battery, "genset": on_genset, "fault": genset_fault, "closing": closing,
    "lost": ups_lost, "offline": offline, "plain": plain,
}  # fmt: skip


def the_booth(world: World) -> BoothView:
    """The only booth of a situation."""
    booth = world.booth(BOOTH)
    assert booth is not None
    return booth


if __name__ == "__main__":
    made = SITUATIONS[sys.argv[1]]()
    server = Server(made, made, made, ConsoleSettings(port=int(sys.argv[2]) if len(sys.argv) > 2 else 8080))
    server.start()
    print(f"console {server.address}/booths/{BOOTH}/power", flush=True)
    signal.pause()
