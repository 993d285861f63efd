"""Recording: nothing that was finished is asked again, whatever the power does."""

from __future__ import annotations

import pytest

from contract.desk import ModalityClosed
from contract.messages import (
    AttemptMade,
    DocumentRefused,
    EnrolmentCancelled,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    Modality,
)
from edge.core.commands import AssemblePacket, Command, DropBlob, KeepBlob, Sound, Tone
from edge.core.documents import nik_fault
from edge.core.events import Button, ButtonPressed, CaptureFailed, CaptureSealed, DocumentScanned, PacketSpoiled, WokeUp
from edge.core.requests import StartCapture, StopCapture
from tests.unit.edge.core.booth import CARD, Booth, asked, assembled, requests

START, NEXT, STOP = ButtonPressed(Button.START), ButtonPressed(Button.NEXT), ButtonPressed(Button.STOP)


@pytest.fixture
def booth() -> Booth:
    booth = Booth()
    booth.see(DocumentScanned("scanner", CARD))
    return booth


def record_all(booth: Booth, commands: list[Command]) -> list[Command]:
    for _ in range(5):
        booth.capture(commands)
        commands = booth.see(NEXT)
    return booth.capture(commands)


def test_a_whole_recording_becomes_one_packet(booth: Booth) -> None:
    commands = record_all(booth, booth.see(START))
    (packet,) = [command for command in commands if isinstance(command, AssemblePacket)]
    assert [entry.modality for entry in packet.entries] == list(booth.settings.order)
    after = assembled(booth, packet.enrolment)
    assert booth.heard(EnrolmentCompleted)[0].packet == packet.packet
    assert KeepBlob(packet.packet, b"packet") in after
    assert sum(isinstance(command, DropBlob) for command in after) == 6
    assert [type(body) for body in booth.said if isinstance(body, EnrolmentOpened | EnrolmentStarted)] == [
        EnrolmentOpened,
        EnrolmentStarted,
    ]


@pytest.mark.parametrize("done", range(6))
def test_after_a_power_cut_the_recording_goes_on_at_the_next_modality(booth: Booth, done: int) -> None:
    commands = booth.see(START)
    for _ in range(done):
        booth.capture(commands)
        commands = booth.see(NEXT)
    before = asked(commands, StartCapture)
    booth.power_cut()
    again = asked(booth.see(NEXT), StartCapture)
    assert again.modality is before.modality is booth.settings.order[done]
    assert again.transaction != before.transaction


def test_an_answer_from_before_the_power_cut_is_not_taken_for_the_new_try(booth: Booth) -> None:
    old = asked(booth.see(START), StartCapture)
    booth.power_cut()
    booth.see(NEXT)
    booth.see(CaptureSealed("face", old.modality, old.transaction, {"x": 99.0}, b"", "0" * 64))
    assert not booth.heard(AttemptMade)


def test_a_power_cut_while_the_packet_is_assembled_assembles_it_again(booth: Booth) -> None:
    record_all(booth, booth.see(START))
    assert [command for command in booth.power_cut() if isinstance(command, AssemblePacket)]


def test_captures_that_the_disk_has_damaged_are_taken_again_and_no_others(booth: Booth) -> None:
    record_all(booth, booth.see(START))
    (row,) = [row for key, row in booth.rows.items() if key.startswith("enrolment/")]
    booth.see(PacketSpoiled(row.id, ("photo.1", "iris.1"), "altered"))  # type: ignore[attr-defined]
    again = []
    commands = booth.see(NEXT)
    for _ in range(2):
        again.append(asked(commands, StartCapture).modality)
        booth.capture(commands)
        commands = booth.see(NEXT)
    assert again == [Modality.PHOTO, Modality.IRIS]
    assembled(booth, row.id)  # type: ignore[attr-defined]
    assert booth.heard(EnrolmentCompleted)


