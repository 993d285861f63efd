"""Numbers: never twice on a day, never lost, called in a fair order, whatever the power does."""

from __future__ import annotations

import pytest

from contract.desk import PaperState, Precedence, Service, TicketIssued, TicketMoved, TicketPaper, TicketState
from contract.messages import DocumentRefused, EnrolmentCancelled, EnrolmentOpened
from edge.core.actions import (
    Arrive,
    Begin,
    CallNext,
    Desk,
    EndTicket,
    Prefer,
    ReadCard,
    Recall,
    ReprintTicket,
    Return,
    SettlePaper,
    Skip,
    TakeTicket,
)
from edge.core.commands import Announce, Command
from edge.core.events import DeviceFault, DeviceOnline, DocumentScanned
from edge.core.events_desk import TicketButtonPressed, TicketFailed, TicketPrinted
from edge.core.requests import PrintTicket
from edge.core.settings import DeskSettings
from tests.unit.edge.core.booth import requests
from tests.unit.edge.core.desk import Office, card


@pytest.fixture
def office() -> Office:
    return Office()


def papers(commands: list[Command]) -> list[PrintTicket]:
    return requests(commands, PrintTicket)


def test_a_scanned_family_card_gives_a_number_with_the_wait_and_the_way_to_its_status(office: Office) -> None:
    (paper,) = papers(office.arrive(1))
    issued = office.heard(TicketIssued)[0]
    assert issued.number == paper.number == "A-001"
    assert issued.enrolment == office.heard(EnrolmentOpened)[0].enrolment
    assert paper.qr == f"https://loket.example/status/{issued.ticket}"
    assert any("Perkiraan" in line or "Segera" in line for line in paper.lines)
    assert "Layanan ini gratis." in paper.foot
    assert office.heard(TicketPaper)[-1].state is PaperState.PRINTED


def test_each_service_has_its_own_numbers(office: Office) -> None:
    for service in (Service.NEW, Service.LOST, Service.NEW, Service.PICKUP):
        office.see(TicketButtonPressed(service))
    assert [one.number for one in office.heard(TicketIssued)] == ["A-001", "B-001", "A-002", "E-001"]


def test_no_number_is_given_twice_over_any_power_cut(office: Office) -> None:
    for serial in range(1, 8):
        office.arrive(serial)
        office.power_cut()
        office.see(TicketButtonPressed(Service.LOST))
        office.power_cut()
    numbers = [one.number for one in office.heard(TicketIssued)]
    assert len(numbers) == 14 == len(set(numbers))


def test_a_clock_that_went_back_over_midnight_gives_no_number_twice(office: Office) -> None:
    office.arrive(1)
    office.wall += 24 * 3600
    office.pass_time(1.0)
    office.arrive(2)
    office.wall -= 24 * 3600
    office.pass_time(1.0)
    office.arrive(3)
    given = [(one.day, one.number) for one in office.heard(TicketIssued)]
    assert given == [("2026-11-24", "A-001"), ("2026-11-25", "A-001"), ("2026-11-25", "A-002")]


def test_the_next_day_begins_at_one_and_closes_what_was_left(office: Office) -> None:
    office.arrive(1)
    office.wall += 24 * 3600
    office.pass_time(1.0)
    office.arrive(2)
    assert [one.number for one in office.heard(TicketIssued)] == ["A-001", "A-001"]
    assert office.heard(TicketMoved)[-1].state is TicketState.CLOSED
    assert len({one.ticket for one in office.heard(TicketIssued)}) == 2


def test_a_paper_cut_off_by_the_power_is_uncertain_until_somebody_has_looked(office: Office) -> None:
    office.see(DocumentScanned("scanner", card(1)))
    office.power_cut()
    (open_,) = office.view.queue.uncertain
    assert open_.paper is PaperState.UNCERTAIN and open_.number == "A-001"
    assert office.ask(SettlePaper(open_.id)) is None
    assert not office.view.queue.uncertain


def test_an_uncertain_paper_is_printed_again_with_the_same_number(office: Office) -> None:
    commands = office.see(DocumentScanned("scanner", card(1)))
    (first,) = papers(commands)
    office.see(TicketFailed("tickets", first.ticket, True, "silent", "look"))
    assert office.ask(ReprintTicket(first.ticket)) is None
    (again,) = papers(office.heard_of)
    assert again == first
    office.see(TicketPrinted("tickets", first.ticket))
    assert office.heard(TicketPaper)[-1].state is PaperState.PRINTED
    assert len(office.heard(TicketIssued)) == 1


