"""What an officer does in a recording: poor captures, exceptions, the NIK, the centre's word, a colleague's finger."""

from __future__ import annotations

import pytest

from contract.desk import ExceptionKind, ExceptionNoted, ModalityClosed, NikChecked, Standing, TicketMoved, TicketState
from contract.messages import AttemptMade, EnrolmentCancelled, EnrolmentStarted, Modality, NikAnswerCommand
from edge.core.actions import (
    AcceptPoor,
    Arrive,
    Begin,
    CallNext,
    CancelRecording,
    Capture,
    Desk,
    NoteException,
    StopTrying,
    WithdrawException,
)
from edge.core.commands import AssemblePacket, Command, KeepBlob
from edge.core.events import CaptureFailed, CaptureSealed, LinkUp, PacketAssembled
from edge.core.requests import StartCapture
from tests.unit.edge.core.booth import asked, requests
from tests.unit.edge.core.desk import Office

RIGHT = ("Right IndexFinger", "Right MiddleFinger", "Right RingFinger", "Right LittleFinger")
PART = {
    Modality.RIGHT_FOUR: RIGHT,
    Modality.LEFT_FOUR: tuple(part.replace("Right", "Left") for part in RIGHT),
    Modality.THUMBS: ("Left Thumb", "Right Thumb"),
    Modality.IRIS: ("Left", "Right"),
}


class Recording(Office):
    """An applicant has been called, has come, and sits before the camera."""

    def __init__(self, **changes: object) -> None:
        super().__init__(**changes)
        self.arrive(1)
        self.ask(CallNext(Desk.RECORDING))
        self.ask(Arrive(self.view.queue.called[0].id))
        self.enrolment = self.view.applicants[0].enrolment

    def begin(self, until: Modality = Modality.PHOTO) -> None:
        assert self.ask(Begin(self.enrolment)) is None
        for modality in self.settings.order:
            if modality is until:
                return
            self.take()

    def take(self, *quality: float, nfiq2: int | None = None, officer: str = "", hash_: str = "") -> list[Command]:
        """One capture of the present modality, with these qualities (90 unless given)."""
        assert self.ask(Capture()) is None
        request = asked(self.heard_of, StartCapture)
        parts = [part for part in PART.get(request.modality, ("",)) if part not in request.exceptions]
        scores = dict(zip(parts, quality or (95.0,) * len(parts), strict=True))
        print_ = dict.fromkeys(parts, nfiq2) if nfiq2 is not None else {}
        taken = CaptureSealed(
            "face", request.modality, request.transaction, scores, b"sealed", "0" * 64, hash_, print_, officer
        )
        return self.see(taken, 1.0)


@pytest.fixture
def recording() -> Recording:
    return Recording()


def test_two_bad_fingers_of_four_are_refused_though_the_average_passes_and_the_best_of_three_is_sent() -> None:
    recording = Recording()
    recording.begin(Modality.RIGHT_FOUR)
    for quality in ((95, 95, 20, 15), (95, 95, 35, 30), (99, 99, 10, 38)):
        assert sum(quality) / 4 > recording.settings.thresholds[Modality.RIGHT_FOUR]
        recording.take(*map(float, quality))
        tried = recording.heard(AttemptMade)[-1]
        assert not tried.accepted and "Right RingFinger" in tried.reason and "Right LittleFinger" in tried.reason
    assert recording.ask(AcceptPoor("callused hands of a mason")) is None
    closed = recording.heard(ModalityClosed)[-1]
    assert (closed.attempt, closed.accepted, closed.reason) == (2, False, "callused hands of a mason")


def test_the_packet_holds_the_best_of_three_attempts_with_its_reason(recording: Recording) -> None:
    recording.begin(Modality.RIGHT_FOUR)
    for worst in (15.0, 30.0, 10.0):
        recording.take(95.0, 95.0, 95.0, worst)
    recording.ask(AcceptPoor("worn"))
    commands: list[Command] = []
    for _ in range(3):
        commands = recording.take()
    (packet,) = [one for one in commands if isinstance(one, AssemblePacket)]
    entry = next(one for one in packet.entries if one.modality is Modality.RIGHT_FOUR)
    assert (entry.name, entry.reason, min(entry.quality.values())) == ("right-four.2", "worn", 30.0)


