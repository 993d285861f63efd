"""The people's side: whatever is missing of it, the booth works on, and whoever asked sees what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from contract.messages import Modality
from edge.adapters.items import JudgedCapture, TemplateMade
from edge.core.actions import StoreFinger
from edge.core.commands import Announce, Answer
from edge.core.events import CaptureTaken, Sample, WokeUp
from edge.core.events_desk import Announced, FingerFound, FingerStored, OfficerAsked, OfficerRefusedSign, OfficerSigned
from edge.core.view import View
from edge.hall import AGAIN_S, SHOW_S, Hall
from tests.unit.edge.core.desk import Office

TAKEN = CaptureTaken("slap", Modality.THUMBS, "e-1.thumbs.1", (Sample("Left Thumb", 80.0, "wsq", b"ridges"),))


class Glass:
    """A screen that keeps what it was given, in order."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def show(self, view: View) -> None:
        self.seen.append(view)

    def answered(self, answer: Answer) -> None:
        self.seen.append(answer)

    def judged(self, transaction: str, thumbnails: Mapping[str, bytes]) -> None:
        self.seen.append((transaction, dict(thumbnails)))


class Scale:
    """A judge that only notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def ask(self, taken: CaptureTaken) -> None:
        self.asked.append(taken)

    def make_template(self, page: int, image: bytes) -> None:
        self.asked.append((page, image))


class Book:
    """Pages of the finger reader, and fingers."""

    def __init__(self) -> None:
        self.pages: dict[int, str] = {1: "budi"}
        self.fingers: dict[str, bytes] = {}

    def names(self) -> tuple[str, ...]:
        return tuple(self.pages.values())

    def by_page(self, page: int) -> str:
        return self.pages.get(page, "")

    def free_page(self) -> int:
        return 2

    def set_page(self, name: str, page: int | None) -> None:
        assert page is not None
        self.pages[page] = name

    def put(self, officer: str, template: bytes) -> None:
        self.fingers[officer] = template


def test_a_capture_is_judged_before_it_is_decided_upon_and_never_twice() -> None:
    scale, glass = Scale(), Glass()
    hall = Hall([].append, "b1", glass, scale)
    assert hall.before(TAKEN) is None and scale.asked == [TAKEN]
    judged = CaptureTaken(TAKEN.device, TAKEN.modality, TAKEN.transaction, TAKEN.samples, judged=True)
    assert hall.take(JudgedCapture(judged, {"Left Thumb": b"jpeg"})) is judged
    assert glass.seen == [("e-1.thumbs.1", {"Left Thumb": b"jpeg"})]
    assert hall.before(judged) is judged


def test_without_a_judge_the_capture_goes_on() -> None:
    assert Hall([].append, "b1").before(TAKEN) is TAKEN


def test_without_a_loudspeaker_a_call_counts_as_made() -> None:
    put: list[object] = []
    Hall(put.append, "b1").perform(Announce("t1.1", "A-001", "3"))
    assert put == [Announced("t1.1")]


def test_a_page_of_the_reader_is_an_officer_or_nobody() -> None:
    hall = Hall([].append, "b1", officers=Book())
    assert hall.before(FingerFound("finger", 1, 120)) == OfficerSigned("budi", "finger")
    assert hall.before(FingerFound("finger", 9, 120)) == OfficerRefusedSign("", "finger-unknown")


def test_a_stored_finger_becomes_an_encrypted_template_and_its_image_goes_nowhere_else() -> None:
    book, scale = Book(), Scale()
    hall = Hall([].append, "b1", None, scale, None, book, book)
    asked = hall.before(OfficerAsked("r1", "siti", StoreFinger("siti", 0)))
    assert isinstance(asked, OfficerAsked) and asked.action == StoreFinger("siti", 2)
    assert hall.before(FingerStored("finger", 2, b"image")) == FingerStored("finger", 2, b"")
    assert (scale.asked, book.pages[2]) == ([(2, b"image")], "siti")
    assert hall.take(TemplateMade(2, b"minutiae")) is None
    assert book.fingers == {"siti": b"minutiae"}


def test_whoever_asked_is_answered_after_the_picture_that_shows_it() -> None:
    glass, office = Glass(), Office()
    hall = Hall([].append, "b1", glass)
    hall.show(office.state, 100.0, halted=False)
    hall.perform(Answer("r1"))
    hall.show(office.state, 100.0, halted=False)
    assert [type(one) for one in glass.seen] == [View, View, Answer]


def test_pictures_do_not_follow_each_other_faster_than_anybody_looks() -> None:
    glass, office = Glass(), Office()
    hall = Hall([].append, "b1", glass)
    for step in range(10):
        office.see(WokeUp())
        hall.show(office.state, 100.0 + step * SHOW_S / 5, halted=False)
    assert len(glass.seen) == 2
    due = hall.next_wakeup()
    assert due is not None and due <= 100.0 + AGAIN_S + 10 * SHOW_S


def test_an_officer_who_was_removed_is_signed_out() -> None:
    put: list[object] = []
    office, book = Office(), Book()
    hall = Hall(put.append, "b1", Glass(), officers=book)
    office.see(OfficerSigned("budi", "pin"))
    hall.show(office.state, 100.0, halted=False)
    assert put == []
    book.pages.clear()
    hall.show(office.state, 102.0, halted=False)
    assert put == [OfficerSigned("budi", "out")]
