"""Recording of applicants: from the scanned family card to the assembled packet.

An enrolment is `waiting -> recording -> assembling`, then it is a packet. Every finished modality is committed: after
a power cut the recording goes on at the next one. The number of a try is committed before the device is asked, so that
a late answer of an earlier try is never taken for the present one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from contract.messages import (
    AttemptMade,
    DocumentRefused,
    EnrolmentCancelled,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    Modality,
)
from contract.packet import CaptureEntry, count, entry_of, transaction
from edge.core import documents
from edge.core.commands import Ask, AssemblePacket, Command, DropBlob, KeepBlob, Publish, Sound, Tone
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
from edge.core.requests import StartCapture, StopCapture
from edge.core.settings import Settings


class Stage(StrEnum):
    """Where an enrolment is at the booth."""

    WAITING = "waiting"
    RECORDING = "recording"
    ASSEMBLING = "assembling"


@dataclass(frozen=True, slots=True)
class Taken:
    """One sealed capture; its bytes are the blob `<enrolment>/<name>`."""

    name: str
    modality: Modality
    attempt: int
    quality: dict[str, float]
    sha256: str

    @property
    def worst(self) -> float:
        """Quality of the worst sample: each finger is judged by itself."""
        return min(self.quality.values(), default=0.0)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One applicant. `tries` are the captures of the present modality that stayed below its threshold."""

    id: str
    order: int
    nik: str
    kk: str
    stage: Stage = Stage.WAITING
    done: tuple[Taken, ...] = ()
    tries: tuple[Taken, ...] = ()
    attempt: int = 0
    """Number of the last try of the present modality that was begun."""


@dataclass(frozen=True, slots=True)
class Counter:
    """How many enrolments this booth has opened since its database was made."""

    opened: int = 0


@dataclass(frozen=True, slots=True)
class Busy:
    """A capture under way; a device that has not answered by `until` has failed."""

    enrolment: str
    modality: Modality
    device: str
    transaction: str
    until: float


@dataclass(frozen=True, slots=True)
class State:
    """Rows `enrolment/<id>` and `counter`, and the capture under way."""

    saved: Mapping[str, Enrolment | Counter] = field(default_factory=dict)
    busy: Busy | None = None


def step(state: State, event: Event, now: float, settings: Settings, refusal: str) -> tuple[State, list[Command]]:
    """`refusal`: why no recording may begin now; empty when it may."""
    if state.busy is not None and now >= state.busy.until:
        busy = state.busy
        state, commands = _failed(state, "the device did not answer in time")
        more, rest = step(state, event, now, settings, refusal)
        return more, [Ask(busy.device, StopCapture()), *commands, *rest]
    match event:
        case Started():
            return _resume(state, settings)
        case DocumentScanned(text=text):
            return _scanned(state, text, settings, refusal)
        case ButtonPressed(button=Button.START):
            return _start(state, now, settings, refusal)
        case ButtonPressed(button=Button.NEXT | Button.RETRY):
            return _go_on(state, now, settings)
        case ButtonPressed(button=Button.STOP):
            return _stop(state)
        case CaptureSealed(transaction=name) if state.busy is not None and name == state.busy.transaction:
            return _sealed(state, event, settings)
        case CaptureFailed(transaction=name) if state.busy is not None and name == state.busy.transaction:
            return _failed(state, f"{event.error}: {event.remedy}" if event.remedy else event.error)
        case PacketAssembled():
            return _assembled(state, event)
        case PacketSpoiled():
            return _spoiled(state, event)
    return state, []


def next_wakeup(state: State) -> float | None:
    """When the capture under way has taken too long."""
    return state.busy.until if state.busy is not None else None


def enrolments(state: State) -> list[Enrolment]:
    """All applicants at the booth, in the order of their scanning."""
    return sorted((row for row in state.saved.values() if isinstance(row, Enrolment)), key=lambda row: row.order)


def recording(state: State) -> Enrolment | None:
    """The applicant whose recording has begun."""
    return next((row for row in enrolments(state) if row.stage is Stage.RECORDING), None)


def waiting(state: State) -> int:
    """Applicants whose recording has not begun."""
    return sum(row.stage is Stage.WAITING for row in enrolments(state))


