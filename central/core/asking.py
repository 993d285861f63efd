"""What a person may ask of a booth's power: why it is refused before it is sent, and how it is written down.

The booth decides again when it gets the command: what is refused here is only what it would refuse for certain.
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import (
    AlarmCommand,
    AlarmState,
    GensetPhase,
    IdentifyCommand,
    MuteCommand,
    NikAnswerCommand,
    PowerCommand,
    PrintCommand,
    SettleCommand,
    Supply,
    TestGensetCommand,
    TestUpsCommand,
)

Body = PrintCommand | SettleCommand | IdentifyCommand | NikAnswerCommand | PowerCommand

#: A test or a press of a button that comes late surprises whoever stands beside the booth.
ASKED_EXPIRES_S = 60.0

UNDER_WAY = "the same is on its way to the booth already"
NO_ALARM = "the booth has told of no such alarm"
ROSE_AGAIN = "the alarm has risen again since: look at the new one first"
SEEN_TO = "somebody has acknowledged this alarm already"
OVER = "this alarm is gone and acknowledged already"
NO_REASON = "a shelved alarm needs a reason"
NO_MINUTES = "for how many minutes shall the alarm be shelved?"
NOT_SHELVED = "this alarm is not shelved"
NOT_ON_MAINS_UPS = "the booth is not on mains: a test of the battery would use up the energy that it needs"
NOT_ON_MAINS_GENSET = "the booth is not on mains: the genset is not tested during an outage"
GENSET_BUSY = "the genset is not at rest"
GENSET_RESTS = "no test of the genset is running"

_AT_REST = frozenset({GensetPhase.STOPPED, GensetPhase.FAILED})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the booth that is asked; `alarm`: occurrence and state of the alarm that is meant."""

    online: bool
    off: bool
    supply: Supply
    phase: GensetPhase | None = None
    alarm: tuple[int, AlarmState] | None = None


def refusal(booth: str, asked: Asked, body: PowerCommand) -> str:
    """Why the command is not sent; empty when it is."""
    if asked.off:
        return f"the booth {booth} is off: it comes back with the mains"
    if not asked.online:
        return f"the booth {booth} is offline"
    match body:
        case TestUpsCommand():
            return NOT_ON_MAINS_UPS if body.length != "cancel" and asked.supply is not Supply.ON_MAINS else ""
        case TestGensetCommand():
            return _genset(asked, body)
        case AlarmCommand():
            return _alarm(asked, body)
        case MuteCommand():
            return ""


def _genset(asked: Asked, body: TestGensetCommand) -> str:
    resting = asked.phase in _AT_REST
    if body.action == "stop":
        return GENSET_RESTS if resting else ""
    if asked.supply is not Supply.ON_MAINS:
        return NOT_ON_MAINS_GENSET
    return "" if resting or asked.phase is None else GENSET_BUSY


def _alarm(asked: Asked, body: AlarmCommand) -> str:
    if asked.alarm is None or asked.alarm[0] < body.occurrence:
        return NO_ALARM
    occurrence, state = asked.alarm
    if occurrence > body.occurrence:
        return ROSE_AGAIN
    if state is AlarmState.NORMAL:
        return OVER
    if body.action == "acknowledge":
        return SEEN_TO if state is AlarmState.ACKNOWLEDGED else ""
    if body.action == "unshelve":
        return "" if state is AlarmState.SHELVED else NOT_SHELVED
    if not body.reason.strip():
        return NO_REASON
    return "" if body.minutes else NO_MINUTES


def fields(body: Body) -> dict[str, str]:
    """What a command says, beside its kind and person, as text."""
    said = body.model_dump(mode="json", exclude={"kind", "person", "panels"})
    return {name: str(value) for name, value in said.items() if value not in ("", 0, None)}
