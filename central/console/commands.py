"""The power commands that a person may give to a booth, why one cannot be given now, and how they are told later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from central.console import alarms
from central.console.plant import Reading, has_genset
from central.console.texts import Language, known, text
from central.core.views import Actions, BoothView, CommandView
from contract.messages import GensetPhase, Supply

UpsLength = Literal["quick", "two-minutes", "deep", "cancel"]
DEEP_CHARGE_PCT: Final = 90.0
"""A deep test needs a battery that is nearly full, else it tells nothing."""


@dataclass(frozen=True, slots=True)
class Button:
    """A command on the page: its name, and why it cannot be given now (empty: it can)."""

    name: str
    unsafe: str


@dataclass(frozen=True, slots=True)
class Group:
    """Commands to one device, under a heading."""

    heading: str
    buttons: tuple[Button, ...]


GIVE: Final[dict[str, Callable[[Actions, str, str], str | None]]] = {
    "ups-quick": lambda actions, booth, person: actions.test_ups(booth, "quick", person),
    "ups-two-minutes": lambda actions, booth, person: actions.test_ups(booth, "two-minutes", person),
    "ups-deep": lambda actions, booth, person: actions.test_ups(booth, "deep", person),
    "ups-cancel": lambda actions, booth, person: actions.test_ups(booth, "cancel", person),
    "genset-start": lambda actions, booth, person: actions.test_genset(booth, "start", person),
    "genset-stop": lambda actions, booth, person: actions.test_genset(booth, "stop", person),
    "mute-ups": lambda actions, booth, person: actions.mute(booth, "ups", person),
    "mute-booth": lambda actions, booth, person: actions.mute(booth, "booth", person),
}
"""Every command with a confirmation page of its own -> how it is given; answers the coordinator's refusal."""

CAREFUL: Final = frozenset({"ups-deep", "genset-start"})
"""These ask for a tick: a battery is drained, an engine turns."""


def groups(language: Language, booth: BoothView, now: datetime, stale_s: float) -> tuple[Group, ...]:
    """The commands that this booth has, those that cannot be given now with the reason."""
    read = Reading(language, booth, now, stale_s)

    def group(heading: str, *names: str) -> Group:
        return Group(text(language, heading), tuple(Button(name, unsafe(read, name)) for name in names))

    made = [group("commands.ups", "ups-quick", "ups-two-minutes", "ups-deep", "ups-cancel")]
    if has_genset(booth):
        made.append(group("commands.genset", "genset-start", "genset-stop"))
    return (*made, group("commands.mute", "mute-ups", "mute-booth"))


def unsafe(read: Reading, name: str) -> str:
    """Why a command cannot be given now, as far as the console knows; empty: it can. The booth has the last word."""
    if not read.booth.online:
        return read.say("unsafe.offline")
    if name == "mute-booth":
        return ""
    if not read.fresh:
        return read.say("unsafe.stale")
    if name.startswith("genset"):
        return _genset(read, name)
    if read.word("ups.quality") == "lost" or not (read.word("ups.quality") or read.word("ups.status")):
        return read.say("unsafe.no-ups")
    return _ups(read, name) if name.startswith("ups") else ""


def _ups(read: Reading, name: str) -> str:
    testing = "CAL" in read.word("ups.status").split()
    if name == "ups-cancel":
        return "" if testing else read.say("unsafe.not-testing")
    if testing:
        return read.say("unsafe.testing")
    if read.booth.supply is Supply.UNKNOWN:
        return read.say("unsafe.unknown")
    if read.booth.supply is not Supply.ON_MAINS:
        return read.say("unsafe.supply")
    charge = read.number("battery.charge")
    if name == "ups-deep" and charge is not None and charge < DEEP_CHARGE_PCT:
        return read.say("unsafe.charge", n=round(charge))
    return ""


def _genset(read: Reading, name: str) -> str:
    genset = read.booth.genset
    phase = genset.phase if genset else None
    if name == "genset-stop":
        return "" if phase is GensetPhase.EXERCISING else read.say("unsafe.not-exercising")
    if read.booth.supply is Supply.UNKNOWN:
        return read.say("unsafe.unknown")
    if read.booth.supply is not Supply.ON_MAINS:
        return read.say("unsafe.outage")
    if phase not in (None, GensetPhase.STOPPED, GensetPhase.FAILED):
        return read.say("unsafe.genset-busy", phase=known(read.language, f"short.{phase}", str(phase)))
    if read.word("genset.quality") == "lost":
        return read.say("unsafe.no-genset")
    mode = read.word("genset.mode")
    return read.say("unsafe.genset-mode") if mode and mode != "auto" else ""


def told(language: Language, command: CommandView) -> str:
    """What a command asked, in words."""
    fields = command.fields
    match command.kind:
        case "test-ups":
            key = f"command.ups-{fields.get('length', '')}"
        case "test-genset":
            key = f"command.genset-{fields.get('action', '')}"
        case "mute":
            key = f"command.mute-{fields.get('what', '')}"
            return text(language, "commands.mute.what", what=known(language, key, command.kind))
        case "alarm":
            name = alarms.name(language, fields.get("alarm", ""))
            action = fields.get("action", "")
            if action not in ("acknowledge", "shelve", "unshelve"):
                return name
            return text(language, f"command.{action}", name=name)
        case _:
            key = f"command.{command.kind}"
    return known(language, key, command.kind)


def waiting(commands: tuple[CommandView, ...]) -> frozenset[tuple[str, str, str]]:
    """Alarms (booth, key, occurrence) that a command under way is about: their buttons would only repeat it."""
    return frozenset(
        (command.booth, command.fields.get("alarm", ""), command.fields.get("occurrence", ""))
        for command in commands
        if command.kind == "alarm" and command.outcome == "pending"
    )
