"""A packet is registered with the centre exactly once, however often that takes."""

from __future__ import annotations

from typing import cast

import pytest

from central.adapters.centre import Centre
from central.adapters.views import StoreViews
from central.core import encoding
from central.core.encoding import BadPacketError, open_packet
from central.core.items import CentreAnswered
from central.core.nik import NikAnswer
from central.runtime import perform
from contract.desk import Standing
from contract.messages import EnrolmentOpened
from contract.packet import pack, unpack
from contract.sealing import new_seal_pair
from tests.unit.central.booth import KK, NIK, SEAL_PRIVATE, Booth, World, packet

NAME = "aaaaaaaaaaaa-1"


def arrived(world: World, booth: Booth) -> None:
    data = packet(NAME, size=10)
    world.give(booth.completed(NAME, data), *booth.parts(NAME, data))


def state(views: StoreViews) -> str:
    return views.encodings()[0].state


def test_an_enrolment_goes_from_captured_to_print_ready(world: World, booth: Booth, views: StoreViews) -> None:
    data = packet(NAME, size=10)
    world.give(booth.completed(NAME, data))
    assert state(views) == "BIO_CAPTURED"
    world.give(*booth.parts(NAME, data))
    assert state(views) == "SENT_FOR_ENROLLMENT" and world.calls[0].method == "PUT"
    world.answer("RECEIVED_AT_CENTRAL")
    assert state(views) == "RECEIVED_AT_CENTRAL" and views.print_jobs() == ()
    world.wait(5.0)
    assert world.answer("PRINT_READY_RECORD").changed >= {"print"}
    assert state(views) == "PRINT_READY_RECORD"
    (job,) = views.print_jobs()
    assert (job.job, job.enrolment, job.name) == (f"job-{NAME}", NAME, "352601********01")


def test_the_centre_is_polled_not_registered_again_while_it_works(world: World, booth: Booth) -> None:
    arrived(world, booth)
    world.answer("RECEIVED_AT_CENTRAL")
    assert [call.method for call in world.wait(5.0).calls] == ["GET"]


def test_a_centre_that_does_not_answer_is_asked_again_for_ever_with_growing_pauses(
    world: World, booth: Booth, views: StoreViews
) -> None:
    arrived(world, booth)
    pauses = []
    for _ in range(40):
        world.answer(error="the centre does not answer")
        before = world.now
        while not world.calls:
            world.wait(1.0)
        pauses.append(world.now - before)
    assert pauses[0] <= 3.0 and 290.0 <= pauses[-1] <= 310.0
    assert views.encodings()[0].error == "the centre does not answer"
    world.answer("PRINT_READY_RECORD")
    assert state(views) == "PRINT_READY_RECORD" and views.totals().centre_up is True


def test_a_crash_during_the_call_repeats_the_same_call(world: World, booth: Booth, views: StoreViews) -> None:
    arrived(world, booth)
    before = world.calls[0]
    world.restart()
    world.wait(0.1)
    assert world.calls == [before]
    world.answer("PRINT_READY_RECORD")
    assert len(views.print_jobs()) == 1


def test_an_answer_that_comes_twice_makes_one_card(world: World, booth: Booth, views: StoreViews) -> None:
    arrived(world, booth)
    world.calls *= 2
    world.answer("PRINT_READY_RECORD")
    world.answer("PRINT_READY_RECORD")
    assert len(views.print_jobs()) == 1


@pytest.mark.parametrize("token", ["DUPLICATE_RECORD", "ADJUDICATE_RECORD", "ENROLL_FAILURE_AT_CENTRAL"])
def test_an_enrolment_that_the_centre_does_not_clear_is_not_printed(
    world: World, booth: Booth, views: StoreViews, token: str
) -> None:
    arrived(world, booth)
    world.answer(token, reason="looks like another person")
    assert state(views) == token and views.encodings()[0].error == "looks like another person"
    assert views.print_jobs() == () and world.wait(3600.0).calls == []


def test_a_word_of_the_centre_that_nobody_knows_is_shown_and_asked_again(
    world: World, booth: Booth, views: StoreViews
) -> None:
    arrived(world, booth)
    world.answer("HAPPY")
    assert "unknown state 'HAPPY'" in views.encodings()[0].error
    assert world.wait(10.0).calls


