"""One modality at a time: tries, their judgement, exceptions, and the best of all attempts.

The number of a try is committed before the device is asked, so that a late answer of an earlier try is never taken for
the present one. Every attempt is kept until the packet is put together; the best one is what is sent.
"""

from __future__ import annotations

from dataclasses import replace

from contract.desk import ExceptionNoted, ModalityClosed
from contract.messages import AttemptMade, Modality
from contract.packet import CaptureEntry, ExceptionEntry, entry_of, transaction
from edge.core.actions import NoteException, WithdrawException
from edge.core.applicant import (
    PARTS,
    Busy,
    Enrolment,
    Excepted,
    Stage,
    State,
    Taken,
    Trouble,
    attempts,
    device,
    excepted,
    good,
    limit_s,
    low,
    margin,
    parts,
    present,
    recording,
    threshold,
)
from edge.core.commands import Ask, AssemblePacket, Command, KeepBlob, Publish, Sound, Tone
from edge.core.events import CaptureSealed
from edge.core.refusals import Refusal, refuse
from edge.core.requests import StartCapture
from edge.core.settings import Settings

Step = tuple[State, list[Command], Refusal | None]


def capture(state: State, now: float, settings: Settings) -> Step:
    """Begin a try of the present modality."""
    row = recording(state)
    if row is None:
        return state, [], refuse("not-recording")
    if state.busy is not None:
        return state, [], refuse("capturing")
    modality = present(row, settings)
    if row.barred:
        return state, [], refuse("is-officer", officer=row.barred)
    if modality is None:
        return state, [], refuse("not-recording")
    if used_up(row, settings):
        return state, [], refuse("attempts-used", attempts=attempts(modality, settings))
    row = replace(row, attempt=row.attempt + 1)
    name = transaction(row.id, f"{modality.value}.{row.attempt}")
    taker, limit = device(modality, settings), limit_s(modality, settings)
    gone = tuple(part for part in PARTS.get(modality, ()) if part not in parts(row, modality))
    request = StartCapture(
        modality, name, limit, threshold(modality, settings), row.hashes.get(taker, ""), exceptions=gone
    )
    busy = Busy(row.id, modality, taker, name, now + limit + settings.capture_grace_s, now)
    return replace(_put(state, row), busy=busy, trouble=None), [Ask(taker, request)], None


def used_up(row: Enrolment, settings: Settings) -> bool:
    """Whether all attempts of the present modality were made, none of them good."""
    modality = present(row, settings)
    return modality is not None and len(row.tries) >= attempts(modality, settings)


def sealed(state: State, event: CaptureSealed, settings: Settings) -> tuple[State, list[Command]]:
    """The device delivered, and the capture is sealed."""
    row = recording(state)
    if row is None:
        return replace(state, busy=None), []
    if event.officer:
        row = replace(row, barred=event.officer)
        reason = str(refuse("is-officer", officer=event.officer))
        told = Publish(_attempt(row, event.modality, False, event.quality, reason, event.nfiq2))
        trouble = Trouble(event.modality, reason, "Cancel this recording, and let another office record this person.")
        return replace(_put(state, row), busy=None, trouble=trouble), [told, Sound(Tone.REFUSE)]
    _, name = entry_of(event.transaction)
    taken = Taken(name, event.modality, row.attempt, event.quality, event.sha256, event.nfiq2)
    fine = good(taken, settings)
    row = replace(row, tries=(*row.tries, taken), hashes=_chained(row, event))
    reason = "" if fine else too_low(taken, settings)
    commands: list[Command] = [
        KeepBlob(f"{row.id}/{name}", event.sealed),
        Publish(_attempt(row, event.modality, fine, taken.quality, reason, taken.nfiq2)),
    ]
    state = replace(_put(state, row), busy=None)
    if fine:
        state, more = close(state, row, "", "", settings)
        commands += more
    return state, [*commands, Sound(Tone.ACCEPT if fine else Tone.REFUSE)]


def _chained(row: Enrolment, event: CaptureSealed) -> dict[str, str]:
    return {**row.hashes, event.device: event.hash} if event.hash else row.hashes


def close(state: State, row: Enrolment, reason: str, officer: str, settings: Settings) -> tuple[State, list[Command]]:
    """The present modality is finished with the best of its tries. `reason`: why a poor one is accepted."""
    best = max(row.tries, key=lambda one: (margin(one, settings), one.attempt))
    best = replace(best, reason=reason)
    spare = tuple(one.name for one in row.tries if one.name != best.name)
    row = replace(row, done=(*row.done, best), tries=(), attempt=0, spare=(*row.spare, *spare))
    told = ModalityClosed(
        enrolment=row.id,
        modality=best.modality,
        attempt=best.attempt,
        accepted=not reason,
        reason=reason[:500],
        officer=officer,
    )
    return finish(replace(_put(state, row), trouble=None), row, [Publish(told)], settings)


def finish(state: State, row: Enrolment, commands: list[Command], settings: Settings) -> tuple[State, list[Command]]:
    """Put the packet together when nothing is left to record."""
    if row.stage is Stage.RECORDING and present(row, settings) is None:
        row = replace(row, stage=Stage.ASSEMBLING)
        return _put(state, row), [*commands, assemble(row)]
    return state, commands


