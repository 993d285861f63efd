"""The words of `loket rig` for the power plant: mains, UPS, battery, genset, transfer switch, power board."""

from __future__ import annotations

from collections.abc import Callable

from hardware.rig.bench import Bench
from hardware.rig.ptys import PtyServer
from hardware.simulators.engine import Engine
from hardware.simulators.wire import Wire

MAINS = "mains on | off | VOLTS | dip SECONDS [VOLTS] | bounce TIMES MILLISECONDS"
GENSET = (
    "genset healthy | no-start | starts-on N | stalls SECONDS | fuel PERCENT | hot | low-oil | weak-battery | no-volts"
    " | out-of-band | no-stop | stopped-by-hand | silent | garbage | normal | unplug | plug"
)


def choice(what: str, words: list[str], known: tuple[str, ...]) -> str:
    """The one word that is given. Raises ValueError that names those that are possible."""
    if len(words) != 1 or words[0] not in known:
        raise ValueError(f"{what} what? One of: {', '.join(known)}")
    return words[0]


def number(word: str, least: float, most: float) -> float:
    """A number within bounds. Raises ValueError."""
    try:
        given = float(word)
    except ValueError:
        given = float("nan")
    if not least <= given <= most:
        raise ValueError(f"{word!r} is no number from {least:g} to {most:g}")
    return given


def cable(ptys: PtyServer, name: str, word: str) -> str:
    """Pull a device's cable (`unplug`), or put it back (`plug`)."""
    try:
        (ptys.unplug if word == "unplug" else ptys.plug)(name)
    except KeyError as error:
        raise ValueError(f"the booth file has no device on a cable called {name}") from error
    return f"{name} {word}ged"


