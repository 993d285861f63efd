"""Who did what stands in a record that nobody can change; cards leave the basket once, with a name."""

from __future__ import annotations

import pytest

from contract import deeds
from contract.desk import CardHanded, Deed, Service
from edge.core.actions import (
    CallNext,
    Desk,
    HandOver,
    ReadCard,
    StopWaiting,
    StoreFinger,
    TakeTicket,
    WantFinger,
)
from edge.core.commands import Answer, Command, Sound, Tone
from edge.core.events import Button, ButtonPressed, CardPrinted
from edge.core.events_desk import (
    FingerRefused,
    FingerStored,
    FingerWanted,
    OfficerAsked,
    OfficerRefusedSign,
    OfficerSigned,
)
from edge.core.requests import EnrolFinger, IdentifyFinger, StopFinger
from tests.unit.edge.core.booth import requests
from tests.unit.edge.core.desk import Office, card


@pytest.fixture
def office() -> Office:
    return Office()


def answers(commands: list[Command]) -> dict[str, Answer]:
    return {one.reply: one for one in commands if isinstance(one, Answer)}


def test_everything_an_officer_does_is_a_link_of_one_chain_over_power_cuts(office: Office) -> None:
    office.see(OfficerSigned("siti", "pin", "r0"))
    office.ask(TakeTicket(Service.LOST))
    office.power_cut()
    office.ask(CallNext(Desk.FRONT))
    told = office.heard(Deed)
    assert [one.action for one in told] == ["sign-in", "take-ticket", "call-next"]
    assert {one.officer for one in told} == {"siti"}
    assert deeds.verify(told) == ""


def test_a_deed_never_holds_the_numbers_of_a_family(office: Office) -> None:
    office.ask(ReadCard(card(1)))
    (deed,) = office.heard(Deed)
    assert "3526" not in deed.model_dump_json()


def test_what_was_refused_is_no_deed(office: Office) -> None:
    assert office.ask(CallNext(Desk.FRONT)) is not None
    assert not office.heard(Deed)


def test_a_finger_signs_its_officer_in_and_answers_whoever_waits(office: Office) -> None:
    commands = office.see(OfficerAsked("r7", "", WantFinger()))
    assert requests(commands, IdentifyFinger) and not answers(commands)
    office.see(FingerWanted("finger", "put"))
    assert office.view.finger == "put"
    commands = office.see(OfficerSigned("budi", "finger"))
    assert answers(commands)["r7"].given == "budi"
    assert (office.view.officer, office.view.finger) == ("budi", "")


def test_a_finger_that_is_nobodys_lets_nobody_in_and_is_recorded(office: Office) -> None:
    office.see(OfficerAsked("r7", "", WantFinger()))
    refusal = answers(office.see(OfficerRefusedSign("", "finger-unknown")))["r7"].refusal
    assert refusal is not None and refusal.code == "finger-unknown"
    assert office.heard(Deed)[-1].action == "sign-in-refused"
    assert office.view.officer == ""


def test_the_reader_serves_one_at_a_time_and_can_be_called_off(office: Office) -> None:
    office.see(OfficerAsked("r1", "", WantFinger()))
    commands = office.see(OfficerAsked("r2", "", WantFinger()))
    assert list(answers(commands)) == ["r1"]
    commands = office.see(OfficerAsked("r3", "", StopWaiting()))
    assert requests(commands, StopFinger) and set(answers(commands)) == {"r2", "r3"}


def test_an_officers_finger_is_stored_on_the_page_that_was_given(office: Office) -> None:
    commands = office.see(OfficerAsked("r1", "siti", StoreFinger("siti", 4)))
    assert requests(commands, EnrolFinger)[0].page == 4
    assert answers(office.see(FingerStored("finger", 4)))["r1"].refusal is None
    commands = office.see(OfficerAsked("r2", "siti", StoreFinger("siti", 4)))
    refusal = answers(office.see(FingerRefused("finger", "no finger in time", "Try again.")))["r2"].refusal
    assert refusal is not None and "no finger in time" in str(refusal)


def test_where_officers_are_registered_nothing_is_done_before_one_has_signed_in() -> None:
    office = Office(officers=True)
    office.arrive(1)
    assert office.see(ButtonPressed(Button.START)) == [Sound(Tone.REFUSE)]
    refusal = office.ask(CallNext(Desk.RECORDING), officer="")
    assert refusal is not None and refusal.code == "not-signed-in"
    assert office.ask(TakeTicket(Service.LOST), officer="") is None, "the public's own ticket needs no officer"
    office.see(OfficerSigned("siti", "pin", ""))
    assert office.see(ButtonPressed(Button.START)) != [Sound(Tone.REFUSE)]
    office.see(OfficerSigned("siti", "out", ""))
    assert office.see(ButtonPressed(Button.NEXT)) == [Sound(Tone.REFUSE)]


def test_a_printed_card_lies_in_the_basket_until_somebody_takes_it(office: Office) -> None:
    office.start_print()
    office.see(CardPrinted("printer", "job-1", 8))
    (lying,) = office.view.basket
    office.power_cut()
    assert [one.enrolment for one in office.view.basket] == [lying.enrolment]
    refusal = office.ask(HandOver(lying.enrolment, "representative"))
    assert refusal is not None and refusal.code == "needs-name"
    assert office.ask(HandOver(lying.enrolment, "representative", "Budi, a brother")) is None
    handed = office.heard(CardHanded)[-1]
    assert (handed.to, handed.name, handed.officer) == ("representative", "Budi, a brother", "siti")
    refusal = office.ask(HandOver(lying.enrolment))
    assert refusal is not None and refusal.code == "no-card"
