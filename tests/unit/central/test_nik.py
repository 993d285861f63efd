"""The centre is asked about an applicant's NIK once, the booth is told in time, and nobody is registered against it."""

from __future__ import annotations

from typing import cast

import pytest

from central.adapters.centre import Centre
from central.adapters.views import StoreViews
from central.core.encoding import Answer, Record
from central.core.items import CentreAnswered, CentreCall, Effects, NikAnswered
from central.core.nik import NikAnswer
from central.runtime import perform
from contract.desk import NikChecked, Standing
from contract.messages import CommandDone, EnrolmentCancelled, EnrolmentOpened, NikAnswerCommand, Outcome
from hardware.simulators.centre import Centre as SimulatedCentre
from hardware.simulators.centre import CentreServer
from tests.unit.central.booth import KK, NIK, SEAL_PRIVATE, Booth, World, commands, packet

NAME = "aaaaaaaaaaaa-1"
OPENED = EnrolmentOpened(enrolment=NAME, nik=NIK, kk=KK)


class Register:
    """A centre: what it says of NIKs, and who was sent to it."""

    def __init__(self, standing: Standing = Standing.ELIGIBLE) -> None:
        self.said = standing
        self.asked: list[str] = []
        self.sent: list[str] = []

    def standing(self, nik: str) -> NikAnswer:
        self.asked.append(nik)
        return NikAnswer(self.said, "the register says so")

    def put(self, packet: str, _booth: str, _record: Record) -> Answer:
        self.sent.append(packet)
        return Answer("PRINT_READY_RECORD", nik=NIK)


def answer(world: World, standing: Standing, reason: str = "", error: str = "") -> Effects:
    return world.give(NikAnswered(NAME, NikAnswer(standing, reason, error)))


def work(world: World, centre: Register) -> None:
    """The calls to the centre are made, one after the other."""
    while world.calls:
        call: CentreCall = world.calls.pop(0)
        found = perform(call, world.store, cast(Centre, centre), SEAL_PRIVATE)
        world.give(CentreAnswered(call.enrolment, found))


def record(world: World, booth: Booth) -> None:
    data = packet(NAME, size=10)
    world.give(booth.completed(NAME, data), *booth.parts(NAME, data))


def test_the_booth_is_told_what_the_centre_says_of_a_nik(world: World, booth: Booth) -> None:
    (ask,) = world.give(booth.hello(), booth.event(OPENED)).asks
    assert (ask.enrolment, ask.nik) == (NAME, NIK)
    (command,) = commands(answer(world, Standing.ENROLLED, "a card was issued"))
    assert command.body == NikAnswerCommand(enrolment=NAME, standing=Standing.ENROLLED, reason="a card was issued")
    assert (command.expires - command.issued).total_seconds() == 600.0


def test_a_nik_is_asked_about_once(world: World, booth: Booth) -> None:
    assert len(world.give(booth.event(OPENED)).asks) == 1
    assert world.give(booth.again(1)).asks == []
    assert len(commands(answer(world, Standing.ELIGIBLE))) == 1
    assert commands(answer(world, Standing.ENROLLED)) == []
    world.restart()
    assert world.wait(3600.0).asks == []


def test_an_answer_is_not_repeated_for_ever(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.hello(), booth.event(OPENED))
    (command,) = commands(answer(world, Standing.ELIGIBLE))
    assert len(commands(world.wait(30.0))) in (2, 3)
    assert commands(world.give(booth.event(CommandDone(command=command.id, outcome=Outcome.DONE)))) == []
    assert commands(world.wait(3600.0)) == []
    assert views.commands("b1") == ()


def test_a_booth_that_is_away_gets_no_answer_after_ten_minutes(world: World, booth: Booth) -> None:
    world.give(booth.hello(), booth.event(OPENED), booth.state("offline"))
    answer(world, Standing.ELIGIBLE)
    world.wait(601.0)
    assert commands(world.give(booth.hello())) == []


def test_a_centre_that_is_away_is_asked_again_with_growing_pauses(world: World, booth: Booth) -> None:
    world.give(booth.hello(), booth.event(OPENED))
    pauses = []
    for _ in range(20):
        answer(world, Standing.UNASKED, error="the centre does not answer")
        before = world.now
        while not world.wait(1.0).asks:
            assert world.now - before < 400.0
        pauses.append(world.now - before)
    assert pauses[0] <= 4.0 and pauses == sorted(pauses) and 200.0 < pauses[-1] <= 310.0
    assert len(commands(answer(world, Standing.UNKNOWN))) == 1


def test_a_crash_during_the_question_repeats_it(world: World, booth: Booth) -> None:
    world.give(booth.hello(), booth.event(OPENED))
    world.restart()
    assert [ask.nik for ask in world.wait(0.1).asks] == [NIK]


def test_no_more_questions_are_under_way_than_there_is_room_for(world: World, booth: Booth) -> None:
    opened = [EnrolmentOpened(enrolment=f"aaaaaaaaaaaa-{n}", nik=NIK, kk=KK) for n in range(1, 10)]
    effects = world.give(*(booth.event(one) for one in opened))
    assert len(effects.asks) == 4
    assert len(answer(world, Standing.ELIGIBLE).asks) == 1


