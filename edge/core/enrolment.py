"""Recording of applicants: from the scanned family card to the assembled packet.

An enrolment is `waiting -> recording -> assembling`, then it is a packet. Every finished modality is committed: after
a power cut the recording goes on at the next one (`capturing`). Before it begins, the centre is asked about the NIK.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from contract.desk import NikChecked, Standing
from contract.messages import (
    DocumentRefused,
    EnrolmentCancelled,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    NikAnswerCommand,
)
from contract.packet import count
from edge.core import capturing, documents
from edge.core.actions import (
    AcceptPoor,
    Action,
    Begin,
    CancelRecording,
    Capture,
    NoteException,
    StopTrying,
    WithdrawException,
)
from edge.core.applicant import Counter, Enrolment, Stage, enrolments, find, present, recording, waiting
from edge.core.applicant import State as State
from edge.core.capturing import Step
from edge.core.commands import Ask, Command, DropBlob, Publish, Sound, Tone
from edge.core.events import (
    Button,
    ButtonPressed,
    CaptureFailed,
    CaptureSealed,
    DocumentScanned,
    Event,
    PacketAssembled,
    PacketSpoiled,
    Started,
)
from edge.core.refusals import Refusal, refuse
from edge.core.requests import StopCapture
from edge.core.settings import Settings

#: How long (s) the stop button's warning holds.
SURE_S = 5.0

#: What stands in the record when the button, and not the screen, lets a poor capture pass.
BUTTON_REASON = "attempts used up (button)"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the recording must know of the rest of the booth."""

    refusal: Refusal | None = None
    """Why no new applicant may be taken in."""
    no_record: Refusal | None = None
    """Why no recording may begin now."""
    linked: bool = False
    """Whether the coordinator is connected, so that the centre may still answer."""
    officer: str = ""


def step(
    state: State, event: Event, now: float, settings: Settings, around: Surroundings
) -> tuple[State, list[Command]]:
    """What a fact means for the recordings."""
    if state.busy is not None and now >= state.busy.until:
        busy = state.busy
        state, commands = capturing.failed(state, "the device did not answer in time")
        more, rest = step(state, event, now, settings, around)
        return more, [Ask(busy.device, StopCapture()), *commands, *rest]
    match event:
        case Started():
            return _resume(state, settings)
        case DocumentScanned(text=text) if settings.desk is None:
            return scanned(state, text, now, settings, around)
        case ButtonPressed(button=button):
            return _pressed(state, button, now, settings, around)
        case CaptureSealed(transaction=name) if state.busy is not None and name == state.busy.transaction:
            return capturing.sealed(state, event, settings)
        case CaptureFailed(transaction=name) if state.busy is not None and name == state.busy.transaction:
            return capturing.failed(state, event.error, event.remedy)
        case PacketAssembled():
            return _assembled(state, event)
        case PacketSpoiled():
            return _spoiled(state, event)
    return state, []


def act(state: State, action: Action, now: float, settings: Settings, around: Surroundings) -> Step | None:
    """What an officer asks of the recordings; None: it is not about them."""
    match action:
        case Begin(enrolment=enrolment, reason=reason):
            return begin(state, enrolment, reason, now, settings, around)
        case Capture():
            return capturing.capture(state, now, settings)
        case StopTrying():
            return _stop_trying(state)
        case AcceptPoor(reason=reason):
            return capturing.accept_poor(state, reason, around.officer, settings)
        case NoteException() | WithdrawException():
            return capturing.note(state, action, around.officer, settings)
        case CancelRecording(reason=reason):
            return cancel(state, reason)
    return None


def next_wakeup(state: State) -> float | None:
    """When the capture under way has taken too long."""
    return state.busy.until if state.busy is not None else None


def _resume(state: State, settings: Settings) -> tuple[State, list[Command]]:
    """Assembling is begun again; a recording waits for the officer, unless a new configuration asks for no more."""
    row = recording(state)
    if row is not None and present(row, settings) is None:
        state = _put(state, replace(row, stage=Stage.ASSEMBLING))
    return state, [capturing.assemble(one) for one in enrolments(state) if one.stage is Stage.ASSEMBLING]