def test_without_paper_the_number_is_given_all_the_same_and_stands_on_the_screen(office: Office) -> None:
    office.see(DeviceFault("tickets", ("media-empty",), "the paper is at its end", "Put a new roll in."))
    assert not papers(office.see(TicketButtonPressed(Service.LOST)))
    (open_,) = office.view.queue.uncertain
    assert (open_.number, open_.paper) == ("B-001", PaperState.NONE)
    refusal = office.ask(ReprintTicket(open_.id))
    assert refusal is not None and refusal.code == "device-trouble" and "paper" in str(refusal)
    office.see(DeviceOnline("tickets"))
    assert office.ask(ReprintTicket(open_.id)) is None


def test_a_bad_nik_gets_no_number_but_its_reason(office: Office) -> None:
    office.see(DocumentScanned("scanner", "KK:3526010101100001;NIK:3526013213900001"))
    assert "birth date" in office.heard(DocumentRefused)[-1].reason
    assert not office.heard(TicketIssued)


def test_before_opening_after_closing_and_on_holidays_no_number_is_given() -> None:
    for hour, desk in (
        (-1.0, DeskSettings()),
        (7.0, DeskSettings()),
        (1.0, DeskSettings(holidays=frozenset({"2026-11-24"}))),
    ):
        office = Office(desk)
        office.wall += hour * 3600
        office.pass_time(1.0)
        refusal = office.ask(TakeTicket(Service.LOST))
        assert refusal is not None and refusal.code == "closed", hour
    assert refusal is not None and refusal.figures["opens"] == "2026-11-25 08.00"


def test_the_capacity_of_a_day_is_kept() -> None:
    office = Office(DeskSettings(capacity=2))
    office.arrive(1)
    office.see(TicketButtonPressed(Service.LOST))
    refusal = office.ask(TakeTicket(Service.LOST))
    assert refusal is not None and refusal.code == "day-full"
    office.arrive(2)
    assert "2 numbers" in office.heard(DocumentRefused)[-1].reason


def test_at_most_three_are_called_into_the_recording_area(office: Office) -> None:
    for serial in range(1, 6):
        office.arrive(serial)
    for _ in range(3):
        assert office.ask(CallNext(Desk.RECORDING)) is None
    refusal = office.ask(CallNext(Desk.RECORDING))
    assert refusal is not None and refusal.code == "area-full"
    first = office.view.queue.called[-1]
    assert office.ask(Skip(first.id)) is None
    assert office.ask(CallNext(Desk.RECORDING)) is None
    assert office.announced() == ["A-004"]


def test_a_called_number_is_heard_again_after_a_power_cut_and_one_that_has_come_is_not(office: Office) -> None:
    for serial in (1, 2):
        office.arrive(serial)
        office.ask(CallNext(Desk.RECORDING))
    first = office.view.queue.called[-1]
    assert office.ask(Arrive(first.id)) is None
    calls = [one.number for one in office.power_cut() if isinstance(one, Announce)]
    assert calls == ["A-002"]
    assert [one.number for one in office.view.queue.called] == ["A-002"]
    assert [one.number for one in office.view.queue.present] == ["A-001"]


def test_who_comes_back_after_being_skipped_is_next(office: Office) -> None:
    for serial in (1, 2, 3):
        office.arrive(serial)
    office.ask(CallNext(Desk.RECORDING))
    missing = office.view.queue.called[0]
    assert office.ask(Recall(missing.id)) is None and office.announced() == ["A-001"]
    assert office.ask(Skip(missing.id)) is None
    assert office.numbers() == ["A-002", "A-003"]
    assert office.ask(Return(missing.id)) is None
    assert office.numbers() == ["A-001", "A-002", "A-003"]


