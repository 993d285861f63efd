"""An invented booth behind the screen: pictures of all its states, and a stand-in that answers what is asked."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PIL import Image, ImageDraw

from contract.desk import ExceptionKind, PaperState, Precedence, Service, Standing, TicketState
from contract.messages import DeviceState, Modality, Supply
from edge.core import actions as act
from edge.core.commands import Answer
from edge.core.events import Event
from edge.core.events_desk import OfficerAsked, OfficerSigned
from edge.core.refusals import Refusal, refuse
from edge.core.settings import DEFAULT_ORDER
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
from edge.screen.app import Screen
from edge.screen.security import SignIn

RIGHT = tuple(f"Right {name}Finger" for name in ("Index", "Middle", "Ring", "Little"))
SUBTYPES = {
    Modality.PHOTO: ("Face",),
    Modality.SIGNATURE: ("Signature",),
    Modality.RIGHT_FOUR: RIGHT,
    Modality.LEFT_FOUR: tuple(name.replace("Right", "Left") for name in RIGHT),
    Modality.THUMBS: ("Left Thumb", "Right Thumb"),
    Modality.IRIS: ("Left", "Right"),
}
NIK = "3526014101900001"


def ticket(
    number: str, service: Service = Service.NEW, state: TicketState = TicketState.WAITING, **more: Any
) -> TicketView:
    """One ticket of today; its id is `t-<number>`."""
    plain = {
        "id": f"t-{number}",
        "number": number,
        "service": service,
        "precedence": Precedence.NONE,
        "state": state,
        "paper": PaperState.PRINTED,
        "issued_at": time.time() - 900,
    }
    return TicketView(**{**plain, **more})


def waiting(minutes: float) -> Wait:
    return Wait(minutes * 60, minutes * 40, minutes * 100)


def devices(bad: bool = False) -> tuple[DeviceView, ...]:
    """The booth's devices; one of them lost when `bad`."""
    kinds = {"camera": "sbi", "fingers": "sbi", "iris": "sbi", "pad": "topaz", "printer": "evolis", "ups": "megatec"}
    found = {name: DeviceView(name, kind, DeviceState.OK) for name, kind in {**kinds, "scanner": "scanner"}.items()}
    if bad:
        found["fingers"] = DeviceView(
            "fingers",
            "sbi",
            DeviceState.LOST,
            "the device's service does not answer",
            "Check that the device's service (SBI) runs on this controller and that its USB cable is in.",
        )
    return tuple(found.values())


def queue(**more: Any) -> QueueView:
    """A morning's queue."""
    plain: dict[str, Any] = {
        "day": "2026-11-24",
        "open": True,
        "given": 31,
        "capacity": 100,
        "waiting": (
            ticket("A-028", precedence=Precedence.ELDERLY, wait=waiting(6), enrolment="e-28", nik_end="0007"),
            ticket("A-029", wait=waiting(14)),
            ticket("B-006", Service.LOST, wait=waiting(9)),
            ticket("A-030", wait=waiting(26), precedence=Precedence.PREGNANT),
            ticket("D-002", Service.CHANGE, wait=None),
            ticket("E-011", Service.PICKUP, wait=waiting(4)),
            *(ticket(f"A-0{n}", wait=waiting(14 * (n - 29))) for n in range(31, 36)),
        ),
        "called": (
            ticket(
                "A-027", state=TicketState.CALLED, place="1", calls=2, called_s=75, enrolment="e-27", nik_end="0001"
            ),
        ),
        "present": (
            ticket("A-026", state=TicketState.PRESENT, place="1", calls=1, called_s=300, enrolment="e-26"),
            ticket("C-004", Service.DAMAGED, TicketState.PRESENT, place="2", calls=1, called_s=180),
        ),
        "skipped": (ticket("A-021", state=TicketState.SKIPPED, calls=3, called_s=1500),),
        "area_taken": 2,
        "waits": {service: waiting(10 + 5 * n) for n, service in enumerate(Service)},
        "served": 24,
        "error_median_s": 190,
        "error_p90_s": 640,
    }
    return QueueView(**{**plain, **more})


def recording(modality: Modality = Modality.RIGHT_FOUR, **more: Any) -> RecordingView:
    """The recording of A-026 at a modality, before its first try."""
    at = DEFAULT_ORDER.index(modality)
    states = ["done"] * at + ["present"] + ["ahead"] * (len(DEFAULT_ORDER) - at - 1)
    plain: dict[str, Any] = {
        "enrolment": "e-26",
        "ticket": "t-A-026",
        "number": "A-026",
        "nik": NIK,
        "kk": "3526010101100001",
        "standing": Standing.ELIGIBLE,
        "standing_reason": "",
        "steps": tuple(StepView(m, s, int(s == "done")) for m, s in zip(DEFAULT_ORDER, states, strict=True)),
        "modality": modality,
        "device": {Modality.PHOTO: "camera", Modality.SIGNATURE: "pad", Modality.IRIS: "iris"}.get(modality, "fingers"),
        "device_state": DeviceState.OK,
        "device_error": "",
        "device_remedy": "",
        "parts": tuple(PartView(name) for name in SUBTYPES[modality]),
        "tries": (),
        "attempts_left": 3,
        "threshold": 40,
        "nfiq2_threshold": 30,
        "capturing": False,
        "judging": False,
        "since_s": None,
        "limit_s": 10.0,
        "error": "",
        "remedy": "",
        "may_accept_poor": False,
    }
    return RecordingView(**{**plain, **more})


