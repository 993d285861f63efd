"""Captures of simulated devices over real sockets: judged as they deserve, and got over whatever the device does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import pytest

from contract.messages import Modality
from edge.adapters.items import JudgedCapture, PortClosed, PortData, PortOpened, TemplateMade
from edge.adapters.judge import Judge
from edge.adapters.serial_port import Line, SerialPort
from edge.core.events import CaptureFailed, CaptureTaken, DeviceFault, DeviceLost, DeviceOnline, Event
from edge.core.requests import StartCapture
from edge.devices import sbi
from edge.devices.sbi import Sbi
from hardware.rig.sbi_server import SbiServer
from hardware.simulators.pictures import fingerprint
from hardware.simulators.sbi import SbiDevice

E = TypeVar("E", bound=Event)
PATIENCE_S = 20.0
SLAP = (Modality.RIGHT_FOUR, Modality.LEFT_FOUR, Modality.THUMBS)


class Counter:
    """A device, its port and its driver, as the booth's loop runs them."""

    def __init__(self, device: SbiDevice, takes: tuple[Modality, ...]) -> None:
        self.device = device
        self.server = SbiServer()
        self.server.add(device)
        self.server.start()
        self.driver = Sbi("device", device.port, takes, poll_s=0.3)
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        url = f"socket://127.0.0.1:{device.port}"
        self.port = SerialPort("device", url, Line(), self.inbox.put, renew_s=0.4)
        self.port.start()
        self.session = 0
        self.said: list[Event] = []
        self.asked = 0

    def close(self) -> None:
        self.port.stop()
        self.server.close()

    def capture(
        self, modality: Modality, timeout_s: float = 5.0, previous: str = "", without: tuple[str, ...] = ()
    ) -> CaptureTaken | CaptureFailed:
        self.asked += 1
        transaction = f"aa11bb22cc33-7.{modality.value}.{self.asked}"
        request = StartCapture(modality, transaction, timeout_s, 40, previous, without)
        self._after(self.driver.send(request, time.monotonic()))
        return self.until(CaptureTaken, CaptureFailed)  # type: ignore[type-var, return-value]

    def until(self, *kinds: type[E]) -> E:
        """The next thing of these kinds that the driver says."""
        end = time.monotonic() + PATIENCE_S
        while True:
            for at, event in enumerate(self.said):
                if isinstance(event, kinds):
                    del self.said[: at + 1]
                    return event
            now = time.monotonic()
            assert now < end, f"the driver only said {self.said}"
            due = self.driver.next_wakeup()
            if due is not None and due <= now:
                self._after(self.driver.wakeup(now))
                continue
            try:
                item = self.inbox.get(timeout=min(end, due or end) - now)
            except Empty:
                continue
            now = time.monotonic()
            match item:
                case PortOpened(session=session):
                    self.session = session
                    self._after(self.driver.opened(now))
                case PortData(data=data):
                    self._after(self.driver.receive(data, now))
                case PortClosed(error=error):
                    self._after(self.driver.closed(now, error))

    def _after(self, events: list[Event]) -> None:
        self.said += events
        out = self.driver.outgoing()
        if out:
            self.port.write(self.session, out)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Counter]]:
    monkeypatch.setattr(sbi, "ANSWER_S", 1.5)
    monkeypatch.setattr(sbi, "QUIET_S", 0.1)
    monkeypatch.setattr(sbi, "REOPEN_S", 0.5)
    made: list[Counter] = []

    def make(kind: str, takes: tuple[Modality, ...], **options: Any) -> Counter:
        device = SbiDevice(kind, port=0, capture_s=0.01, **{"bad_rate": 0.0, **options})
        made.append(Counter(device, takes))
        made[-1].until(DeviceOnline)
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def judge() -> Iterator[tuple[Judge, SimpleQueue[Any], dict[str, bytes]]]:
    inbox: SimpleQueue[Any] = SimpleQueue()
    officers: dict[str, bytes] = {}
    one = Judge(lambda: officers, inbox.put, limit_s=PATIENCE_S)
    yield one, inbox, officers
    one.stop()


Judging = tuple[Judge, "SimpleQueue[Any]", dict[str, bytes]]


