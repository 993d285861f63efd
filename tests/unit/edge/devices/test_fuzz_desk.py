"""Whatever comes from a finger reader or a camera: no driver raises, grows without bound or wakes without end."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from functools import partial

import pytest

from contract.messages import Modality
from edge.core.events import CaptureFailed, CaptureTaken, DeviceLost, DeviceOnline, Event, FrameRejected
from edge.core.events_desk import FingerFound, FingerRefused, FingerStored, FingerWanted
from edge.core.requests import DeleteFinger, EnrolFinger, IdentifyFinger, Request, StartCapture, StopCapture, StopFinger
from edge.devices import Device
from edge.devices.vc0706 import Vc0706
from edge.devices.zfm import Zfm
from hardware.simulators.vc0706 import BOOT, Camera
from hardware.simulators.zfm import FingerModule
from hardware.simulators.zfm_packets import ACK, DATA, END, packet, template
from tests.tools.fuzz import inputs, rounds
from tests.unit.edge.devices.test_fuzz_decoders import held, keepable, portions
from tests.unit.edge.devices.together import Together

LIFE = 200
_ack = partial(packet, 0xFFFFFFFF, ACK)
PHOTO = StartCapture(Modality.PHOTO, "p.photo.1", 5.0, 0)


def finger_line() -> Together:
    module = FingerModule()
    module.library[1] = template("1/sari/right-index", "2")
    module.put_finger("1/sari/right-index/1")
    return Together(Zfm("finger"), module)


class QuickCamera(Camera):
    """What it freezes is no drawing, only something with a JPEG's beginning and end."""

    def _freeze(self) -> None:
        self.shots += 1
        self.frozen = self._memory = b"\xff\xd8" + self.shots.to_bytes(4, "big") * 511 + b"\xff\xd9"


def camera_line() -> Together:
    return Together(Vc0706("camera"), QuickCamera(boot_s=0.01))


@dataclasses.dataclass(frozen=True)
class Line:
    """A driver with its device, good bytes, what it is asked, what must be understood, and the most that it holds."""

    make: Callable[[], Together]
    good: tuple[bytes, ...]
    requests: tuple[Request, ...]
    meant: frozenset[type[Event]]
    most: int


LINES = {
    "zfm": Line(
        finger_line,
        (
            _ack(b"\x00"),
            _ack(b"\x02"),
            _ack(b"\x00\x00\x05\x00\x64"),
            _ack(b"\x00" + bytes.fromhex("0004 0009 00a2 0003 ffffffff 0002 0006")),
            _ack(b"\x13"),
            _ack(b"\x21"),
            packet(0xFFFFFFFF, DATA, bytes(128)),
            packet(0xFFFFFFFF, END, bytes(128)),
        ),
        (IdentifyFinger(3.0), EnrolFinger(1, 3.0), EnrolFinger(2, 9.0), DeleteFinger(1), StopFinger()),
        frozenset({DeviceOnline, DeviceLost, FrameRejected, FingerWanted, FingerFound, FingerRefused, FingerStored}),
        128 * 1024,
    ),
    "vc0706": Line(
        camera_line,
        (
            b"\x76\x00\x11\x00\x0bVC0703 1.00",
            b"\x76\x00\x36\x00\x00",
            b"\x76\x00\x34\x00\x04\x00\x00\x10\x00",
            b"\x76\x00\x34\x00\x04\x7f\xff\xff\xff",
            b"\x76\x00\x32\x00\x00" + b"\xff\xd8" + bytes(1020) + b"\xff\xd9" + b"\x76\x00\x32\x00\x00",
            b"\x76\x00\x32\x04\x00",
            BOOT,
        ),
        (PHOTO, PHOTO, StopCapture()),
        frozenset({DeviceOnline, DeviceLost, CaptureTaken, CaptureFailed, FrameRejected}),
        512 * 1024,
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_fuzz_no_bytes_upset_a_driver(name: str) -> None:
    line = LINES[name]
    chance = random.Random(name)
    heard: set[type[Event]] = set()
    both = line.make()
    for number, data in enumerate(inputs(line.good, rounds(), seed=len(name))):
        if number % LIFE == 0:
            both = line.make().open()
        driver: Device = both.driver
        dice = chance.random()
        if dice < 0.02:
            both.close().open()
        elif dice < 0.2:
            both.ask(chance.choice(line.requests))
        # Without an answer for a while, with one for a while: every state is met by noise.
        both.meddle = (lambda said: b"") if number % LIFE > LIFE * 3 // 4 else (lambda said: said)
        for portion in portions(data, chance) if chance.random() < 0.5 else ():
            both.feed(portion)
        both.wait(chance.choice((0.0, 0.001, 0.01, 0.3, 1.0, 2.0)))
        keepable(both.said)
        heard |= {type(event) for event in both.said}
        both.said.clear()
        if number % 50 == 0:
            assert held(driver) <= line.most
    assert heard >= line.meant, "the good bytes among them were never understood: the test proves nothing"


@pytest.mark.parametrize("name", LINES)
def test_fuzz_an_endless_stream_stays_bounded(name: str) -> None:
    line = LINES[name]
    for stuff in (b"\x00", b"\xff", b"\xef\x01", b"\x76\x00", b"\x55", *line.good):
        driver = line.make().driver
        driver.opened(0.0)
        for request in line.requests:
            driver.send(request, 0.0)
        for step in range(60):
            driver.receive(stuff * (1 + 4096 // len(stuff)), step * 0.001)
            driver.outgoing()
        assert held(driver) <= line.most