def present(row: Enrolment, settings: Settings) -> Modality:
    """The modality that is recorded next."""
    return next(m for m in settings.order if all(taken.modality is not m for taken in row.done))


def _resume(state: State, settings: Settings) -> tuple[State, list[Command]]:
    """Assembling is begun again; a recording waits for the officer, unless a new configuration asks for no more."""
    row = recording(state)
    if row is not None and {taken.modality for taken in row.done} >= set(settings.order):
        state = _put(state, replace(row, stage=Stage.ASSEMBLING))
    return state, [_assemble(one) for one in enrolments(state) if one.stage is Stage.ASSEMBLING]


def _scanned(state: State, text: str, settings: Settings, refusal: str) -> tuple[State, list[Command]]:
    card = documents.read(text)
    rows = enrolments(state)
    if isinstance(card, str):
        reason = card
    elif refusal:
        reason = refusal
    elif any(row.nik == card.nik and row.stage is not Stage.ASSEMBLING for row in rows):
        reason = f"the NIK ending in {card.nik[-4:]} is already waiting at this booth"
    elif waiting(state) >= settings.waiting_limit:
        reason = f"{settings.waiting_limit} applicants are waiting already"
    else:
        counter = state.saved.get("counter")
        number = (counter.opened if isinstance(counter, Counter) else 0) + 1
        row = Enrolment(f"{settings.epoch}-{number}", number, card.nik, card.kk)
        state = replace(state, saved={**state.saved, "counter": Counter(number), f"enrolment/{row.id}": row})
        opened = EnrolmentOpened(enrolment=row.id, nik=row.nik, kk=row.kk)
        return state, [Publish(opened), Sound(Tone.ACCEPT)]
    return state, [Publish(DocumentRefused(reason=reason)), Sound(Tone.REFUSE)]


def _start(state: State, now: float, settings: Settings, refusal: str) -> tuple[State, list[Command]]:
    if recording(state) is not None:
        return _go_on(state, now, settings)
    row = next((row for row in enrolments(state) if row.stage is Stage.WAITING), None)
    if row is None or refusal:
        return state, [Sound(Tone.REFUSE)]
    state = _put(state, replace(row, stage=Stage.RECORDING))
    state, commands = _go_on(state, now, settings)
    return state, [Publish(EnrolmentStarted(enrolment=row.id)), *commands]


def _go_on(state: State, now: float, settings: Settings) -> tuple[State, list[Command]]:
    row = recording(state)
    if row is None or state.busy is not None:
        return state, []
    modality = present(row, settings)
    row = replace(row, attempt=row.attempt + 1)
    name = transaction(row.id, f"{modality.value}.{row.attempt}")
    device = settings.capture_devices[modality]
    busy = Busy(row.id, modality, device, name, now + settings.capture_s + settings.capture_grace_s)
    request = StartCapture(modality, name, settings.capture_s, settings.thresholds[modality])
    return replace(_put(state, row), busy=busy), [Ask(device, request)]


def _stop(state: State) -> tuple[State, list[Command]]:
    if state.busy is not None:
        device = state.busy.device
        state, commands = _failed(state, "stopped by the officer")
        return state, [Ask(device, StopCapture()), *commands]
    row = recording(state)
    if row is None:
        return state, [Sound(Tone.REFUSE)]
    drops: list[Command] = [DropBlob(f"{row.id}/{taken.name}") for taken in (*row.done, *row.tries)]
    told = EnrolmentCancelled(enrolment=row.id, reason="stopped by the officer")
    return _drop(state, row), [Publish(told), *drops, Sound(Tone.ACCEPT)]