@pytest.mark.parametrize("ended", ["completed", "cancelled"])
def test_when_the_recording_is_over_the_booth_is_not_told_any_more(world: World, booth: Booth, ended: str) -> None:
    world.give(booth.hello(), booth.event(OPENED))
    data = packet(NAME, size=10)
    cancelled = booth.event(EnrolmentCancelled(enrolment=NAME, reason="gone"), seq=2)
    world.give(cancelled if ended == "cancelled" else booth.completed(NAME, data))
    assert commands(answer(world, Standing.ELIGIBLE)) == []
    assert world.wait(3600.0).asks == []


def test_a_recording_with_an_answer_is_sent_without_asking_again(world: World, booth: Booth) -> None:
    world.give(booth.event(OPENED))
    answer(world, Standing.ELIGIBLE)
    record(world, booth)
    centre = Register()
    work(world, centre)
    assert (centre.asked, centre.sent) == ([], [NAME])


@pytest.mark.parametrize("opened", [True, False])
def test_a_recording_without_an_answer_is_checked_before_it_is_sent(
    world: World, booth: Booth, views: StoreViews, opened: bool
) -> None:
    if opened:
        world.give(booth.event(OPENED), booth.event(NikChecked(enrolment=NAME, standing=Standing.UNASKED)))
    record(world, booth)
    centre = Register()
    work(world, centre)
    assert (centre.asked, centre.sent) == ([NIK], [NAME])
    assert views.encodings()[0].state == "PRINT_READY_RECORD"


@pytest.mark.parametrize("standing", [Standing.ENROLLED, Standing.DUPLICATE, Standing.UNKNOWN])
@pytest.mark.parametrize("when", ["before", "with the packet"])
def test_a_recording_that_the_centre_forbids_is_not_sent_and_says_why(
    world: World, booth: Booth, views: StoreViews, standing: Standing, when: str
) -> None:
    world.give(booth.event(OPENED))
    if when == "before":
        answer(world, standing, "the register says so")
    record(world, booth)
    centre = Register(standing)
    work(world, centre)
    world.wait(3600.0)
    work(world, centre)
    (seen,) = views.encodings()
    assert centre.sent == [] and len(centre.asked) == (when != "before")
    assert seen.state == "ENROLL_FAILURE_AT_REGIONAL" and views.print_jobs() == ()
    assert "the register says so; nothing was sent" in seen.error
    assert views.totals().dead_letters == 0


@pytest.mark.parametrize(
    ("said", "checked", "reason", "sent"),
    [
        (Standing.UNKNOWN, Standing.UNKNOWN, "moved here last week", True),
        (Standing.UNKNOWN, Standing.UNKNOWN, "  ", False),
        (Standing.UNKNOWN, Standing.UNASKED, "we had no network", False),
        (Standing.ENROLLED, Standing.ENROLLED, "he insists", False),
        (Standing.DUPLICATE, Standing.UNKNOWN, "moved here last week", False),
    ],
)
def test_only_for_an_unknown_nik_an_officers_reason_counts(
    world: World, booth: Booth, said: Standing, checked: Standing, reason: str, sent: bool
) -> None:
    told = NikChecked(enrolment=NAME, standing=checked, officer="siti", reason=reason)
    world.give(booth.event(OPENED), booth.event(told))
    record(world, booth)
    centre = Register(said)
    work(world, centre)
    assert centre.sent == ([NAME] if sent else [])


def test_a_crash_after_the_packet_was_sent_does_not_take_it_for_a_double(
    world: World, booth: Booth, views: StoreViews
) -> None:
    """The centre then calls the NIK enrolled: by this very packet."""
    world.give(booth.event(OPENED))
    record(world, booth)
    centre = Register()
    world.give(CentreAnswered(NAME, perform(world.calls.pop(0), world.store, cast(Centre, centre), SEAL_PRIVATE)))
    perform(world.calls.pop(0), world.store, cast(Centre, centre), SEAL_PRIVATE)
    centre.said = Standing.ENROLLED
    world.restart()
    world.wait(0.1)
    work(world, centre)
    assert views.encodings()[0].state == "PRINT_READY_RECORD" and centre.sent == [NAME, NAME]


def test_an_answer_that_was_under_way_when_the_packet_went_out_is_not_believed(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.give(booth.event(OPENED))
    record(world, booth)
    answer(world, Standing.ENROLLED)
    centre = Register()
    work(world, centre)
    assert centre.sent == [NAME] and views.encodings()[0].state == "PRINT_READY_RECORD"


def test_the_question_over_http() -> None:
    simulated = CentreServer(SimulatedCentre(slow_s=0.01))
    simulated.start()
    centre = Centre(simulated.url, 2.0)
    try:
        assert centre.standing(NIK) == NikAnswer(Standing.ELIGIBLE)
        simulated.centre.set_standing("unknown", NIK[:6])
        simulated.centre.set_standing("duplicate", NIK)
        assert centre.standing(NIK).standing is Standing.DUPLICATE
        assert centre.standing(NIK[:-1] + "9").standing is Standing.UNKNOWN
        for mode, word in (("down", "HTTP 503"), ("wrong", "not what was agreed")):
            simulated.centre.set_mode(mode)
            assert word in centre.standing(NIK).error
    finally:
        centre.close()
        simulated.close()
    assert "does not answer" in centre.standing(NIK).error