def test_a_packet_that_the_centre_forgot_is_registered_again(world: World, booth: Booth) -> None:
    arrived(world, booth)
    world.answer("RECEIVED_AT_CENTRAL")
    world.wait(5.0)
    world.answer("UNREGISTERED")
    assert [call.method for call in world.wait(10.0).calls] == ["PUT"]


def test_a_bad_packet_is_not_sent_and_says_why(world: World, booth: Booth, views: StoreViews) -> None:
    arrived(world, booth)
    world.answer(bad="sealed to another key")
    assert state(views) == "ENROLL_FAILURE_AT_REGIONAL"
    assert views.dead_letters()[0].reason.endswith("sealed to another key")


def test_no_more_calls_are_under_way_than_there_is_room_for(world: World, booth: Booth) -> None:
    for number in range(12):
        name = f"aaaaaaaaaaaa-{number}"
        data = packet(name, size=10)
        world.give(booth.completed(name, data), *booth.parts(name, data))
    assert len(world.calls) == world.settings.calls
    world.answer("PRINT_READY_RECORD")
    assert len(world.calls) == world.settings.calls


def test_a_good_packet_opens_and_tells_what_the_centre_needs() -> None:
    record = open_packet(packet(NAME), NAME, NAME, "b1", SEAL_PRIVATE)
    assert (record.nik, record.kk) == (NIK, KK)
    assert [(one.modality, one.attempt) for one in record.biometrics] == [("photo", 1)]


def test_a_packet_that_is_altered_swapped_or_sealed_to_another_key_is_refused() -> None:
    good = packet(NAME)
    entries = unpack(good)
    other = dict(unpack(packet("aaaaaaaaaaaa-2")))
    bad = {
        "cut": good[:-1],
        "altered": good[:-1] + bytes([good[-1] ^ 1]),
        "without a manifest": pack(entries[1:]),
        "a capture of another packet": pack([entries[0], ("photo.1", other["photo.1"])]),
        "a capture missing": pack(entries[:1]),
        "a capture too much": pack([*entries, ("photo.2", entries[1][1])]),
        "to another key": packet(NAME, recipient=new_seal_pair()[1]),
        "of another booth": packet(NAME, booth="b2"),
        "nothing": b"",
    }
    for data in bad.values():
        with pytest.raises(BadPacketError):
            open_packet(data, NAME, NAME, "b1", SEAL_PRIVATE)


class Register:
    """A centre that registers whoever is sent to it."""

    def __init__(self) -> None:
        self.niks: list[str] = []

    def standing(self, _nik: str) -> NikAnswer:
        return NikAnswer(Standing.ELIGIBLE)

    def put(self, _packet: str, _booth: str, record: encoding.Record) -> encoding.Answer:
        self.niks.append(record.nik)
        return encoding.Answer("PRINT_READY_RECORD", nik=record.nik)


@pytest.mark.parametrize("opened", [NIK, "3526014107900002", None])
def test_a_packet_of_another_person_than_the_enrolment_was_opened_for_is_not_registered(
    world: World, booth: Booth, views: StoreViews, opened: str | None
) -> None:
    if opened is not None:
        world.give(booth.event(EnrolmentOpened(enrolment=NAME, nik=opened, kk=KK)))
    arrived(world, booth)
    centre = Register()
    while world.calls:
        call = world.calls.pop(0)
        answer = perform(call, world.store, cast(Centre, centre), SEAL_PRIVATE)
        world.give(CentreAnswered(call.enrolment, answer))
    if opened == "3526014107900002":
        assert state(views) == "ENROLL_FAILURE_AT_REGIONAL" and centre.niks == [] and views.print_jobs() == ()
        assert "another NIK" in views.encodings()[0].error
    else:
        assert state(views) == "PRINT_READY_RECORD" and centre.niks == [NIK]


def test_the_pauses_of_many_booths_are_spread() -> None:
    row = encoding.Encoding("e", "e", "b1", NIK, encoding.SENT, 0.0, 0.0, tries=5)
    answer = encoding.Answer(error="down")
    early, late = (encoding.answered(row, answer, 0.0, jitter).next_try for jitter in (0.0, 1.0))
    assert early is not None and late is not None and late > early * 1.5
