"""Calling numbers: next, again, skipped, back, served; at most so many in the recording area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contract.desk import Precedence, Service, TicketMoved, TicketState
from edge.core.actions import Desk
from edge.core.commands import Announce, Command, Publish
from edge.core.refusals import Refusal, refuse
from edge.core.settings import DeskSettings
from edge.core.tickets import State, Ticket, day_of, find, inside, put, queue, tickets, unix

Step = tuple[State, list[Command], Refusal | None]


def call_next(state: State, desk: Desk, service: Service | None, officer: str, now: float, given: DeskSettings) -> Step:
    """Call the next one of a desk; the recording area has its limit, a counter serves one at a time."""
    waiting = queue(state, desk, given, service)
    if not waiting:
        return state, [], refuse("no-one-waiting")
    if desk is Desk.RECORDING and len(inside(state, desk)) >= given.area:
        return state, [], refuse("area-full", limit=given.area)
    row = waiting[0]
    if not row.ahead:
        day = day_of(state)
        run = day.run.get(desk, 0) + 1 if row.precedence is not Precedence.NONE else 0
        state = put(state, replace(day, run={**day.run, desk: run}))
    return call(state, row, officer, now, given)


def call(state: State, row: Ticket, officer: str, now: float, given: DeskSettings, reason: str = "") -> Step:
    """Call one number: committed before it is heard."""
    at = unix(state, now)
    first = row.first_call_at is None
    row = replace(
        row,
        state=TicketState.CALLED,
        calls=row.calls + 1,
        place=given.places[row.desk],
        first_call_at=at if first else row.first_call_at,
        called_at=at,
        ahead=False,
    )
    waited = max(0.0, at - row.issued_at) if first else None
    return put(state, row), [_moved(row, officer, reason, waited), announce(row)], None


def announce(row: Ticket) -> Announce:
    """The loudspeaker's call."""
    return Announce(f"{row.id}.{row.calls}", row.number, row.place)


def recall(state: State, ticket: str, officer: str, now: float, given: DeskSettings) -> Step:
    """Call a called number again."""
    return _from(state, ticket, (TicketState.CALLED,), lambda row: call(state, row, officer, now, given, "again"))


def arrive(state: State, ticket: str, officer: str) -> Step:
    """The called applicant is here."""
    return _moves(state, ticket, (TicketState.CALLED,), TicketState.PRESENT, officer)


def skip(state: State, ticket: str, officer: str) -> Step:
    """The called applicant did not come: kept, and called again when it returns."""
    return _moves(state, ticket, (TicketState.CALLED, TicketState.WAITING), TicketState.SKIPPED, officer)


def back(state: State, ticket: str, officer: str) -> Step:
    """A skipped applicant has come after all, or a called one must wait again: next in turn."""
    known = (TicketState.SKIPPED, TicketState.CALLED, TicketState.PRESENT)
    return _moves(state, ticket, known, TicketState.WAITING, officer, ahead=True)


def end(state: State, ticket: str, to: TicketState, officer: str, reason: str, now: float) -> Step:
    """Served, or gone."""
    known: tuple[TicketState, ...] = (TicketState.PRESENT, TicketState.CALLED)
    if to is TicketState.CLOSED:
        known += (TicketState.SKIPPED, TicketState.WAITING)
    return _moves(state, ticket, known, to, officer, reason=reason, ended_at=unix(state, now))


def again(state: State) -> list[Announce]:
    """After a power cut: whoever was called and has not come hears it again."""
    called = [row for row in tickets(state) if row.state is TicketState.CALLED]
    return [announce(row) for row in sorted(called, key=lambda row: row.called_at or 0.0)]


def _from(state: State, ticket: str, known: tuple[TicketState, ...], go: Callable[[Ticket], Step]) -> Step:
    row = find(state, ticket)
    if row is None:
        return state, [], refuse("no-ticket")
    if row.state not in known:
        return state, [], refuse("wrong-state", number=row.number, state=row.state.value)
    return go(row)


def _moves(
    state: State,
    ticket: str,
    known: tuple[TicketState, ...],
    to: TicketState,
    officer: str,
    reason: str = "",
    ahead: bool = False,
    ended_at: float | None = None,
) -> Step:
    def move(row: Ticket) -> Step:
        moved = replace(row, state=to, ahead=ahead, ended_at=ended_at)
        return put(state, moved), [_moved(moved, officer, reason, None)], None

    return _from(state, ticket, known, move)


def _moved(row: Ticket, officer: str, reason: str, waited: float | None) -> Publish:
    return Publish(
        TicketMoved(
            ticket=row.id,
            state=row.state,
            place=row.place,
            calls=row.calls,
            officer=officer,
            reason=reason[:500],
            waited_s=waited,
        )
    )
