"""What the public and the technicians see of a booth's queue is what the booth told, in whatever order it came."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from central.adapters.views import StoreViews
from central.core.views_desk import BoardView, TicketStatusView
from contract.desk import (
    CardHanded,
    PaperState,
    Precedence,
    QueueFigures,
    Service,
    TicketIssued,
    TicketLinked,
    TicketMoved,
    TicketPaper,
    TicketState,
)
from contract.messages import (
    DeviceState,
    EnrolmentOpened,
    EnrolmentStarted,
    Message,
    PrintChanged,
    PrintState,
    Supply,
    SupplyChanged,
)
from tests.unit.central.booth import KK, NIK, START, Booth, World

TODAY = "2026-03-02"
NAME = "aaaaaaaaaaaa-1"


def issued(ticket: str = "t-27", number: str = "A-027", service: Service = Service.NEW) -> TicketIssued:
    return TicketIssued(
        ticket=ticket, number=number, day=TODAY, service=service, precedence=Precedence.ELDERLY, wait_s=1500.0,
        wait_low_s=900.0, wait_high_s=2400.0,
    )  # fmt: skip


def called(ticket: str = "t-27", calls: int = 1) -> TicketMoved:
    return TicketMoved(ticket=ticket, state=TicketState.CALLED, place="3", calls=calls, waited_s=1300.0)


def ticket(views: StoreViews, name: str = "t-27") -> TicketStatusView:
    found = views.ticket(name)
    assert found is not None
    return found


def board(views: StoreViews, booth: str = "b1") -> BoardView:
    (found,) = views.board(booth)
    return found


def tell(world: World, booth: Booth, *bodies: Message) -> None:
    for body in bodies:
        world.pass_time(10.0)
        world.give(booth.event(body, at=world.wall))


def minutes(after: float) -> datetime:
    return START + timedelta(minutes=after)


def test_a_ticket_is_seen_from_its_number_to_the_call(world: World, booth: Booth, views: StoreViews) -> None:
    tell(world, booth, issued())
    found = ticket(views)
    assert (found.number, found.service, found.precedence) == ("A-027", Service.NEW, Precedence.ELDERLY)
    assert (found.state, found.wait_s, found.wait_high_s, found.called) == (TicketState.WAITING, 1500.0, 2400.0, None)
    assert found.paper is PaperState.NONE and found.enrolment is None
    tell(world, booth, TicketPaper(ticket="t-27", state=PaperState.UNCERTAIN), called(), called(calls=2))
    found = ticket(views)
    assert (found.state, found.place, found.calls) == (TicketState.CALLED, "3", 2)
    assert found.called == found.changed == world.wall and found.paper is PaperState.UNCERTAIN
    tell(world, booth, TicketMoved(ticket="t-27", state=TicketState.PRESENT, calls=2))
    assert (ticket(views).state, ticket(views).place) == (TicketState.PRESENT, "3")


def test_a_ticket_that_nobody_told_of_is_not_known(world: World, booth: Booth, views: StoreViews) -> None:
    assert views.ticket("t-27") is None
    tell(world, booth, called())
    assert views.ticket("t-27") is None


def test_the_way_of_a_card_is_seen_until_it_is_in_the_hand(world: World, booth: Booth, views: StoreViews) -> None:
    opened = EnrolmentOpened(enrolment=NAME, nik=NIK, kk=KK)
    tell(world, booth, issued(), opened, TicketLinked(ticket="t-27", enrolment=NAME), EnrolmentStarted(enrolment=NAME))
    assert (ticket(views).enrolment, ticket(views).encoding, ticket(views).print) == ("started", None, None)
    world.give(booth.hello(), booth.printer("fault"))
    world.ready(booth, NAME)
    found = ticket(views)
    assert (found.enrolment, found.encoding, found.encoding_ready) == ("completed", "PRINT_READY_RECORD", world.wall)
    assert (found.print, found.expected) == ("pending-held", None) and "needs a person" in found.print_why
    world.give(booth.printer("ok"))
    found = ticket(views)
    assert found.print == "processing" and found.expected is not None and found.expected > world.wall
    tell(world, booth, PrintChanged(job=f"job-{NAME}", attempt=1, state=PrintState.PRINTED))
    assert (ticket(views).print, ticket(views).printed, ticket(views).handed) == ("completed", world.wall, None)
    tell(world, booth, CardHanded(enrolment=NAME, to="holder", officer="siti"))
    assert ticket(views).handed == ticket(views).changed == world.wall
    (job,) = views.print_jobs("completed")
    seen = views.booth("b1")
    assert job.handed == world.wall and seen is not None and seen.queue is not None and seen.queue.handed == 1


def test_the_board_shows_the_last_calls_and_who_waits(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.hello(), booth.event(SupplyChanged(supply=Supply.ON_BATTERY, mains_contact=False)))
    for number in range(1, 10):
        tell(world, booth, issued(f"t-{number}", f"A-{number:03}"))
    tell(world, booth, issued("t-p", "E-001", Service.PICKUP))
    figures = {Service.NEW: 1800.0, Service.LOST: 300.0}
    tell(world, booth, QueueFigures(waiting={Service.NEW: 9, Service.LOST: 0}, wait_s=figures, wait_high_s=figures))
    for number in range(1, 8):
        tell(world, booth, called(f"t-{number}"))
    tell(world, booth, TicketMoved(ticket="t-6", state=TicketState.SKIPPED, calls=1), called("t-2", calls=2))
    seen = board(views)
    assert [(call.number, call.state) for call in seen.called] == [
        ("A-002", TicketState.CALLED),
        ("A-007", TicketState.CALLED),
        ("A-006", TicketState.SKIPPED),
        ("A-005", TicketState.CALLED),
        ("A-004", TicketState.CALLED),
        ("A-003", TicketState.CALLED),
    ]
    assert seen.waiting == {Service.NEW: 2, Service.LOST: 0, Service.PICKUP: 1}
    assert (seen.wait_s, seen.wait_high_s, seen.open, seen.note) == (figures, figures, True, "")
    assert (seen.online, seen.supply, seen.told_at) == (True, Supply.ON_BATTERY, world.wall)
    booth_view = views.booth("b1")
    assert booth_view is not None and booth_view.queue is not None
    counted = booth_view.queue
    assert (counted.waiting, counted.called, counted.present, counted.given) == (3, 6, 0, 10)


def test_a_new_day_begins_with_an_empty_board(world: World, booth: Booth, views: StoreViews) -> None:
    tell(world, booth, issued(), called(), QueueFigures(waiting={Service.NEW: 0}, open=False, note="closed"))
    assert board(views).open is False and board(views).note == "closed"
    world.pass_time(86_400.0)
    seen = board(views)
    assert (seen.called, seen.waiting, seen.open, seen.told_at) == ((), {}, None, None)


def test_only_booths_that_give_numbers_are_on_the_common_board(world: World, booth: Booth, views: StoreViews) -> None:
    assert views.board() == ()
    tell(world, booth, issued())
    assert [seen.booth for seen in views.board()] == ["b1"]
    assert [seen.booth for seen in views.board("b2")] == ["b2"] and views.board("b9") == ()


def test_what_comes_twice_or_late_does_not_turn_the_board_back(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(issued(), at=minutes(0)))
    lost = booth.event(called(), at=minutes(1))
    paper = booth.event(TicketPaper(ticket="t-27", state=PaperState.PRINTING), at=minutes(1))
    world.give(
        booth.event(TicketMoved(ticket="t-27", state=TicketState.PRESENT, calls=1), at=minutes(2)),
        booth.event(TicketPaper(ticket="t-27", state=PaperState.PRINTED), at=minutes(2)),
        booth.hello(first=4),
    )
    assert ticket(views).state is TicketState.PRESENT
    world.give(lost, paper, booth.again(1), booth.again(4))
    found = ticket(views)
    assert (found.state, found.paper) == (TicketState.PRESENT, PaperState.PRINTED)


def test_a_number_whose_later_words_came_first_is_whole_when_it_is_told(
    world: World, booth: Booth, views: StoreViews
) -> None:
    first, second, linked = (
        booth.event(body, at=minutes(at))
        for at, body in enumerate((issued(), called(), TicketLinked(ticket="t-27", enrolment=NAME)))
    )
    world.give(linked, second, booth.hello(first=2))
    world.give(first)
    found = ticket(views)
    assert (found.number, found.state, found.place) == ("A-027", TicketState.CALLED, "3")


def test_a_booth_that_lost_its_memory_calls_nobody_any_more(world: World, booth: Booth, views: StoreViews) -> None:
    tell(world, booth, issued(), called(), issued("t-28", "A-028"))
    tell(world, booth, TicketMoved(ticket="t-28", state=TicketState.DONE))
    world.give(Booth(epoch="bbbbbbbbbbbb").hello())
    assert ticket(views).state is TicketState.CLOSED and ticket(views, "t-28").state is TicketState.DONE
    assert board(views).waiting == {}


def test_two_booths_with_tickets_of_the_same_name_do_not_mix(world: World, booth: Booth, views: StoreViews) -> None:
    other = Booth("b2", epoch="cccccccccccc")
    tell(world, booth, issued())
    tell(world, other, issued(number="A-001"), called())
    assert ticket(views).number == "A-027" and ticket(views).state is TicketState.WAITING
    assert board(views).called == () and [call.number for call in board(views, "b2").called] == ["A-001"]


@pytest.mark.parametrize("cards", [0, 1, 3])
def test_the_time_of_the_card_is_learned_from_the_printer_itself(
    world: World, booth: Booth, views: StoreViews, cards: int
) -> None:
    world.give(booth.hello(), booth.printer(DeviceState.OK))
    for number in range(10, 10 + cards):
        name = f"aaaaaaaaaaaa-{number}"
        world.ready(booth, name)
        world.pass_time(40.0)
        world.give(booth.event(PrintChanged(job=f"job-{name}", attempt=1, state=PrintState.PRINTED), at=world.wall))
    tell(world, booth, issued(), TicketLinked(ticket="t-27", enrolment=NAME))
    world.ready(booth, NAME)
    expected = ticket(views).expected
    assert expected is not None
    assert (expected - world.wall).total_seconds() == pytest.approx(40.0 if cards else 90.0)