def _sealed(state: State, event: CaptureSealed, settings: Settings) -> tuple[State, list[Command]]:
    row = recording(state)
    if row is None:
        return replace(state, busy=None), []
    _, name = entry_of(event.transaction)
    taken = Taken(name, event.modality, row.attempt, event.quality, event.sha256)
    threshold = settings.thresholds[event.modality]
    good = bool(taken.quality) and taken.worst >= threshold
    tries = (*row.tries, taken)
    reason = "" if good else _too_low(taken, threshold)
    commands: list[Command] = [
        KeepBlob(f"{row.id}/{name}", event.sealed),
        Publish(_attempt(row, event.modality, good, taken.quality, reason)),
    ]
    if good or len(tries) >= settings.attempts:
        best = max(tries, key=lambda one: (one.worst, one.attempt))
        commands += [DropBlob(f"{row.id}/{one.name}") for one in tries if one is not best]
        row = replace(row, done=(*row.done, best), tries=(), attempt=0)
    else:
        row = replace(row, tries=tries)
    if {one.modality for one in row.done} >= set(settings.order):
        row = replace(row, stage=Stage.ASSEMBLING)
        commands.append(_assemble(row))
    commands.append(Sound(Tone.ACCEPT if good else Tone.REFUSE))
    return replace(_put(state, row), busy=None), commands


def _failed(state: State, reason: str) -> tuple[State, list[Command]]:
    busy = state.busy
    row = recording(state)
    state = replace(state, busy=None)
    if row is None or busy is None:
        return state, []
    return state, [Publish(_attempt(row, busy.modality, False, {}, reason)), Sound(Tone.REFUSE)]


def _assembled(state: State, event: PacketAssembled) -> tuple[State, list[Command]]:
    row = state.saved.get(f"enrolment/{event.enrolment}")
    if not isinstance(row, Enrolment) or row.stage is not Stage.ASSEMBLING:
        return state, []
    drops: list[Command] = [DropBlob(f"{row.id}/{taken.name}") for taken in row.done]
    size = len(event.data)
    told = EnrolmentCompleted(enrolment=row.id, packet=event.packet, size=size, parts=count(size), sha256=event.sha256)
    return _drop(state, row), [Publish(told), *drops]


def _spoiled(state: State, event: PacketSpoiled) -> tuple[State, list[Command]]:
    """The disk has damaged captures: the applicant is recorded again where it is needed, and nowhere else."""
    row = state.saved.get(f"enrolment/{event.enrolment}")
    if not isinstance(row, Enrolment) or row.stage is not Stage.ASSEMBLING:
        return state, []
    lost = [taken for taken in row.done if taken.name in event.names]
    kept = tuple(taken for taken in row.done if taken.name not in event.names)
    # The officer's next applicant may be under way: then this one waits for its turn.
    stage = Stage.WAITING if recording(state) is not None else Stage.RECORDING
    told: list[Command] = [Publish(_attempt(row, taken.modality, False, {}, event.reason)) for taken in lost]
    drops: list[Command] = [DropBlob(f"{row.id}/{taken.name}") for taken in lost]
    # Tries go on counting, so that a new capture never bears the name of the lost one.
    attempt = max((taken.attempt for taken in lost), default=0)
    row = replace(row, stage=stage, done=kept, tries=(), attempt=attempt)
    return _put(state, row), [*told, *drops, Sound(Tone.ALARM)]


def _assemble(row: Enrolment) -> AssemblePacket:
    entries = tuple(
        CaptureEntry(name=one.name, modality=one.modality, attempt=one.attempt, quality=one.quality, sha256=one.sha256)
        for one in row.done
    )
    return AssemblePacket(row.id, row.id, row.nik, row.kk, entries)


def _attempt(row: Enrolment, modality: Modality, good: bool, quality: dict[str, float], reason: str) -> AttemptMade:
    return AttemptMade(
        enrolment=row.id,
        modality=modality,
        attempt=max(1, row.attempt),
        accepted=good,
        quality=quality,
        reason=reason[:500],
    )


def _too_low(taken: Taken, threshold: int) -> str:
    low = [f"{subtype} {quality:g}" for subtype, quality in taken.quality.items() if quality < threshold]
    return f"below {threshold}: {', '.join(low)}" if low else "no sample was delivered"


def _put(state: State, row: Enrolment) -> State:
    return replace(state, saved={**state.saved, f"enrolment/{row.id}": row})


def _drop(state: State, row: Enrolment) -> State:
    key = f"enrolment/{row.id}"
    return replace(state, saved={name: one for name, one in state.saved.items() if name != key})