def poor_recording() -> RecordingView:
    """Three tries of the right four, two fingers bad, one bandaged: the officer must say how it goes on."""
    parts = (
        PartView(RIGHT[0], 31, 22, False),
        PartView(RIGHT[1], 72, 61, True),
        PartView(RIGHT[2], 38, 27, False),
        PartView(RIGHT[3], None, None, None, ExceptionKind.BANDAGED, False),
    )
    reason = "below 40: Right IndexFinger 31, Right RingFinger 38"
    tries = (
        AttemptView(1, False, 18, "the device did not answer in time"),
        AttemptView(2, False, 31, reason, best=True),
        AttemptView(3, False, 27, reason),
    )
    return recording(parts=parts, tries=tries, attempts_left=0, may_accept_poor=True)


def view(**more: Any) -> View:
    """A calm booth in the morning."""
    plain: dict[str, Any] = {
        "version": 1,
        "wall": time.time(),
        "booth": "bangkalan-1",
        "link": True,
        "power": PowerView(Supply.ON_MAINS, 3_600, 100),
        "queue": queue(),
        "applicants": (
            ApplicantView("e-26", "t-A-026", "A-026", "0001", "0001", "waiting", Standing.ELIGIBLE),
            ApplicantView("e-28", "t-A-028", "A-028", "0007", "0003", "waiting", Standing.UNASKED),
        ),
        "sent": (SentView("e-20", "A-020", "0044", True), SentView("e-25", "A-025", "0031", False)),
        "basket": (CardView("e-11", "A-011", "0012", 5_400), CardView("e-14", "A-014", "0102", 1_200)),
        "devices": devices(),
        "desks": (act.Desk.RECORDING, act.Desk.FRONT),
        "services": tuple(Service),
        "place": {act.Desk.RECORDING: "1", act.Desk.FRONT: "2"},
    }
    return View(**{**plain, **more})


def views() -> dict[str, View]:
    """All states that a page is made for."""
    stuck = (
        ApplicantView(
            "e-26", "t-A-026", "A-026", "0001", "0001", "waiting", Standing.UNKNOWN, "", refuse("unknown-nik")
        ),
        ApplicantView("e-28", "", "", "0007", "0003", "waiting", Standing.ENROLLED, "", refuse("enrolled")),
        ApplicantView("e-24", "t-A-024", "A-024", "0131", "0131", "assembling", Standing.ELIGIBLE),
    )
    battery = PowerView(
        Supply.ON_BATTERY,
        840,
        62,
        False,
        "the battery lasts 14 min, and 16 min are needed to finish: wait for the mains",
        False,
        "mains are out: a card is not begun without them",
        1_260,
    )
    uncertain = (ticket("A-031", paper=PaperState.UNCERTAIN),)
    good = tuple(PartView(name, 62 + 7 * n, 48 + 5 * n, True) for n, name in enumerate(RIGHT))
    return {
        "calm": view(),
        "empty": view(queue=QueueView(open=True, capacity=100), applicants=(), sent=(), basket=()),
        "ready": view(recording=recording()),
        "capturing": view(recording=recording(capturing=True, since_s=3.0)),
        "good": view(recording=recording(parts=good, tries=(AttemptView(1, True, 62, best=True),), attempts_left=2)),
        "poor": view(recording=poor_recording()),
        "photo": view(recording=recording(Modality.PHOTO, threshold=90)),
        "signature": view(recording=recording(Modality.SIGNATURE, threshold=0)),
        "left": view(recording=recording(Modality.LEFT_FOUR)),
        "thumbs": view(recording=recording(Modality.THUMBS, standing=Standing.UNASKED)),
        "iris": view(
            recording=recording(
                Modality.IRIS,
                threshold=60,
                parts=(PartView("Left", 71, None, True), PartView("Right", 44, None, False)),
                tries=(AttemptView(1, False, 44, "below 60: Right 44", True),),
                attempts_left=2,
            )
        ),
        "trouble": view(
            devices=devices(bad=True),
            recording=recording(
                device_state=DeviceState.LOST,
                device_error="the device's service does not answer",
                device_remedy=devices(bad=True)[1].remedy,
            ),
        ),
        "battery": view(power=battery, link=False, outbox=143, packets=2, applicants=stuck),
        "offline": view(
            link=False,
            outbox=4021,
            packets=38,
            refusal=refuse("packets-full", packets=500),
            queue=queue(uncertain=uncertain, paper_low=True, speaker_error="the loudspeaker does not work"),
            devices=devices(bad=True),
        ),
        "closed": view(
            queue=queue(open=False, closed_why=refuse("closed", opens="Rabu 08:00"), waiting=()), applicants=()
        ),
        "halted": view(power=PowerView(Supply.OFF, 0, 3, False, "", False, ""), halted=True),
    }


