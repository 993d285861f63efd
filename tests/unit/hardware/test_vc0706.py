"""What a VC0706 camera says, by its maker's manual."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from hardware.simulators.vc0706 import BOOT, SIZES, Camera, picture


class Host:
    """Sends commands and waits for what the camera says."""

    def __init__(self, camera: Camera) -> None:
        self.camera, self.now = camera, 0.0

    def say(self, command: str) -> bytes:
        out = self.camera.receive(bytes.fromhex(command), self.now)
        while (at := self.camera.next_wakeup()) is not None:
            self.now = max(self.now, at)
            out += self.camera.wakeup(self.now)
        return out

    def length(self) -> int:
        answer = self.say("56 00 34 01 00")
        assert answer.startswith(bytes.fromhex("76 00 34 00 04"))
        return int.from_bytes(answer[5:], "big")

    def photo(self) -> bytes:
        assert self.say("56 00 36 01 00") == bytes.fromhex("76 00 36 00 00")
        count = self.length()
        answer = self.say(f"56 00 32 0c 00 0a 00000000 {count:08x} 000a")
        head = bytes.fromhex("76 00 32 00 00")
        assert answer.startswith(head) and answer.endswith(head) and len(answer) == count + 10
        return answer[5:-5]


def host() -> Host:
    return Host(Camera())


def test_a_version_and_a_start_are_told() -> None:
    assert host().say("56 00 11 00") == b"\x76\x00\x11\x00\x0bVC0703 1.00"
    assert host().say("56 00 26 00") == b"\x76\x00\x26\x00\x00" + BOOT


def test_the_serial_number_comes_back() -> None:
    assert host().say("56 05 36 01 03") == bytes.fromhex("76 05 36 00 00")


def test_a_photo_is_a_jpeg_whose_length_is_a_multiple_of_eight() -> None:
    data = host().photo()
    assert len(data) % 8 == 0 and data.startswith(b"\xff\xd8") and b"\xff\xd9" in data[-9:]
    assert Image.open(io.BytesIO(data)).size == (640, 480)


def test_pieces_make_the_whole() -> None:
    one = host()
    whole = one.photo()
    pieces = [one.say(f"56 00 32 0c 00 0a {at:08x} 00000040 000a")[5:-5] for at in range(0, len(whole), 64)]
    assert b"".join(pieces)[: len(whole)] == whole


def test_a_frozen_frame_stays_until_it_is_let_go() -> None:
    one = host()
    first = one.photo()
    one.camera.sit("budi")
    assert one.photo() == first
    one.say("56 00 36 01 03")
    assert one.length() == 0
    assert one.photo() != first


def test_without_a_frozen_frame_there_is_nothing_to_read() -> None:
    assert host().say("56 00 32 0c 00 0a 00000000 00000040 000a") == bytes.fromhex("76 00 32 04 00")


def test_wrong_commands_are_told_apart() -> None:
    assert host().say("56 00 99 00")[3] == 1
    assert host().say("56 00 36 02 00 00")[3] == 2
    assert host().say("56 00 36 01 09")[3] == 3


@pytest.mark.parametrize("code", SIZES)
def test_the_size_in_the_eeprom_holds_from_the_next_start_on(code: int) -> None:
    one = host()
    assert one.say(f"56 00 31 05 04 01 00 19 {code:02x}") == bytes.fromhex("76 00 31 00 00")
    assert one.say("56 00 30 04 04 01 00 19") == bytes((0x76, 0, 0x30, 0, 1, code))
    assert Image.open(io.BytesIO(one.photo())).size == (640, 480)
    one.say("56 00 26 00")
    assert Image.open(io.BytesIO(one.photo())).size == SIZES[code]


def test_downsizing_holds_at_once_and_a_start_ends_it() -> None:
    one = host()
    one.say("56 00 54 01 11")
    assert one.say("56 00 55 00")[-1] == 0x11
    assert Image.open(io.BytesIO(one.photo())).size == (320, 240)
    one.say("56 00 26 00")
    assert Image.open(io.BytesIO(one.photo())).size == (640, 480)


def test_stronger_compression_makes_a_shorter_photo() -> None:
    one = host()
    before = one.photo()
    one.say("56 00 36 01 03")
    one.say("56 00 31 05 01 01 12 04 ff")
    assert len(one.photo()) < len(before) / 2


def test_power_takes_the_frame_and_leaves_the_eeprom() -> None:
    one = host()
    one.say("56 00 31 05 04 01 00 19 22")
    one.photo()
    one.camera.power_off()
    assert one.say("56 00 11 00") == b""
    one.camera.power_on(one.now)
    assert one.say("") == BOOT
    assert one.length() == 0
    other = Camera()
    other.restore(json.loads(json.dumps(one.camera.snapshot())))
    assert Image.open(io.BytesIO(Host(other).photo())).size == (160, 120)


def test_the_baud_rate_is_set_by_its_divider() -> None:
    one = host()
    assert one.say("56 00 24 03 01 0d a6") == bytes.fromhex("76 00 24 00 00") and one.camera.baud == 115200
    assert one.say("56 00 24 03 01 00 01")[3] == 3


def test_people_and_shots_look_different() -> None:
    shots = {picture(who, shot, 160, 120, 70) for who in ("sari", "budi") for shot in (1, 2)}
    assert len(shots) == 4