def scanned(
    state: State, text: str, now: float, settings: Settings, around: Surroundings
) -> tuple[State, list[Command]]:
    """A family card where no tickets are given: it is taken in, or refused with the reason."""
    state, commands, refusal = open_for(state, text, "", now, settings, around)
    if refusal is not None:
        return state, [Publish(DocumentRefused(reason=str(refusal)[:500])), Sound(Tone.REFUSE)]
    return state, [*commands, Sound(Tone.ACCEPT)]


def open_for(state: State, text: str, ticket: str, now: float, settings: Settings, around: Surroundings) -> Step:
    """Take an applicant in by the text of a family card. The row it makes is the newest of `enrolments`."""
    card = documents.read(text)
    rows = enrolments(state)
    if isinstance(card, Refusal):
        return state, [], card
    if around.refusal is not None:
        return state, [], around.refusal
    if settings.desk is None and around.no_record is not None:
        return state, [], around.no_record
    if any(row.nik == card.nik and row.stage is not Stage.ASSEMBLING for row in rows):
        return state, [], refuse("already-here", end=card.nik[-4:])
    if settings.desk is None and waiting(state) >= settings.waiting_limit:
        return state, [], refuse("bench-full", limit=settings.waiting_limit)
    counter = state.saved.get("counter")
    number = (counter.opened if isinstance(counter, Counter) else 0) + 1
    row = Enrolment(f"{settings.epoch}-{number}", number, card.nik, card.kk, ticket=ticket)
    saved = {**state.saved, "counter": Counter(number), f"enrolment/{row.id}": row}
    opened = {**state.opened_at, row.id: now}
    told = Publish(EnrolmentOpened(enrolment=row.id, nik=row.nik, kk=row.kk))
    return replace(state, saved=saved, opened_at=opened), [told], None


def may_begin(
    state: State, row: Enrolment, reason: str, now: float, settings: Settings, around: Surroundings
) -> Refusal | None:
    """Why the recording of an enrolment may not begin now; None when it may."""
    other = recording(state)
    if row.stage is not Stage.WAITING or other is not None:
        return refuse("another-recording")
    if around.refusal is not None or around.no_record is not None:
        return around.refusal or around.no_record
    if row.standing is Standing.ENROLLED:
        return refuse("enrolled")
    if row.standing is Standing.DUPLICATE:
        return refuse("duplicate", why=row.standing_reason or "-")
    if row.standing is Standing.UNKNOWN and not reason.strip():
        return refuse("unknown-nik")
    asked = state.opened_at.get(row.id)
    hoped = asked is not None and now < asked + settings.nik_wait_s
    if settings.desk is not None and row.standing is Standing.UNASKED and around.linked and hoped:
        return refuse("nik-waits")
    return None


def begin(state: State, enrolment: str, reason: str, now: float, settings: Settings, around: Surroundings) -> Step:
    """Begin the recording, with what is known of the NIK in the record."""
    row = find(state, enrolment)
    if row is None:
        return state, [], refuse("no-enrolment")
    refusal = may_begin(state, row, reason, now, settings, around)
    if refusal is not None:
        return state, [], refusal
    state = _put(state, replace(row, stage=Stage.RECORDING))
    told = NikChecked(enrolment=row.id, standing=row.standing, officer=around.officer, reason=reason.strip()[:500])
    return state, [Publish(EnrolmentStarted(enrolment=row.id)), Publish(told)], None


def answered(state: State, body: NikAnswerCommand) -> tuple[State, str]:
    """What the centre says of a NIK. A recording that has begun goes on: the coordinator checks before it encodes."""
    row = find(state, body.enrolment)
    if row is None:
        return state, ""
    return _put(state, replace(row, standing=body.standing, standing_reason=body.reason)), ""


def cancel(state: State, reason: str) -> Step:
    """End the recording under way for good."""
    row = recording(state)
    if row is None:
        return state, [], refuse("not-recording")
    if not reason.strip():
        return state, [], refuse("needs-reason")
    stops: list[Command] = []
    if state.busy is not None:
        stops = [Ask(state.busy.device, StopCapture())]
    told = Publish(EnrolmentCancelled(enrolment=row.id, reason=reason.strip()[:500]))
    state = replace(_drop(state, row), busy=None, trouble=None)
    return state, [told, *stops, *drops(row), Sound(Tone.ACCEPT)], None


