"""Makes the picture that people at the booth are shown (`view`) from the booth's state."""

from __future__ import annotations

from typing import Final

from contract.desk import PaperState, TicketState
from contract.messages import DeviceState, Modality, Supply
from edge.core import applicant, basket, capturing, enrolment, health, outbox, power, tickets, waits
from edge.core.actions import Desk, desk_of
from edge.core.controller import State, refused, surroundings
from edge.core.settings import DeskSettings, Settings
from edge.core.view import (
    ApplicantView,
    AttemptView,
    CardView,
    DeviceView,
    PartView,
    PowerView,
    QueueView,
    RecordingView,
    SentView,
    StepView,
    TicketView,
    View,
    Wait,
)

#: Calls that the board shows.
BOARD: Final = 6
_FED: Final = frozenset({Supply.ON_MAINS, Supply.ON_GENSET, Supply.MAINS_RETURNING})


def of(state: State, now: float, version: int, booth: str, judging: bool = False, halted: bool = False) -> View:
    """The whole picture at `now`. `judging`: a capture has been delivered and is being judged."""
    settings, front = state.settings, state.front
    given = settings.desk
    return View(
        version=version,
        wall=tickets.unix(front.tickets, now),
        booth=booth,
        link=state.outbox.link is not None,
        outbox=outbox.waiting(state.outbox),
        packets=len(state.packets.saved),
        refusal=refused(state),
        power=_power(state, now),
        queue=_queue(state, given, now) if given else QueueView(),
        applicants=_applicants(state, now),
        recording=_recording(state, now, judging),
        sent=tuple(
            SentView(row.enrolment, row.number, row.nik_end, f"packet/{row.enrolment}" not in state.packets.saved)
            for row in basket.sent(front.basket)[:20]
        ),
        basket=tuple(
            CardView(row.enrolment, row.number, row.nik_end, _ago(row.printed_at, state, now))
            for row in basket.cards(front.basket)
        ),
        devices=tuple(_device(state, name, kind) for name, kind in settings.kinds.items()),
        officer=front.officers.officer,
        finger=front.officers.finger,
        desks=tuple(desk for desk in Desk if any(desk_of(one) is desk for one in given.letters)) if given else (),
        services=tuple(given.letters) if given else (),
        place=dict(given.places) if given else {},
        halted=halted,
    )


def _ago(unix: float | None, state: State, now: float) -> float | None:
    if unix is None or state.front.tickets.offset is None:
        return None
    return max(0.0, tickets.unix(state.front.tickets, now) - unix)


def _power(state: State, now: float) -> PowerView:
    plant = state.plant
    ups = power.fresh(plant.power, now, state.settings)
    blocked = state.front.waits.blocked_since
    return PowerView(
        supply=plant.supply,
        left_s=plant.left.seconds if plant.left is not None else None,
        charge_pct=ups.charge_pct if ups is not None else None,
        may_record=not plant.may_record.reason,
        no_record=plant.may_record.reason,
        may_print=not plant.may_print.reason,
        no_print=plant.may_print.reason,
        outage_s=None if plant.supply in _FED or blocked is None else max(0.0, now - blocked),
    )


def _device(state: State, name: str, kind: str) -> DeviceView:
    known = health.of(state.health, name)
    if known is None:
        return DeviceView(name, kind, DeviceState.LOST, "not heard of yet")
    return DeviceView(name, kind, known.state, known.error, known.remedy)


# --- the queue -----------------------------------------------------------------------------------------


def _queue(state: State, given: DeskSettings, now: float) -> QueueView:
    front = state.front
    queued = front.tickets
    found = waits.waits(front.waits, queued, now, given)
    day = tickets.day_of(queued)
    rows = [row for row in tickets.tickets(queued) if row.day == day.date or row.state is TicketState.PRESENT]
    by_id = {row.id: _ticket(row, state, found.get(row.id), now) for row in rows}
    places = [(place, row) for desk in Desk for place, row in enumerate(tickets.queue(queued, desk, given))]
    line = [row for _, row in sorted(places, key=lambda one: (found[one[1].id].expected_s, one[0]))]
    called = [row for row in rows if row.called_at is not None]
    called.sort(key=lambda row: (row.called_at, row.order), reverse=True)
    closed = tickets.closed(queued, now, given)
    good = waits.quality(front.waits, day.date)
    announcing = next((row.number for one in front.announcing[:1] for row in rows if one.startswith(f"{row.id}.")), "")

    def those(*states: TicketState) -> tuple[TicketView, ...]:
        return tuple(by_id[row.id] for row in called if row.state in states)

    return QueueView(
        day=day.date,
        open=closed is None,
        closed_why=closed,
        given=day.given,
        capacity=given.capacity,
        waiting=tuple(by_id[row.id] for row in line if row.id in by_id),
        called=those(TicketState.CALLED),
        present=those(TicketState.PRESENT),
        skipped=tuple(by_id[row.id] for row in rows if row.state is TicketState.SKIPPED),
        uncertain=tuple(by_id[row.id] for row in rows if _paper_open(row, given)),
        area_limit=given.area,
        area_taken=len(tickets.inside(queued, Desk.RECORDING)),
        waits={one: _wait(found[f"next/{one}"]) for one in given.letters},
        served=sum(row.state is TicketState.DONE for row in rows),
        error_median_s=good[0] if good else None,
        error_p90_s=good[1] if good else None,
        announcing=announcing,
        speaker_error=front.speaker_error,
        paper_low=queued.paper_low,
        board=tuple(by_id[row.id] for row in called[:BOARD]),
    )