def test_a_poor_capture_needs_all_attempts_and_a_reason(recording: Recording) -> None:
    recording.begin()
    recording.take(20.0)
    refusal = recording.ask(AcceptPoor("old"))
    assert refusal is not None and str(refusal) == "2 of 3 attempts are left: try again first"
    recording.take(20.0)
    recording.take(20.0)
    refusal = recording.ask(Capture())
    assert refusal is not None and refusal.code == "attempts-used"
    refusal = recording.ask(AcceptPoor("  "))
    assert refusal is not None and refusal.code == "needs-reason"
    assert recording.ask(AcceptPoor("old")) is None


def test_a_print_that_nfiq2_calls_poor_is_refused_whatever_the_device_says() -> None:
    recording = Recording(nfiq2={Modality.RIGHT_FOUR: 30})
    recording.begin(Modality.RIGHT_FOUR)
    recording.take(99.0, 99.0, 99.0, 99.0, nfiq2=12)
    tried = recording.heard(AttemptMade)[-1]
    assert not tried.accepted and "NFIQ2 12" in tried.reason
    assert tried.nfiq2 == dict.fromkeys(RIGHT, 12)
    shown = recording.view.recording
    assert shown is not None and [part.good for part in shown.parts] == [False] * 4


def test_a_missing_finger_is_not_asked_for_and_the_exception_is_photographed(recording: Recording) -> None:
    recording.begin(Modality.RIGHT_FOUR)
    assert recording.ask(NoteException(RIGHT[3], ExceptionKind.AMPUTATED, permanent=True)) is None
    assert recording.heard(ExceptionNoted)[-1].officer == "siti"
    recording.take(90.0, 90.0, 90.0)
    commands: list[Command] = []
    for _ in range(4):
        shown = recording.view.recording
        assert shown is not None
        commands = recording.take()
    assert shown.modality is Modality.EXCEPTION_PHOTO
    (packet,) = [one for one in commands if isinstance(one, AssemblePacket)]
    assert [(one.subtype, one.kind, one.permanent) for one in packet.exceptions] == [
        (RIGHT[3], ExceptionKind.AMPUTATED, True)
    ]
    assert packet.entries[-1].modality is Modality.EXCEPTION_PHOTO


def test_both_eyes_excepted_leave_the_iris_out(recording: Recording) -> None:
    recording.begin(Modality.IRIS)
    for eye in ("Left", "Right"):
        assert recording.ask(NoteException(eye, ExceptionKind.BANDAGED, permanent=False)) is None
    closed = recording.heard(ModalityClosed)[-1]
    assert (closed.modality, closed.attempt) == (Modality.IRIS, 0)
    shown = recording.view.recording
    assert shown is not None and shown.modality is Modality.EXCEPTION_PHOTO


def test_an_exception_can_be_withdrawn(recording: Recording) -> None:
    recording.begin(Modality.RIGHT_FOUR)
    recording.ask(NoteException(RIGHT[0], ExceptionKind.BANDAGED, permanent=False))
    assert recording.ask(WithdrawException(RIGHT[0])) is None
    recording.ask(Capture())
    assert asked(recording.heard_of, StartCapture).exceptions == ()


def test_a_finger_that_is_none_of_this_step_cannot_be_excepted(recording: Recording) -> None:
    recording.begin()
    refusal = recording.ask(NoteException(RIGHT[0], ExceptionKind.BANDAGED, permanent=False))
    assert refusal is not None and refusal.code == "no-such-part"


def test_an_officers_own_finger_ends_the_captures_and_nothing_of_it_is_kept(recording: Recording) -> None:
    recording.begin(Modality.RIGHT_FOUR)
    commands = recording.take(officer="siti")
    assert not [one for one in commands if isinstance(one, KeepBlob)]
    assert "officer siti" in recording.heard(AttemptMade)[-1].reason
    recording.power_cut()
    refusal = recording.ask(Capture())
    assert refusal is not None and refusal.code == "is-officer"
    assert recording.ask(CancelRecording("an officer's finger")) is None
    assert recording.heard(TicketMoved)[-1].state is TicketState.CLOSED