def accept_poor(state: State, reason: str, officer: str, settings: Settings) -> Step:
    """Go on with the best of the attempts though it is poor."""
    row = recording(state)
    if row is None:
        return state, [], refuse("not-recording")
    modality = present(row, settings)
    if state.busy is not None:
        return state, [], refuse("capturing")
    if row.barred:
        return state, [], refuse("is-officer", officer=row.barred)
    if not reason.strip():
        return state, [], refuse("needs-reason")
    if modality is None or not row.tries:
        return state, [], refuse("nothing-captured")
    if not used_up(row, settings):
        most = attempts(modality, settings)
        return state, [], refuse("attempts-left", left=most - len(row.tries), attempts=most)
    state, commands = close(state, row, reason.strip(), officer, settings)
    return state, [*commands, Sound(Tone.ACCEPT)], None


def note(state: State, action: NoteException | WithdrawException, officer: str, settings: Settings) -> Step:
    """A part cannot be recorded, or can after all. Tries of its modality begin anew: they were asked otherwise."""
    row = recording(state)
    at = present(row, settings) if row is not None else None
    modality = action.modality or at
    if row is None or modality is None:
        return state, [], refuse("not-recording")
    if state.busy is not None:
        return state, [], refuse("capturing")
    if action.subtype not in PARTS.get(modality, ()) or any(taken.modality is modality for taken in row.done):
        return state, [], refuse("no-such-part", subtype=action.subtype, modality=modality.value)
    others = tuple(one for one in row.exceptions if (one.modality, one.subtype) != (modality, action.subtype))
    known = next((one for one in row.exceptions if one not in others), None)
    if isinstance(action, NoteException):
        kept = Excepted(modality, action.subtype, action.kind, action.permanent)
        row = replace(row, exceptions=(*others, kept))
    elif known is None:
        return state, [], refuse("no-such-part", subtype=action.subtype, modality=modality.value)
    else:
        kept = known
        row = replace(row, exceptions=others)
    if modality is at:
        # The attempt number goes on, so that no capture ever bears the name of another.
        row = replace(row, spare=(*row.spare, *(one.name for one in row.tries)), tries=())
    told = ExceptionNoted(
        enrolment=row.id,
        modality=modality,
        subtype=kept.subtype,
        kind=kept.kind,
        permanent=kept.permanent,
        officer=officer,
        withdrawn=isinstance(action, WithdrawException),
    )
    commands: list[Command] = [Publish(told)]
    if excepted(row, modality):
        row = replace(row, attempt=0 if modality is at else row.attempt)
        closed = ModalityClosed(enrolment=row.id, modality=modality, attempt=0, accepted=True, officer=officer)
        commands.append(Publish(closed))
    state, commands = finish(_put(state, row), row, commands, settings)
    return state, commands, None


def failed(state: State, error: str, remedy: str = "") -> tuple[State, list[Command]]:
    """The try under way brought nothing; it counts for no attempt."""
    busy = state.busy
    row = recording(state)
    state = replace(state, busy=None)
    if row is None or busy is None:
        return state, []
    reason = f"{error}: {remedy}" if remedy else error
    state = replace(state, trouble=Trouble(busy.modality, error, remedy))
    return state, [Publish(_attempt(row, busy.modality, False, {}, reason, {})), Sound(Tone.REFUSE)]


def assemble(row: Enrolment) -> AssemblePacket:
    """The packet of what was recorded, and of what could not be."""
    entries = tuple(
        CaptureEntry(
            name=one.name,
            modality=one.modality,
            attempt=one.attempt,
            quality=one.quality,
            sha256=one.sha256,
            nfiq2=one.nfiq2,
            reason=one.reason,
        )
        for one in row.done
    )
    gone = tuple(
        ExceptionEntry(modality=one.modality, subtype=one.subtype, kind=one.kind, permanent=one.permanent)
        for one in row.exceptions
    )
    return AssemblePacket(row.id, row.id, row.nik, row.kk, entries, gone)


def lost(row: Enrolment, modality: Modality, reason: str) -> Publish:
    """A finished capture was found damaged: it counts no longer."""
    return Publish(_attempt(row, modality, False, {}, reason, {}))


def too_low(taken: Taken, settings: Settings) -> str:
    """Which parts are poor, in one sentence."""
    found = low(taken, settings)
    return f"below {threshold(taken.modality, settings)}: {', '.join(found)}" if found else "no sample was delivered"


def _attempt(
    row: Enrolment, modality: Modality, fine: bool, quality: dict[str, float], reason: str, nfiq2: dict[str, int]
) -> AttemptMade:
    return AttemptMade(
        enrolment=row.id,
        modality=modality,
        attempt=max(1, row.attempt),
        accepted=fine,
        quality=quality,
        nfiq2=nfiq2,
        reason=reason[:500],
    )


def _put(state: State, row: Enrolment) -> State:
    return replace(state, saved={**state.saved, f"enrolment/{row.id}": row})
