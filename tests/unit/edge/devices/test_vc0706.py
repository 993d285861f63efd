"""A photo is whole and new, or there is none."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from contract.messages import Modality
from edge.core.events import CaptureFailed, CaptureTaken, DeviceLost, DeviceOnline, FrameRejected
from edge.core.requests import CheckPrinter, StartCapture, StopCapture
from edge.devices.vc0706 import Vc0706
from hardware.simulators.vc0706 import Camera
from tests.unit.edge.devices.together import Together

BAUD_38400 = 10 / 38400
READ = b"\x56\x00\x32"


def ask(number: int = 1, modality: Modality = Modality.PHOTO) -> StartCapture:
    return StartCapture(modality, f"p.photo.{number}", 10.0, 0)


class Studio(Together):
    """A camera with its driver, online."""

    def __init__(self, byte_s: float = 0.0) -> None:
        self.camera = Camera()
        self.camera.sit("sari")
        super().__init__(Vc0706("camera"), self.camera, byte_s)
        self.open()

    def taken(self, number: int = 1) -> bytes:
        """The photo of a capture that goes well."""
        self.ask(ask(number))
        done = self.until(CaptureTaken)
        assert done.transaction == f"p.photo.{number}"
        return done.samples[0].value

    def while_reading(self) -> None:
        """Let time pass until the second piece of a picture is asked for."""
        self.written = b""
        for _ in range(100_000):
            if self.written.count(READ) == 2:
                return
            self.wait(0.001)
        raise AssertionError("no picture is read")


def online(byte_s: float = 0.0) -> Studio:
    studio = Studio(byte_s)
    studio.until(DeviceOnline)
    return studio


def test_a_camera_tells_its_version() -> None:
    assert Studio().until(DeviceOnline).details == {"model": "VC0706", "version": "VC0703 1.00", "size": "640x480"}


def test_a_photo_is_a_whole_jpeg_of_what_is_before_the_camera() -> None:
    studio = online(BAUD_38400)
    studio.ask(ask(3))
    done = studio.until(CaptureTaken)
    (sample,) = done.samples
    assert (done.modality, done.transaction) == (Modality.PHOTO, "p.photo.3")
    assert (sample.format, sample.quality, sample.subtype) == ("jpeg", 100.0, "Face")
    assert Image.open(io.BytesIO(sample.value)).size == (640, 480)
    assert sample.value.endswith(b"\xff\xd9"), "nothing that fills the buffer up is part of it"


def test_an_exception_photo_is_taken_likewise() -> None:
    studio = online()
    studio.ask(ask(1, Modality.EXCEPTION_PHOTO))
    assert studio.until(CaptureTaken).modality is Modality.EXCEPTION_PHOTO


def test_each_photo_is_of_who_sits_there_now() -> None:
    studio = online()
    first = studio.taken(1)
    studio.camera.sit("budi")
    second = studio.taken(2)
    assert first != second
    assert studio.camera.frozen is None, "no picture stays in the camera"


def test_a_shorter_photo_has_no_end_of_a_longer_one() -> None:
    studio = online()
    for number in range(6):
        photo = studio.taken(number)
        assert photo.count(b"\xff\xd9") == 1
        Image.open(io.BytesIO(photo)).load()


def test_a_camera_that_keeps_its_old_picture_gives_none() -> None:
    studio = online()
    studio.taken(1)
    studio.camera.stuck = True
    studio.taken(2)
    studio.camera.sit("budi")
    shown = studio.camera.frozen
    assert shown is not None
    # Even starting anew does not help this one.
    studio.camera._forget = lambda: None  # type: ignore[method-assign]
    failed = studio.ask(ask(3)).until(CaptureFailed)
    assert failed.transaction == "p.photo.3" and "old picture" in failed.error and "Unplug" in failed.remedy
    assert not studio.heard(CaptureTaken)


def test_a_camera_that_hangs_on_its_old_picture_is_started_anew() -> None:
    studio = online()
    studio.camera.stuck = True
    first = studio.taken(1)
    studio.camera.sit("budi")
    assert studio.taken(2) != first


def test_a_picture_without_an_end_is_no_photo() -> None:
    studio = online()
    studio.camera.half = True
    failed = studio.ask(ask()).until(CaptureFailed)
    assert "not whole" in failed.error and failed.remedy
    studio.camera.half = False
    assert studio.taken(2)


def test_another_size_is_set_back_to_the_largest() -> None:
    studio = Studio()
    studio.camera._eeprom[0x19] = 0x22
    studio.until(DeviceOnline)
    assert Image.open(io.BytesIO(studio.taken())).size == (640, 480)


def test_a_piece_that_loses_bytes_is_read_again() -> None:
    studio = online()
    hits: list[int] = []

    def meddle(data: bytes) -> bytes:
        if len(data) > 500 and len(hits) < 2:
            hits.append(1)
            return data[:300] + data[310:]
        return data

    studio.meddle = meddle
    photo = studio.taken()
    assert hits and Image.open(io.BytesIO(photo)).size == (640, 480)
    Image.open(io.BytesIO(photo)).load()


def test_noise_before_a_reply_is_passed_over() -> None:
    studio = online()
    studio.meddle = lambda data: b"\x00\x76v\xff" + data if data.startswith(b"\x76") else data
    Image.open(io.BytesIO(studio.taken())).load()
    assert studio.heard(FrameRejected)


def test_a_power_cut_while_the_picture_comes_gives_no_photo_and_the_camera_comes_back() -> None:
    studio = online(BAUD_38400)
    studio.ask(ask())
    studio.while_reading()
    studio.camera.power_off()
    studio.camera.power_on(studio.now)
    failed = studio.until(CaptureFailed)
    assert "without power" in failed.error and failed.remedy
    studio.until(DeviceOnline)
    assert not studio.heard(CaptureTaken)
    assert studio.taken(2)


def test_a_camera_that_goes_dark_fails_the_photo_and_is_lost() -> None:
    studio = online(BAUD_38400)
    studio.ask(ask())
    studio.while_reading()
    studio.camera.power_off()
    assert studio.until(CaptureFailed).remedy
    assert studio.until(DeviceLost).remedy
    assert studio.ask(ask(2)).one(CaptureFailed).transaction == "p.photo.2"
    studio.wait(60)
    assert not studio.heard(DeviceLost), "told once"
    studio.camera.power_on(studio.now)
    assert studio.until(DeviceOnline, within=15)


def test_an_unplugged_camera_fails_the_photo_at_once() -> None:
    studio = online(BAUD_38400)
    studio.ask(ask())
    studio.while_reading()
    studio.close()
    assert studio.one(DeviceLost) and "port is gone" in studio.one(CaptureFailed).error
    assert studio.ask(ask(2)).one(CaptureFailed)
    studio.open()
    studio.until(DeviceOnline)
    assert studio.taken(3)


def test_a_stopped_photo_says_nothing_more_and_leaves_no_picture_in_the_camera() -> None:
    studio = online(BAUD_38400)
    studio.ask(ask())
    studio.while_reading()
    studio.ask(StopCapture())
    studio.wait(30)
    assert not studio.heard(CaptureTaken) and not studio.heard(CaptureFailed)
    assert studio.camera.frozen is None


def test_another_photo_ends_the_present_one() -> None:
    studio = online(BAUD_38400)
    studio.ask(ask(1))
    studio.while_reading()
    studio.ask(ask(2))
    assert studio.one(CaptureFailed).transaction == "p.photo.1"
    assert studio.until(CaptureTaken).transaction == "p.photo.2"


def test_a_photo_that_is_asked_for_while_the_camera_starts_is_taken_then() -> None:
    studio = Studio()
    studio.ask(ask())
    assert studio.until(CaptureTaken)


@pytest.mark.parametrize("boot_s", [0.0, 1.0, 2.9, 5.0])
def test_a_camera_may_start_slowly(boot_s: float) -> None:
    studio = Studio()
    studio.camera.boot_s = boot_s
    studio.until(DeviceOnline)
    assert studio.taken()


def test_a_camera_that_refuses_everything_is_lost_and_found() -> None:
    studio = online()
    studio.camera.refuses = True
    assert "cannot do that now" in studio.ask(ask()).until(CaptureFailed).error
    assert studio.until(DeviceLost).remedy
    studio.camera.refuses = False
    assert studio.until(DeviceOnline)
    assert studio.taken(2)


def test_fingers_are_not_for_a_camera() -> None:
    studio = online()
    assert "thumbs" in studio.ask(ask(1, Modality.THUMBS)).one(CaptureFailed).error
    assert "CheckPrinter" in studio.ask(CheckPrinter()).one(FrameRejected).reason
