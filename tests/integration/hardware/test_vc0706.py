"""Adafruit's VC0706 library, a driver written by others, takes photos with the simulated camera over a pty."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial
from adafruit_vc0706 import VC0706, IMAGE_SIZE_320x240
from PIL import Image

from hardware.rig.ptys import PtyServer
from hardware.simulators.vc0706 import BOOT, Camera


@dataclass
class Bench:
    """A camera on a port, and the library's view of it."""

    camera: Camera
    server: PtyServer
    library: VC0706
    port: serial.Serial

    def photo(self) -> bytes:
        """Takes a photo and reads it in pieces of 64 bytes, as the library's example does."""
        assert self.library.take_picture()
        # It flushes before each command until its time is out; the pieces come without that.
        length = self.library.frame_length
        data = b""
        while len(data) < length:
            piece = bytearray(min(64, length - len(data)))
            assert self.library.read_picture_into(piece) == len(piece)
            data += piece
        assert self.library.resume_video()
        return data


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    camera, path = Camera(boot_s=0.02), tmp_path / "by-id" / "camera"
    camera.sit("sari")
    with PtyServer() as server:
        server.add("camera", camera, path)
        with serial.Serial(str(path), 38400, timeout=0.1) as port:
            library = VC0706(port)
            port.read_until(b"Init end\r\n")
            yield Bench(camera, server, library, port)


def test_the_library_reads_the_version(bench: Bench) -> None:
    assert "VC0703 1.00" in bench.library.version


def test_the_library_takes_whole_photos_that_differ(bench: Bench) -> None:
    first = bench.photo()
    bench.camera.sit("budi")
    second = bench.photo()
    for data in (first, second):
        image = Image.open(io.BytesIO(data))
        image.load()
        assert image.size == (640, 480)
    assert first != second


def test_without_resuming_the_camera_shows_the_same_picture_again(bench: Bench) -> None:
    assert bench.library.take_picture()
    length, shots = bench.library.frame_length, bench.camera.shots
    assert bench.library.take_picture() and bench.library.frame_length == length
    assert bench.camera.shots == shots
    assert bench.library.resume_video() and bench.library.frame_length == 0


def test_the_size_that_the_library_sets_holds_from_the_next_start_on(bench: Bench) -> None:
    bench.library.image_size = IMAGE_SIZE_320x240
    assert Image.open(io.BytesIO(bench.photo())).size == (640, 480)
    bench.server.call(bench.camera.power_off)
    bench.server.call(lambda: bench.camera.power_on(bench.server.now()))
    assert bench.port.read_until(b"Init end\r\n") == BOOT
    assert Image.open(io.BytesIO(bench.photo())).size == (320, 240)


def test_the_library_sets_the_baud_rate(bench: Bench) -> None:
    bench.library.baudrate = 115200
    assert bench.camera.baud == 115200