def test_one_bad_finger_out_of_four_is_refused_though_the_average_passes(booth: Booth) -> None:
    commands = booth.see(START)
    booth.capture(commands)
    booth.capture(booth.see(NEXT))
    booth.capture(booth.see(NEXT), 90.0, 90.0, 90.0, 10.0)
    attempt = booth.heard(AttemptMade)[-1]
    assert not attempt.accepted and "sample 3 10" in attempt.reason


def test_the_best_of_three_poor_tries_is_what_is_kept(booth: Booth) -> None:
    commands = booth.see(START)
    for quality in (20.0, 50.0, 30.0):
        booth.capture(commands, quality)
        commands = booth.see(NEXT)
    (row,) = [row for key, row in booth.rows.items() if key.startswith("enrolment/")]
    assert [taken.quality for taken in row.done] == [{"sample 0": 50.0}]  # type: ignore[attr-defined]
    assert not [command for command in commands if isinstance(command, DropBlob)], "every attempt is kept until the end"
    closed = booth.heard(ModalityClosed)[-1]
    assert (closed.attempt, closed.accepted, closed.reason) == (2, False, "attempts used up (button)")


def test_a_device_that_failed_costs_no_try(booth: Booth) -> None:
    commands = booth.see(START)
    for _ in range(10):
        name = asked(commands, StartCapture).transaction
        booth.see(CaptureFailed("face", Modality.PHOTO, name, "busy", "wait"))
        commands = booth.see(NEXT)
    booth.capture(commands)
    assert booth.heard(AttemptMade)[-1].accepted


def test_a_device_that_never_answers_is_given_up_and_may_be_tried_again(booth: Booth) -> None:
    booth.see(START)
    commands = booth.see(WokeUp(), 60.0)
    assert requests(commands, StopCapture)
    assert "did not answer" in booth.heard(AttemptMade)[-1].reason
    assert requests(booth.see(NEXT), StartCapture)


def test_pressing_next_twice_starts_one_capture(booth: Booth) -> None:
    booth.see(START)
    assert not requests(booth.see(NEXT), StartCapture)


def test_stop_gives_up_the_capture_first_and_the_recording_only_then(booth: Booth) -> None:
    booth.see(START)
    assert requests(booth.see(STOP), StopCapture)
    assert booth.see(STOP) == [Sound(Tone.ALARM)], "it warns first: what was recorded would be dropped"
    booth.see(STOP, 10.0)
    assert not booth.heard(EnrolmentCancelled)
    booth.see(STOP, 1.0)
    assert booth.heard(EnrolmentCancelled)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hello", "not a family card"),
        ("KK:3526010101100001;NIK:352601410190000", "15 digits"),
        ("KK:352601010110000;NIK:3526014101900001", "15 digits"),
        ("KK:3526010101100001;NIK:3526013213900001", "birth date"),
        ("KK:3526010101100001;NIK:3526014101900000", "serial 0000"),
        ("KK:3526010101100001;NIK:０５２６０１４１０１９０００１１", "digits"),
        (CARD, "already waiting"),
    ],
)
def test_a_document_that_cannot_be_taken_is_refused_with_the_reason(booth: Booth, text: str, word: str) -> None:
    booth.see(DocumentScanned("scanner", text))
    assert word in booth.heard(DocumentRefused)[-1].reason
    assert len(booth.heard(EnrolmentOpened)) == 1


@pytest.mark.parametrize("nik", ["3526014101900001", "3526012902000001", "3526017112990001"])
def test_a_right_nik_is_taken_also_of_a_woman_and_on_a_leap_day(nik: str) -> None:
    assert nik_fault(nik) is None


def test_a_full_outbox_refuses_new_applicants_with_the_reason_and_drops_nothing() -> None:
    booth = Booth(outbox_limit=3)
    for serial in range(1, 6):
        booth.see(DocumentScanned("scanner", f"3526010101100001 352601410190{serial:04}"))
    assert len(booth.heard(EnrolmentOpened)) == 2
    assert "wait for the coordinator" in booth.heard(DocumentRefused)[-1].reason
    assert len(booth.outbox) == len(booth.said)