def thumbnail(words: str) -> bytes:
    """A small grey JPEG."""
    image = Image.new("L", (160, 200), 205)
    draw = ImageDraw.Draw(image)
    for ring in range(8, 90, 7):
        draw.arc((80 - ring, 110 - ring, 80 + ring, 110 + ring * 1.3), 180, 360, fill=70, width=3)
    draw.text((10, 4), words, fill=0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


class Officers:
    """Who may sign in, with invented PINs."""

    def __init__(self, pins: dict[str, str]) -> None:
        self.pins = pins

    def names(self) -> tuple[str, ...]:
        return tuple(self.pins)

    def check(self, name: str, pin: str) -> bool:
        return self.pins.get(name) == pin

    def trouble(self) -> str:
        return ""

    def wait_s(self, name: str) -> float:
        return 0.0

    def free_page(self) -> int:
        return 7


class StandIn:
    """A booth that answers at once: it notes what is asked, refuses what it was told to, and shows what came of it."""

    def __init__(
        self, shown: View, pins: dict[str, str] | None = None, sign: SignIn | None = None, **settings: Any
    ) -> None:
        self.view = shown
        self.asked: list[OfficerAsked] = []
        self.events: list[Event] = []
        self.refusals: dict[type[act.Action], Refusal] = {}
        self.given: dict[type[act.Action], str] = {}
        self.silent = False
        self._lock = threading.Lock()
        self.sign = sign or Officers(dict(pins or {}))
        self.screen = Screen("127.0.0.1", settings.pop("port", 0), self.put, self.sign, **settings)

    def __enter__(self) -> StandIn:
        self.screen.start()
        self.show()
        return self

    def __exit__(self, *_: object) -> None:
        self.screen.stop()

    def reset(self, shown: View) -> None:
        """Begin anew with another picture."""
        self.asked.clear()
        self.events.clear()
        self.refusals.clear()
        self.given.clear()
        self.silent = False
        self.view = shown
        self.show()

    def show(self, **changed: Any) -> None:
        """Something of the picture has changed."""
        with self._lock:
            self.view = replace(self.view, version=self.view.version + 1, wall=time.time(), **changed)
            self.screen.show(self.view)

    def put(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, OfficerSigned):
            self.show(officer=event.officer if event.how != "out" else "")
            self.screen.answered(Answer(event.reply))
        if not isinstance(event, OfficerAsked):
            return
        self.asked.append(event)
        if self.silent:
            return
        refusal = self.refusals.get(type(event.action))
        given = self.given.get(type(event.action), "")
        if refusal is None:
            change = CHANGES.get(type(event.action))
            if change is not None:
                self.show(**change(self.view, event.action))
        self.screen.answered(Answer(event.reply, refusal, given))


def _called(shown: View, action: act.CallNext) -> dict[str, Any]:
    queue = shown.queue
    found = next(one for one in queue.waiting if act.desk_of(one.service) is action.desk)
    called = replace(found, state=TicketState.CALLED, place=shown.place[action.desk], calls=1, called_s=0.0)
    rest = tuple(one for one in queue.waiting if one is not found)
    return {"queue": replace(queue, waiting=rest, called=(called, *queue.called), area_taken=queue.area_taken + 1)}


def _arrived(shown: View, action: act.Arrive) -> dict[str, Any]:
    queue = shown.queue
    found = next(one for one in queue.called if one.id == action.ticket)
    rest = tuple(one for one in queue.called if one is not found)
    present = (*queue.present, replace(found, state=TicketState.PRESENT))
    return {"queue": replace(queue, called=rest, present=present)}


def _begun(shown: View, action: act.Begin) -> dict[str, Any]:
    return {"recording": recording(Modality.PHOTO, enrolment=action.enrolment, threshold=90), "applicants": ()}


def _capture(shown: View, action: act.Capture) -> dict[str, Any]:
    """Every first try is good: the recording is at the next step at once."""
    assert shown.recording is not None
    at = DEFAULT_ORDER.index(shown.recording.modality) + 1
    if at < len(DEFAULT_ORDER):
        return {"recording": recording(DEFAULT_ORDER[at], enrolment=shown.recording.enrolment)}
    return {"recording": None, "sent": (SentView(shown.recording.enrolment, "A-026", "0001", False), *shown.sent)}


CHANGES: dict[type[act.Action], Callable[[View, Any], dict[str, Any]]] = {
    act.CallNext: _called,
    act.Arrive: _arrived,
    act.Begin: _begun,
    act.Capture: _capture,
    act.CancelRecording: lambda shown, action: {"recording": None},
}