def test_a_nik_that_the_centre_has_enrolled_is_not_recorded(recording: Recording) -> None:
    recording.command(NikAnswerCommand(enrolment=recording.enrolment, standing=Standing.ENROLLED))
    refusal = recording.ask(Begin(recording.enrolment))
    assert refusal is not None and refusal.code == "enrolled"
    assert not recording.heard(EnrolmentStarted)


def test_a_nik_that_the_centre_does_not_know_goes_on_with_a_reason_that_is_recorded(recording: Recording) -> None:
    recording.command(NikAnswerCommand(enrolment=recording.enrolment, standing=Standing.UNKNOWN))
    assert recording.ask(Begin(recording.enrolment)) is not None
    assert recording.ask(Begin(recording.enrolment, "letter of the village head")) is None
    assert recording.heard(NikChecked)[-1].reason == "letter of the village head"


def test_with_the_coordinator_away_the_recording_goes_on_and_says_that_nobody_was_asked(recording: Recording) -> None:
    assert recording.ask(Begin(recording.enrolment)) is None
    assert recording.heard(NikChecked)[-1].standing is Standing.UNASKED


def test_with_the_coordinator_there_a_few_seconds_are_waited_for_the_centre() -> None:
    office = Office()
    office.see(LinkUp(1))
    office.arrive(1)
    enrolment = office.view.applicants[0].enrolment
    refusal = office.ask(Begin(enrolment))
    assert refusal is not None and refusal.code == "nik-waits"
    office.pass_time(office.settings.nik_wait_s)
    assert office.ask(Begin(enrolment)) is None


def test_a_recording_that_is_complete_ends_its_ticket(recording: Recording) -> None:
    recording.begin(Modality.IRIS)
    recording.take()
    recording.see(PacketAssembled(recording.enrolment, recording.enrolment, b"packet", "1" * 64))
    assert recording.heard(TicketMoved)[-1].state is TicketState.DONE
    (sent,) = recording.view.sent
    assert (sent.number, sent.nik_end, sent.sent) == ("A-001", "0001", False)


def test_a_cancelled_recording_needs_a_reason_and_closes_the_ticket(recording: Recording) -> None:
    recording.begin()
    assert recording.ask(CancelRecording("")) is not None
    assert recording.ask(CancelRecording("came for another service")) is None
    assert recording.heard(EnrolmentCancelled)[-1].reason == "came for another service"


@pytest.mark.parametrize("done", range(6))
def test_after_a_power_cut_the_recording_is_at_the_same_step_with_its_tries(recording: Recording, done: int) -> None:
    order = recording.settings.order
    recording.begin(order[done])
    if order[done] is not Modality.SIGNATURE:
        recording.take(*(5.0,) * len(PART.get(order[done], ("",))))
    before = recording.view.recording
    recording.power_cut()
    after = recording.view.recording
    assert before is not None and after is not None
    assert (after.modality, after.steps, after.tries) == (before.modality, before.steps, before.tries)


def test_what_the_device_complained_of_is_shown_and_costs_no_attempt(recording: Recording) -> None:
    recording.begin()
    recording.ask(Capture())
    name = asked(recording.heard_of, StartCapture).transaction
    recording.see(CaptureFailed("face", Modality.PHOTO, name, "the glass is dirty", "Clean the glass."))
    shown = recording.view.recording
    assert shown is not None
    assert (shown.error, shown.remedy, shown.attempts_left) == ("the glass is dirty", "Clean the glass.", 3)
    recording.ask(Capture())
    assert recording.ask(StopTrying()) is None


def test_the_hash_chain_of_a_device_goes_on_from_capture_to_capture(recording: Recording) -> None:
    recording.begin()
    recording.take(hash_="AB" * 32)
    recording.power_cut()
    recording.ask(Capture())
    assert requests(recording.heard_of, StartCapture)[0].previous_hash == "AB" * 32