class PowerWords:
    """What each word does to the plant; ValueError says what may be said instead."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._plant = bench.plant
        self._site = bench.plant.site

    def known(self) -> dict[str, Callable[[list[str]], str]]:
        """First word -> what carries out the others."""
        return {
            "mains": self.mains,
            "contact": self.contact,
            "ups": self.ups,
            "battery": self.battery,
            "genset": self.genset,
            "ats": self.ats,
            "board": self.board,
        }

    def mains(self, words: list[str]) -> str:
        site, act = self._site, self._bench.on_plant
        if words[:1] == ["dip"] and len(words) in (2, 3):
            seconds = number(words[1], 0.001, 3600)
            volts = number(words[2], 0, 400) if len(words) == 3 else 0.0
            act(lambda now: site.dip(now, seconds, volts))
            return f"mains at {volts:g} V for {seconds:g} s"
        if words[:1] == ["bounce"] and len(words) == 3:
            times, ms = int(number(words[1], 1, 1000)), number(words[2].removesuffix("ms"), 1, 60_000)
            act(lambda now: site.bounce(now, times, ms))
            return f"mains go and come {times} times, each {ms:g} ms"
        if words in (["on"], ["off"]):
            self._bench.mains(words == ["on"])
            return f"mains {words[0]}"
        if len(words) == 1 and words[0][:1].isdigit():
            volts = number(words[0], 0, 400)
            act(lambda now: site.set_mains(now, volts))
            return f"mains at {volts:g} V"
        raise ValueError(f"mains what? One of: on, off, {MAINS.partition('off | ')[2].replace(' | ', ', ')}")

    def contact(self, words: list[str]) -> str:
        stuck = {"stuck-on": True, "stuck-off": False, "free": None}
        if len(words) != 2 or words[0] != "mains" or words[1] not in stuck:
            raise ValueError("contact what? contact mains stuck-on | stuck-off | free")
        self._bench.on_plant(lambda _: setattr(self._site, "lying_contact", stuck[words[1]]))
        return f"the mains contact is {words[1].replace('-', ' ')}"

    def ups(self, words: list[str]) -> str:
        ups = self._plant.ups
        if words[:1] == ["load"] and len(words) == 2:
            watts = number(words[1], 0, 2000)
            self._bench.on_plant(lambda now: self._site.set_load(now, "essential", watts))
            return f"the essential loads take {watts:g} W"
        word = choice("ups", words, ("silent", "garbage", "normal", "unplug", "plug", "load", "failed", "mended"))
        if word in ("unplug", "plug"):
            return cable(self._bench.ptys, "ups", word)
        if word in ("failed", "mended"):
            self._bench.on_plant(lambda _: setattr(ups, "failed", word == "failed"))
        elif word == "load":
            raise ValueError("ups load WATTS")
        else:
            self._bench.on_plant(lambda _: _sick(ups.wire, word))
        return f"ups {word}"

    def battery(self, words: list[str]) -> str:
        ups = self._plant.ups
        if len(words) == 2 and words[0] in ("health", "charge"):
            share = number(words[1], 0, 1)
            what = "battery_health" if words[0] == "health" else "charge"
            self._bench.on_plant(lambda _: setattr(ups, what, share))
            return f"battery {words[0]} {100 * share:g} %"
        word = choice("battery", words, ("lying", "honest", "health SHARE", "charge SHARE"))
        self._bench.on_plant(lambda _: setattr(ups, "lying_battery", word == "lying"))
        return f"the battery is {word}"

    def genset(self, words: list[str]) -> str:
        engine, dse = self._site.engine, self._site.dse
        if engine is None:
            raise ValueError("this booth has no genset: start one that has with `loket run --fresh`")
        if words and words[0] in ("silent", "garbage", "normal", "unplug", "plug", "stopped-by-hand"):
            word = choice("genset", words, (words[0],))
            if dse is None:
                raise ValueError(f"genset {word}: this genset has no controller to talk to, contacts alone")
            if word in ("unplug", "plug"):
                return cable(self._bench.ptys, "genset", word)
            self._bench.on_plant(lambda _: setattr(dse, "mode", 0 if word == "stopped-by-hand" else 1))
            if word != "stopped-by-hand":
                self._bench.on_plant(lambda _: _sick(dse.wire, word))
            return f"genset {word}"
        change = _engine_change(engine, words)
        self._bench.on_plant(lambda _: change())
        if words == ["healthy"] and dse is not None:
            # Nobody but a person at its panel takes back what it has latched.
            self._bench.on_plant(lambda _: dse.alarms.clear())
        return f"genset {' '.join(words)}"

    def ats(self, words: list[str]) -> str:
        if self._site.ats is None:
            raise ValueError("this booth has no transfer switch: it has no genset")
        if len(words) != 2 or words[0] != "stuck" or words[1] not in ("mains", "genset", "free"):
            raise ValueError("ats what? ats stuck mains | genset | free")
        side = None if words[1] == "free" else words[1]
        self._bench.on_plant(lambda _: setattr(self._site.ats, "stuck_on", side))
        return "the transfer switch moves freely" if side is None else f"the transfer switch does not leave the {side}"

    def board(self, words: list[str]) -> str:
        word = choice("board", words, ("silent", "garbage", "normal", "unplug", "plug", "reset"))
        board = self._bench.board
        if board is None:
            raise ValueError("this booth has no power board: its relays hang on the controller's pins")
        if word in ("unplug", "plug"):
            return cable(self._bench.ptys, "board", word)
        if word == "reset":
            self._bench.on_plant(lambda now: board.power(now, False))
            self._bench.on_plant(lambda now: board.power(now, self._site.controller_powered))
        else:
            self._bench.on_plant(lambda _: _sick(board.wire, word))
        return f"board {word}"


def _sick(wire: Wire, word: str) -> None:
    wire.silent, wire.garbage = word == "silent", word == "garbage"


def _heal(engine: Engine) -> None:
    engine.fails_to_start = engine.fails_to_stop = engine.low_oil = engine.hot = False
    engine.weak_battery = engine.out_of_band = engine.slow_start = engine.emergency_stop = False
    engine.off_volts, engine.off_hertz = 185.0, 44.0
    engine.starts_on_attempt, engine.stalls_after_s = 1, None


def _engine_change(engine: Engine, words: list[str]) -> Callable[[], None]:
    """What `genset WORDS` does to the engine. Raises ValueError."""
    switches = {
        "no-start": "fails_to_start",
        "no-stop": "fails_to_stop",
        "low-oil": "low_oil",
        "hot": "hot",
        "weak-battery": "weak_battery",
        "out-of-band": "out_of_band",
    }
    match words:
        case ["healthy"]:
            return lambda: _heal(engine)
        case [word] if word in switches:
            return lambda: setattr(engine, switches[word], True)
        case ["no-volts"]:
            return lambda: _set(engine, out_of_band=True, off_volts=0.0, off_hertz=50.0)
        case ["starts-on", count]:
            attempt = int(number(count, 1, 100))
            return lambda: setattr(engine, "starts_on_attempt", attempt)
        case ["stalls", seconds]:
            after = number(seconds, 0, 86_400)
            return lambda: setattr(engine, "stalls_after_s", after)
        case ["fuel", percent]:
            litres = engine.model.tank_l * number(percent, 0, 100) / 100.0
            return lambda: setattr(engine, "fuel_l", litres)
    raise ValueError(f"genset what? {GENSET.removeprefix('genset ')}")


def _set(engine: Engine, **values: float) -> None:
    for name, value in values.items():
        setattr(engine, name, value)