def judged(judging: Judging, taken: CaptureTaken | CaptureFailed) -> JudgedCapture:
    assert isinstance(taken, CaptureTaken), taken
    judging[0].ask(taken)
    item = judging[1].get(timeout=PATIENCE_S)
    assert isinstance(item, JudgedCapture)
    return item


def test_real_pictures_are_judged_finger_by_finger(counter: Callable[..., Counter], judge: Judging) -> None:
    one = counter("Finger", SLAP, pictures=True, person=4)
    fine = judged(judge, one.capture(Modality.THUMBS))
    assert fine.reasons == {}
    assert all(sample.nfiq2 is not None and sample.nfiq2 >= 40 for sample in fine.taken.samples)
    assert set(fine.thumbnails) == {"Left Thumb", "Right Thumb"}
    one.server.call(lambda: one.device.fault("bad-finger"))
    poor = judged(judge, one.capture(Modality.THUMBS, previous=fine.taken.hash))
    bad, good = sorted(sample.nfiq2 or 0 for sample in poor.taken.samples)
    assert bad < 40 <= good


def test_an_officer_who_records_himself_is_found(counter: Callable[..., Counter], judge: Judging) -> None:
    one, inbox, officers = judge
    officer, applicant, finger = 7, 8, "Right Thumb"
    one.make_template(1, fingerprint.sensor_image(0, officer, finger, 5).tobytes())
    made = inbox.get(timeout=PATIENCE_S)
    assert isinstance(made, TemplateMade) and made.error == ""
    officers["siti"] = made.template
    slap = counter("Finger", SLAP, pictures=True, person=officer)
    assert judged(judge, slap.capture(Modality.THUMBS, without=("Left Thumb",))).taken.officer == "siti"
    slap.device.person = applicant
    assert judged(judge, slap.capture(Modality.THUMBS, without=("Left Thumb",))).taken.officer == ""
    officers.clear()


@pytest.mark.parametrize(("kind", "modality"), [("Face", Modality.PHOTO), ("Iris", Modality.IRIS)])
def test_faces_and_eyes_are_shown_small(
    counter: Callable[..., Counter], judge: Judging, kind: str, modality: Modality
) -> None:
    capture = judged(judge, counter(kind, (modality,), pictures=True).capture(modality))
    assert capture.reasons == {}
    assert set(capture.thumbnails) == {sample.subtype for sample in capture.taken.samples}
    assert all(0 < len(small) <= 20_000 for small in capture.thumbnails.values())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing", "exactly what is asked"),
        ("wrong-hand", "right way up"),
        ("broken-chain", "between the device and this program"),
        ("wrong-transaction", "restart the device's service"),
        ("timeout", "Nothing was captured in time"),
        ("drop", "service (SBI) runs"),
        ("hang", "service (SBI) runs"),
    ],
)
def test_a_capture_that_fails_says_what_to_do_and_the_next_one_works(
    counter: Callable[..., Counter], fault: str, words: str
) -> None:
    one = counter("Finger", SLAP)
    one.server.call(lambda: one.device.fault(fault))
    failed = one.capture(Modality.THUMBS, timeout_s=0.2 if fault in ("timeout", "hang") else 5.0)
    assert isinstance(failed, CaptureFailed), "nothing is taken"
    assert words in failed.remedy
    assert isinstance(one.capture(Modality.THUMBS), CaptureTaken), "without any restart"


def test_a_device_that_is_unplugged_is_lost_and_found(counter: Callable[..., Counter]) -> None:
    one = counter("Finger", SLAP)
    one.server.call(lambda: one.device.fault("unplugged", -1))
    assert "USB" in one.until(DeviceLost).remedy
    one.server.call(lambda: one.device.fault("unplugged", 0))
    one.until(DeviceOnline)
    assert isinstance(one.capture(Modality.THUMBS), CaptureTaken)


@pytest.mark.parametrize("status", ["Not Ready", "Not Registered"])
def test_a_device_that_cannot_work_now_is_a_fault_until_it_can(counter: Callable[..., Counter], status: str) -> None:
    one = counter("Finger", SLAP)
    one.server.call(lambda: setattr(one.device, "status", status))
    assert one.until(DeviceFault).remedy
    assert isinstance(one.capture(Modality.THUMBS), CaptureFailed)
    one.server.call(lambda: setattr(one.device, "status", "Ready"))
    one.until(DeviceOnline)
    assert isinstance(one.capture(Modality.THUMBS), CaptureTaken)
