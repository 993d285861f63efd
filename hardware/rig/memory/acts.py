"""What each word of a timeline does to the memory bench."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from hardware.rig.memory.board import BoardPort
from hardware.rig.memory.clock import Clock
from hardware.rig.memory.controller import Controller
from hardware.rig.memory.people import People
from hardware.rig.memory.plant import Plant
from hardware.rig.scenario.coordinator import Coordinator, body_of
from hardware.rig.scenario.words import Word
from hardware.simulators.dse import STOP
from hardware.simulators.engine import Engine
from hardware.simulators.wire import Wire as Cable

NOMINAL_V = 228.0


class Parts(Protocol):
    """What there is to act on."""

    clock: Clock
    plant: Plant
    controller: Controller
    coordinator: Coordinator
    people: People
    board: BoardPort | None
    linked: bool

    def order(self, body: dict[str, Any]) -> str: ...

    def card(self) -> str: ...

    def door(self, is_open: bool) -> None: ...


def act(bench: Parts, given: tuple[Word, ...]) -> str:
    """Do it; what was done, empty when the words say it all. Raises ValueError for a part that this booth lacks."""
    bench.plant.wake()
    first, rest = str(given[0]), given[1:]
    told = _ACTS[first](bench, rest) or ""
    # Faults are attributes of the parts: what follows from them is found now.
    bench.plant.wake()
    return told


def _mains(bench: Parts, given: tuple[Word, ...]) -> None:
    site, now = bench.plant.site, bench.clock.now
    match given:
        case ("on" | "off" as word,):
            site.set_mains(now, NOMINAL_V if word == "on" else 0.0)
        case (float(volts),):
            site.set_mains(now, volts)
        case ("dip", float(seconds)):
            site.dip(now, seconds)
        case ("dip", float(seconds), float(volts)):
            site.dip(now, seconds, volts)
        case ("bounce", float(times), float(ms)):
            site.bounce(now, int(times), ms)


def _contact(bench: Parts, given: tuple[Word, ...]) -> None:
    bench.plant.site.lying_contact = {"stuck-on": True, "stuck-off": False}.get(str(given[1]))


def _ups(bench: Parts, given: tuple[Word, ...]) -> None:
    ups = bench.plant.site.ups
    match given:
        case ("load", float(watts)):
            bench.plant.site.set_load(bench.clock.now, "essential", watts)
        case ("failed" | "mended" as word,):
            ups.failed = word == "failed"
        case ("unplug" | "plug" as word,):
            _cable(bench, "ups", word)
        case (str(word),):
            _noise(ups.wire, word)


def _battery(bench: Parts, given: tuple[Word, ...]) -> None:
    ups = bench.plant.site.ups
    match given:
        case ("health", float(share)):
            ups.battery_health = share
        case ("charge", float(share)):
            ups.charge = share
        case (word,):
            ups.lying_battery = word == "lying"


def _engine(bench: Parts) -> Engine:
    engine = bench.plant.site.engine
    if engine is None:
        raise ValueError('this booth has no genset: write genset = "contacts" or "dse" in [booth]')
    return engine


def _genset(bench: Parts, given: tuple[Word, ...]) -> None:
    if given[0] in ("silent", "garbage", "normal", "unplug", "plug", "stopped-by-hand"):
        _genset_link(bench, str(given[0]))
        return
    engine = _engine(bench)
    match given:
        case ("starts-on", float(times)):
            engine.starts_on_attempt = int(times)
        case ("stalls", float(seconds)):
            engine.stalls_after_s = seconds
        case ("fuel", float(pct)):
            engine.fuel_l = engine.model.tank_l * pct / 100.0
        case ("healthy",):
            _heal(engine)
        case (str(word),):
            fault = {
                "no-start": "fails_to_start",
                "hot": "hot",
                "low-oil": "low_oil",
                "weak-battery": "weak_battery",
                "no-volts": "out_of_band",
                "out-of-band": "out_of_band",
                "no-stop": "fails_to_stop",
            }[word]
            setattr(engine, fault, True)
            if word == "no-volts":
                engine.off_volts = 0.0


def _heal(engine: Engine) -> None:
    engine.fails_to_start = engine.hot = engine.low_oil = engine.weak_battery = False
    engine.out_of_band = engine.fails_to_stop = False
    engine.starts_on_attempt, engine.stalls_after_s = 1, None


def _genset_link(bench: Parts, word: str) -> None:
    dse = bench.plant.site.dse
    if dse is None:
        raise ValueError('this genset has no controller: write genset = "dse" in [booth]')
    if word in ("unplug", "plug"):
        _cable(bench, "genset", word)
    elif word == "stopped-by-hand":
        dse.mode = STOP
    else:
        _noise(dse.wire, word)


def _ats(bench: Parts, given: tuple[Word, ...]) -> None:
    ats = bench.plant.site.ats
    if ats is None:
        raise ValueError("this booth has no transfer switch: it comes with a genset")
    ats.stuck_on = None if given[1] == "free" else str(given[1])


def _board(bench: Parts, given: tuple[Word, ...]) -> None:
    if bench.board is None:
        raise ValueError("this booth has no power board: write board = true in [booth]")
    word = str(given[0])
    if word in ("unplug", "plug"):
        _cable(bench, "board", word)
    elif word == "reset":
        bench.board.reset()
    else:
        _noise(bench.board.cable, word)


def _kill(bench: Parts, given: tuple[Word, ...]) -> None:
    bench.controller.kill()


def _stop(bench: Parts, given: tuple[Word, ...]) -> None:
    assert isinstance(given[1], float)
    bench.controller.kill(given[1])


def _clock(bench: Parts, given: tuple[Word, ...]) -> None:
    assert isinstance(given[1], float)
    bench.controller.stepped_s += given[1]


def _link(bench: Parts, given: tuple[Word, ...]) -> None:
    bench.linked = given[0] == "up"
    if not bench.linked:
        bench.controller.disconnect("the network is down")


def _printer(bench: Parts, given: tuple[Word, ...]) -> None:
    printer, word = bench.plant.printer, str(given[0])
    if word in ("unplug", "plug"):
        _cable(bench, "printer", word)
    elif word == "empty":
        printer.path.loaded -= printer.path.feeder
        printer.path.feeder = 0
    elif word == "refill":
        printer.load(50)
    else:
        (printer.jam if word == "jam" else printer.clear_jam)()


def _door(bench: Parts, given: tuple[Word, ...]) -> None:
    bench.door(given[0] == "open")


def _applicant(bench: Parts, given: tuple[Word, ...]) -> str:
    return f"applicant {bench.people.applicant()}"


def _print(bench: Parts, given: tuple[Word, ...]) -> str:
    return bench.card()


def _command(bench: Parts, given: tuple[Word, ...]) -> str:
    return bench.order(body_of(given, bench.coordinator.told))


def _cable(bench: Parts, name: str, word: str) -> None:
    wire = bench.controller.ports[name]
    (wire.unplug if word == "unplug" else wire.plug)()


def _noise(cable: Cable, word: str) -> None:
    cable.silent, cable.garbage = word == "silent", word == "garbage"


_ACTS: dict[str, Callable[[Parts, tuple[Word, ...]], str | None]] = {
    "mains": _mains,
    "contact": _contact,
    "ups": _ups,
    "battery": _battery,
    "genset": _genset,
    "ats": _ats,
    "board": _board,
    "kill": _kill,
    "stop": _stop,
    "clock": _clock,
    "link": _link,
    "printer": _printer,
    "door": _door,
    "applicant": _applicant,
    "print": _print,
    "command": _command,
}
