"""pyfingerprint and Adafruit's library, drivers written by others, use the simulated finger module over a pty."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial
from adafruit_fingerprint import NOFINGER, NOTFOUND, OK, Adafruit_Fingerprint
from PIL import Image
from pyfingerprint.pyfingerprint import PyFingerprint

from hardware.rig.ptys import PtyServer
from hardware.simulators.zfm import FingerModule
from hardware.simulators.zfm_packets import ridges

SARI, BUDI = "1/sari/right-index", "1/budi/right-index"


@dataclass
class Bench:
    """A module on a port."""

    module: FingerModule
    server: PtyServer
    port: Path

    def put(self, token: str) -> None:
        self.server.call(lambda: self.module.put_finger(token))

    def lift(self) -> None:
        self.server.call(self.module.lift)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    module, port = FingerModule(), tmp_path / "by-id" / "finger"
    with PtyServer() as server:
        server.add("finger", module, port)
        yield Bench(module, server, port)


def enrol_with_pyfingerprint(bench: Bench, reader: PyFingerprint, finger: str) -> int:
    for buffer in (1, 2):
        bench.put(f"{finger}/{buffer}")
        assert reader.readImage() and reader.convertImage(buffer)
    assert reader.compareCharacteristics() >= 80 and reader.createTemplate()
    page = reader.storeTemplate()
    assert isinstance(page, int)
    return page


def test_pyfingerprint_enrols_finds_counts_and_deletes(bench: Bench) -> None:
    reader = PyFingerprint(str(bench.port))
    assert reader.verifyPassword()
    assert reader.getSystemParameters()[1:] == (9, 162, 3, 0xFFFFFFFF, 2, 6)
    assert not reader.readImage(), "nobody's finger is there"
    assert enrol_with_pyfingerprint(bench, reader, BUDI) == 0
    assert enrol_with_pyfingerprint(bench, reader, SARI) == 1
    assert reader.getTemplateCount() == 2
    assert reader.getTemplateIndex(0)[:3] == [True, True, False]
    bench.put(f"{SARI}/7")
    assert reader.readImage() and reader.convertImage(1)
    page, score = reader.searchTemplate()
    assert page == 1 and 80 <= score <= 200
    bench.put("1/agus/right-index/1")
    assert reader.readImage() and reader.convertImage(1)
    assert reader.searchTemplate() == (-1, -1)
    assert reader.deleteTemplate(1) and reader.getTemplateCount() == 1
    assert reader.clearDatabase() and reader.getTemplateCount() == 0


def test_pyfingerprint_gets_the_image_of_the_finger(bench: Bench, tmp_path: Path) -> None:
    reader = PyFingerprint(str(bench.port))
    reader.setMaxPacketSize(64)
    bench.put(f"{SARI}/1")
    assert reader.readImage()
    reader.downloadImage(str(tmp_path / "finger.png"))
    image = Image.open(tmp_path / "finger.png")
    assert image.size == (256, 288)
    assert image.tobytes() == bytes(17 * (grey >> 4) for grey in ridges(f"{SARI}/1"))


def test_pyfingerprint_takes_a_template_out_and_puts_it_back(bench: Bench) -> None:
    reader = PyFingerprint(str(bench.port))
    bench.put(f"{SARI}/1")
    assert reader.readImage() and reader.convertImage(1)
    features = reader.downloadCharacteristics(1)
    assert len(features) == 512
    assert reader.uploadCharacteristics(2, features)
    assert reader.compareCharacteristics() >= 80


def test_pyfingerprint_needs_the_password_that_was_set(bench: Bench) -> None:
    reader = PyFingerprint(str(bench.port))
    assert reader.setPassword(0xCAFE)
    bench.server.call(bench.module.power_off)
    bench.server.call(bench.module.power_on)
    assert not PyFingerprint(str(bench.port)).verifyPassword()
    assert PyFingerprint(str(bench.port), password=0xCAFE).verifyPassword()


def test_adafruits_library_enrols_finds_counts_and_deletes(bench: Bench) -> None:
    with serial.Serial(str(bench.port), 57600, timeout=2) as port:
        reader = Adafruit_Fingerprint(port)
        assert (reader.library_size, reader.security_level, reader.data_packet_size) == (162, 3, 2)
        assert reader.get_image() == NOFINGER
        for slot in (1, 2):
            bench.put(f"{SARI}/{slot}")
            assert reader.get_image() == OK and reader.image_2_tz(slot) == OK
        assert reader.create_model() == OK and reader.store_model(9) == OK
        assert reader.count_templates() == OK and reader.template_count == 1
        assert reader.read_templates() == OK and reader.templates == [9]
        bench.put(f"{SARI}/5")
        assert reader.get_image() == OK and reader.image_2_tz(1) == OK
        assert reader.finger_search() == OK
        assert reader.finger_id == 9 and 80 <= (reader.confidence or 0) <= 200
        assert reader.finger_fast_search() == OK and reader.finger_id == 9
        bench.put(f"{BUDI}/1")
        assert reader.get_image() == OK and reader.image_2_tz(1) == OK and reader.finger_search() == NOTFOUND
        assert reader.delete_model(9) == OK and reader.count_templates() == OK and reader.template_count == 0


def test_adafruits_library_gets_the_image_and_lights_the_ring(bench: Bench) -> None:
    with serial.Serial(str(bench.port), 57600, timeout=2) as port:
        reader = Adafruit_Fingerprint(port)
        reader.set_sysparam(6, 3)
        bench.put(f"{SARI}/1")
        assert reader.get_image() == OK
        data = bytes(reader.get_fpdata("image"))
        assert len(data) == 256 * 288 // 2
        assert data[:64] == bytes(a & 0xF0 | b >> 4 for a, b in struct.iter_unpack("BB", ridges(f"{SARI}/1")[:128]))
        assert reader.set_led() == OK
        assert reader.check_module()
        reader.soft_reset()


def test_the_library_of_fingers_survives_a_power_cut(bench: Bench) -> None:
    reader = PyFingerprint(str(bench.port))
    assert enrol_with_pyfingerprint(bench, reader, SARI) == 0
    kept = bench.server.call(bench.module.snapshot)
    bench.server.call(bench.module.power_off)
    bench.server.call(bench.module.power_on)
    assert reader.getTemplateCount() == 1
    other = FingerModule()
    other.restore(kept)
    assert other.library == bench.module.library