def test_precedence_goes_first_but_never_keeps_the_others_waiting_for_ever(office: Office) -> None:
    for _ in range(3):
        office.ask(TakeTicket(Service.LOST))
    for _ in range(4):
        office.ask(TakeTicket(Service.LOST, Precedence.ELDERLY))
    assert office.numbers() == ["B-004", "B-005", "B-001", "B-006", "B-007", "B-002", "B-003"]
    heard = []
    for _ in range(7):
        office.ask(CallNext(Desk.FRONT))
        heard += office.announced()
    assert heard == ["B-004", "B-005", "B-001", "B-006", "B-007", "B-002", "B-003"]


def test_a_waiting_applicant_may_be_given_precedence(office: Office) -> None:
    for serial in (1, 2):
        office.arrive(serial)
    second = office.view.queue.waiting[1]
    assert office.ask(Prefer(second.id, Precedence.PREGNANT)) is None
    assert office.numbers() == ["A-002", "A-001"]


def test_a_button_number_gets_its_family_card_at_the_counter(office: Office) -> None:
    office.see(TicketButtonPressed(Service.NEW))
    office.ask(CallNext(Desk.RECORDING))
    office.see(DocumentScanned("scanner", card(1)))
    assert len(office.heard(TicketIssued)) == 1
    (row,) = office.view.queue.called
    assert row.enrolment and row.nik_end == "0001"


def test_a_typed_family_card_is_as_good_as_a_scanned_one(office: Office) -> None:
    assert office.ask(ReadCard(card(1), precedence=Precedence.DISABLED)) is None
    assert office.view.queue.waiting[0].precedence is Precedence.DISABLED
    refusal = office.ask(ReadCard(card(1)))
    assert refusal is not None and refusal.code == "already-here"


def test_a_served_counter_ticket_is_done_and_the_next_wait_is_learned(office: Office) -> None:
    for _ in range(6):
        office.ask(TakeTicket(Service.LOST))
    before = office.view.queue.waits[Service.LOST].expected_s
    for _ in range(5):
        office.ask(CallNext(Desk.FRONT))
        called = office.view.queue.called[0]
        office.ask(Arrive(called.id))
        office.pass_time(60.0)
        assert office.ask(EndTicket(called.id)) is None
    assert office.view.queue.served == 5
    assert office.view.queue.waits[Service.LOST].expected_s < before / 3
    assert office.view.queue.error_median_s is not None


def test_what_is_unknown_or_already_over_is_refused_with_its_state(office: Office) -> None:
    refusal = office.ask(Recall("nothing"))
    assert refusal is not None and refusal.code == "no-ticket"
    office.ask(TakeTicket(Service.LOST))
    refusal = office.ask(Arrive(office.view.queue.waiting[0].id))
    assert refusal is not None and str(refusal) == "the ticket B-001 is waiting"


def test_an_outage_makes_the_wait_for_a_recording_longer_and_its_range_wider(office: Office) -> None:
    from edge.core.events import Contact, ContactChanged, WokeUp

    for serial in range(1, 6):
        office.arrive(serial)
    before = office.view.queue.waits[Service.NEW]
    office.see(ContactChanged(Contact.MAINS, False))
    for _ in range(20):
        office.pass_time(1.0)
        office.see(WokeUp())
    assert not office.view.power.may_record
    after = office.view.queue.waits[Service.NEW]
    assert after.expected_s > before.expected_s + 600
    assert after.high_s - after.low_s > before.high_s - before.low_s
    assert office.view.queue.waits[Service.LOST].expected_s == 0


def test_the_next_morning_nobody_of_yesterday_is_called_or_stands_in_the_way(office: Office) -> None:
    for serial in (1, 2, 3, 4):
        office.arrive(serial)
    for _ in range(3):
        office.ask(CallNext(Desk.RECORDING))
    office.ask(Arrive(office.view.queue.called[0].id))
    office.wall += 24 * 3600
    assert not [one for one in office.power_cut() if isinstance(one, Announce)]
    assert office.view.queue.area_taken == 0
    assert len(office.heard(EnrolmentCancelled)) == 4
    office.arrive(1)
    assert office.numbers() == ["A-001"], "the same person comes again, with a new number"


def test_a_recording_that_runs_past_midnight_keeps_its_number(office: Office) -> None:
    office.arrive(1)
    assert office.ask(Begin(office.view.applicants[0].enrolment)) is None
    office.wall += 24 * 3600
    office.power_cut()
    assert [row.number for row in office.view.queue.present] == ["A-001"]
    assert not office.heard(EnrolmentCancelled)