def _paper_open(row: tickets.Ticket, given: DeskSettings) -> bool:
    """Whether a person should look after the paper of somebody who still waits."""
    missing = row.paper is PaperState.NONE and given.printer is not None
    return row.state in tickets.OPEN and (missing or row.paper is PaperState.UNCERTAIN)


def _wait(told: tickets.Told) -> Wait:
    return Wait(told.expected_s, told.low_s, told.high_s)


def _ticket(row: tickets.Ticket, state: State, wait: tickets.Told | None, now: float) -> TicketView:
    opened = applicant.find(state.enrolment, row.enrolment) if row.enrolment else None
    return TicketView(
        id=row.id,
        number=row.number,
        service=row.service,
        precedence=row.precedence,
        state=row.state,
        paper=row.paper,
        issued_at=row.issued_at,
        place=row.place,
        calls=row.calls,
        called_s=_ago(row.called_at, state, now),
        enrolment=row.enrolment,
        nik_end=row.nik_end,
        standing=opened.standing if opened is not None else None,
        wait=_wait(wait) if wait is not None else None,
        told=_wait(row.told) if row.told is not None else None,
    )


# --- recordings ----------------------------------------------------------------------------------------


def _number(state: State, row: applicant.Enrolment) -> str:
    ticket = tickets.find(state.front.tickets, row.ticket) if row.ticket else None
    return ticket.number if ticket is not None else ""


def _applicants(state: State, now: float) -> tuple[ApplicantView, ...]:
    around = surroundings(state, state.plant.may_record.reason, refused(state))
    found = []
    for row in applicant.enrolments(state.enrolment):
        waiting = row.stage is applicant.Stage.WAITING
        why = enrolment.may_begin(state.enrolment, row, "", now, state.settings, around) if waiting else None
        found.append(
            ApplicantView(
                enrolment=row.id,
                ticket=row.ticket,
                number=_number(state, row),
                nik_end=row.nik[-4:],
                kk_end=row.kk[-4:],
                stage=row.stage.value,
                standing=row.standing,
                standing_reason=row.standing_reason,
                may_begin=why,
            )
        )
    return tuple(found)


def _recording(state: State, now: float, judging: bool) -> RecordingView | None:
    row = applicant.recording(state.enrolment)
    if row is None:
        return None
    settings = state.settings
    modality = applicant.present(row, settings) or settings.order[-1]
    device = applicant.device(modality, settings)
    known = health.of(state.health, device)
    busy, trouble = state.enrolment.busy, state.enrolment.trouble
    most = applicant.attempts(modality, settings)
    return RecordingView(
        enrolment=row.id,
        ticket=row.ticket,
        number=_number(state, row),
        nik=row.nik,
        kk=row.kk,
        standing=row.standing,
        standing_reason=row.standing_reason,
        steps=_steps(row, modality, settings),
        modality=modality,
        device=device,
        device_state=known.state if known is not None else None,
        device_error=known.error if known is not None else "",
        device_remedy=known.remedy if known is not None else "",
        parts=_parts(row, modality, settings),
        tries=_tries(row, settings),
        attempts_left=max(0, most - len(row.tries)),
        threshold=applicant.threshold(modality, settings),
        nfiq2_threshold=settings.nfiq2.get(modality, 0),
        capturing=busy is not None,
        judging=judging and busy is not None,
        since_s=now - busy.since if busy is not None else None,
        limit_s=applicant.limit_s(modality, settings),
        error=trouble.error if trouble is not None else "",
        remedy=trouble.remedy if trouble is not None else "",
        may_accept_poor=busy is None and not row.barred and capturing.used_up(row, settings),
    )


def _steps(row: applicant.Enrolment, present: Modality, settings: Settings) -> tuple[StepView, ...]:
    order = settings.order + ((Modality.EXCEPTION_PHOTO,) if row.exceptions else ())
    done = {taken.modality: taken for taken in row.done}
    steps = []
    for modality in order:
        taken = done.get(modality)
        if taken is not None:
            steps.append(StepView(modality, "poor" if taken.reason else "done", taken.attempt))
        elif applicant.excepted(row, modality):
            steps.append(StepView(modality, "excepted"))
        elif modality is present:
            steps.append(StepView(modality, "present", len(row.tries)))
        else:
            steps.append(StepView(modality, "ahead"))
    return tuple(steps)


def _parts(row: applicant.Enrolment, modality: Modality, settings: Settings) -> tuple[PartView, ...]:
    """The parts of the present modality with the figures of the last try."""
    last = row.tries[-1] if row.tries else None
    gone = {one.subtype: one for one in row.exceptions if one.modality is modality}
    names = applicant.PARTS.get(modality) or (tuple(last.quality) if last else ("",))
    least, nfiq2 = applicant.threshold(modality, settings), settings.nfiq2.get(modality, 0)
    found = []
    for name in names:
        quality = last.quality.get(name) if last else None
        score = last.nfiq2.get(name) if last else None
        good = None if quality is None else quality >= least and (score is None or score >= nfiq2)
        missing = gone.get(name)
        found.append(
            PartView(
                subtype=name,
                quality=quality,
                nfiq2=score,
                good=good,
                exception=missing.kind if missing is not None else None,
                permanent=missing.permanent if missing is not None else False,
            )
        )
    return tuple(found)


def _tries(row: applicant.Enrolment, settings: Settings) -> tuple[AttemptView, ...]:
    best = max(row.tries, key=lambda one: (applicant.margin(one, settings), one.attempt), default=None)
    return tuple(
        AttemptView(
            number=place,
            good=applicant.good(one, settings),
            worst=one.worst,
            reason=capturing.too_low(one, settings),
            best=one is best,
        )
        for place, one in enumerate(row.tries, start=1)
    )