def withdraw(state: State, enrolment: str, reason: str) -> tuple[State, list[Command]]:
    """An applicant goes before the recording has begun. Of any other enrolment nothing changes."""
    row = find(state, enrolment)
    if row is None or row.stage is not Stage.WAITING:
        return state, []
    told = Publish(EnrolmentCancelled(enrolment=row.id, reason=reason[:500]))
    return _drop(state, row), [told, *drops(row)]


def drops(row: Enrolment) -> list[Command]:
    """Forget all captures of an enrolment."""
    names = [taken.name for taken in (*row.done, *row.tries)] + list(row.spare)
    return [DropBlob(f"{row.id}/{name}") for name in dict.fromkeys(names)]


def _pressed(
    state: State, button: Button, now: float, settings: Settings, around: Surroundings
) -> tuple[State, list[Command]]:
    """The booth's own buttons, which have no words: what they can mean now."""
    row = recording(state)
    if button is Button.STOP:
        state, commands, refusal = _stop_trying(state)
        if refusal is not None and row is not None and now >= state.sure_until:
            # The button cannot ask "really?": it warns, and wants a second press.
            return replace(state, sure_until=now + SURE_S), [Sound(Tone.ALARM)]
        if refusal is not None:
            state, commands, refusal = cancel(state, "stopped by the officer")
    elif row is None and button is Button.START and settings.desk is None:
        first = next((one for one in enrolments(state) if one.stage is Stage.WAITING), None)
        state, commands, refusal = (
            start(state, first.id, now, settings, around) if first else (state, [], refuse("no-one-waiting"))
        )
    elif row is None or state.busy is not None:
        return state, []
    elif capturing.used_up(row, settings) and button is not Button.RETRY:
        state, commands, refusal = capturing.accept_poor(state, BUTTON_REASON, around.officer, settings)
    else:
        state, commands, refusal = capturing.capture(state, now, settings)
    return state, [*commands, *([Sound(Tone.REFUSE)] if refusal is not None else [])]


def start(state: State, enrolment: str, now: float, settings: Settings, around: Surroundings) -> Step:
    """Begin the recording and its first capture."""
    state, commands, refusal = begin(state, enrolment, "", now, settings, around)
    if refusal is not None:
        return state, commands, refusal
    state, more, _ = capturing.capture(state, now, settings)
    return state, [*commands, *more], None


def _stop_trying(state: State) -> Step:
    if state.busy is None:
        return state, [], refuse("not-capturing")
    device = state.busy.device
    state, commands = capturing.failed(state, "stopped by the officer")
    return state, [Ask(device, StopCapture()), *commands], None


def _assembled(state: State, event: PacketAssembled) -> tuple[State, list[Command]]:
    row = find(state, event.enrolment)
    if row is None or row.stage is not Stage.ASSEMBLING:
        return state, []
    size = len(event.data)
    told = EnrolmentCompleted(enrolment=row.id, packet=event.packet, size=size, parts=count(size), sha256=event.sha256)
    return _drop(state, row), [Publish(told), *drops(row)]


def _spoiled(state: State, event: PacketSpoiled) -> tuple[State, list[Command]]:
    """The disk has damaged captures: the applicant is recorded again where it is needed, and nowhere else."""
    row = find(state, event.enrolment)
    if row is None or row.stage is not Stage.ASSEMBLING:
        return state, []
    lost = [taken for taken in row.done if taken.name in event.names]
    kept = tuple(taken for taken in row.done if taken.name not in event.names)
    # The officer's next applicant may be under way: then this one waits for its turn.
    stage = Stage.WAITING if recording(state) is not None else Stage.RECORDING
    told: list[Command] = [capturing.lost(row, taken.modality, event.reason) for taken in lost]
    gone: list[Command] = [DropBlob(f"{row.id}/{taken.name}") for taken in lost]
    # Tries go on counting, so that a new capture never bears the name of the lost one.
    attempt = max((taken.attempt for taken in lost), default=0)
    row = replace(row, stage=stage, done=kept, tries=(), attempt=attempt)
    return _put(state, row), [*told, *gone, Sound(Tone.ALARM)]


def _put(state: State, row: Enrolment) -> State:
    return replace(state, saved={**state.saved, f"enrolment/{row.id}": row})


def _drop(state: State, row: Enrolment) -> State:
    key = f"enrolment/{row.id}"
    return replace(state, saved={name: one for name, one in state.saved.items() if name != key})
