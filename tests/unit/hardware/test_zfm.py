"""What a finger module says, by its maker's manual."""

from __future__ import annotations

import json

import pytest

from hardware.simulators.zfm import FingerModule
from hardware.simulators.zfm_packets import Flaw, packet, ridges, template

FF = 0xFFFFFFFF
SARI, BUDI = "1/sari/right-index", "1/budi/right-index"


class Host:
    """Sends commands and waits for what the module says, with sums checked."""

    def __init__(self, module: FingerModule) -> None:
        self.module, self.now = module, 0.0

    def raw(self, data: bytes) -> bytes:
        out = self.module.receive(data, self.now)
        while (at := self.module.next_wakeup()) is not None:
            self.now = max(self.now, at)
            out += self.module.wakeup(self.now)
        return out

    def packets(self, content: bytes, kind: int = 1) -> list[tuple[int, bytes]]:
        data, found = self.raw(packet(FF, kind, content)), []
        while data:
            length = int.from_bytes(data[7:9], "big")
            body, total = data[6 : 7 + length], int.from_bytes(data[7 + length : 9 + length], "big")
            assert data[:6] == b"\xef\x01\xff\xff\xff\xff" and total == sum(body) & 0xFFFF
            found.append((body[0], body[3:]))
            data = data[9 + length :]
        return found

    def say(self, content: str) -> bytes:
        ((kind, answer),) = self.packets(bytes.fromhex(content))
        assert kind == 0x07
        return answer

    def enrol(self, finger: str, page: int) -> None:
        for buffer in (1, 2):
            self.module.put_finger(f"{finger}/{buffer}")
            assert self.say("01") + self.say(f"02 0{buffer}") == b"\0\0"
        assert self.say("05") + self.say(f"06 01 {page:04x}") == b"\0\0"


def host(**flash: int) -> Host:
    return Host(FingerModule(**flash))  # type: ignore[arg-type]


def test_the_frames_are_those_of_the_manual() -> None:
    asked = bytes.fromhex("EF01 FFFFFFFF 01 0007 13 00000000 001B")
    assert packet(FF, 1, bytes.fromhex("13 00000000")) == asked
    assert host().raw(asked) == bytes.fromhex("EF01 FFFFFFFF 07 0003 00 000A")
    assert host().raw(bytes.fromhex("EF01 FFFFFFFF 01 0003 01 0005")) == bytes.fromhex("EF01 FFFFFFFF 07 0003 02 000C")


def test_a_command_in_pieces_is_understood_and_junk_before_it_is_not() -> None:
    one, command = host(), b"\x00\xef\x02" + packet(FF, 1, b"\x0f")
    for at in range(len(command) - 1):
        assert one.module.receive(command[at : at + 1], 0.0) == b""
    assert len(one.raw(command[-1:])) == 28


def test_a_wrong_sum_is_told_and_another_address_is_not_answered() -> None:
    damaged = packet(FF, 1, b"\x01")[:-1] + b"\x00"
    assert host().raw(damaged) == packet(FF, 7, b"\x01")
    assert host().raw(packet(5, 1, b"\x01")) == b""


def test_the_parameters_stand_in_eight_words() -> None:
    assert host(capacity=200, security=5).say("0f").hex() == "00" + "0000 0009 00c8 0005 ffff ffff 0002 0006".replace(
        " ", ""
    )


def test_with_a_password_nothing_is_done_before_it_is_told() -> None:
    one = host(password=7)
    assert one.say("01") == b"\x21"
    assert one.say("13 00000000") == b"\x13" and one.say("01") == b"\x21"
    assert one.say("13 00000007") == b"\x00" and one.say("01") == b"\x02"


def test_a_finger_is_found_by_another_impression_and_nobody_else_by_any() -> None:
    one = host()
    one.enrol(SARI, 3)
    one.module.put_finger(f"{SARI}/9")
    one.say("01")
    one.say("02 01")
    found = one.say("04 01 0000 00a2")
    assert found[:3] == b"\x00\x00\x03" and 80 <= int.from_bytes(found[3:], "big") <= 200
    assert one.say("04 01 0004 0010")[0] == 0x09, "outside of the pages that are searched"
    one.module.put_finger(f"{BUDI}/1")
    one.say("01")
    one.say("02 01")
    assert one.say("04 01 0000 00a2") == b"\x09\0\0\0\0"


def test_impressions_of_two_fingers_make_no_template() -> None:
    one = host()
    for buffer, finger in ((1, SARI), (2, BUDI)):
        one.module.put_finger(f"{finger}/1")
        one.say("01")
        one.say(f"02 0{buffer}")
    assert one.say("03")[0] == 0x08 and one.say("05") == b"\x0a"


@pytest.mark.parametrize(("flaw", "code"), [("messy", 6), ("few-features", 7)])
def test_a_poor_impression_has_no_features(flaw: Flaw, code: int) -> None:
    one = host()
    assert one.say("02 01") == b"\x15", "there is no image yet"
    one.module.put_finger(f"{SARI}/1", flaw=flaw)
    assert one.say("01") == b"\x00" and one.say("02 01") == bytes([code])


def test_pages_are_counted_listed_loaded_and_deleted() -> None:
    one = host()
    one.enrol(SARI, 1)
    one.enrol(BUDI, 9)
    assert one.say("1d") == b"\x00\x00\x02"
    assert one.say("1f 00") == b"\x00\x02\x02" + bytes(30)
    assert (one.say("07 02 0009"), one.say("07 02 0005"), one.say("07 02 00a2")) == (b"\x00", b"\x0c", b"\x0b")
    assert one.say("0c 0001 0001") == b"\x00" and one.say("1d") == b"\x00\x00\x01"
    assert one.say("06 01 00a2") == b"\x0b" and one.say("0c 00a2 0001") == b"\x10"
    assert one.say("0d") == b"\x00" and one.say("1d") == b"\x00\x00\x00"


@pytest.mark.parametrize(("code", "size"), [(0, 32), (1, 64), (2, 128), (3, 256)])
def test_an_image_goes_in_packets_of_the_set_size_with_two_pixels_a_byte(code: int, size: int) -> None:
    one = host()
    assert one.say(f"0e 06 0{code}") == b"\x00"
    grey = bytes([0x12, 0xF9]) + bytes(256 * 288 - 2)
    one.module.put_finger(f"{SARI}/1", grey)
    one.say("01")
    ack, *pieces, end = one.packets(b"\x0a")
    assert ack == (7, b"\x00") and {kind for kind, _ in pieces} == {2} and end[0] == 8
    assert {len(piece) for _, piece in pieces} == {size}
    image = b"".join(piece for _, piece in pieces) + end[1]
    assert len(image) == 36_864 and image[:2] == b"\x1f\x00"


def test_an_image_that_was_taken_out_and_put_back_is_still_that_finger() -> None:
    one = host()
    one.enrol(SARI, 1)
    _, *pieces = one.packets(b"\x0a")
    assert one.say("0b") == b"\x00"
    one.raw(b"".join(packet(FF, kind, piece) for kind, piece in pieces))
    assert one.say("02 01") == b"\x00" and one.say("04 01 0000 00a2")[0] == 0


def test_an_image_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="73728"):
        FingerModule().put_finger(f"{SARI}/1", b"short")


def test_power_takes_the_buffers_and_leaves_the_library() -> None:
    one = host()
    one.enrol(SARI, 1)
    one.module.power_off()
    assert one.raw(packet(FF, 1, b"\x1d")) == b""
    one.module.power_on()
    assert one.say("1d") == b"\x00\x00\x01" and one.say("02 01") == b"\x15" and one.say("05") == b"\x0a"


def test_a_cut_while_a_page_is_written_tears_it() -> None:
    one = host()
    one.enrol(SARI, 1)
    one.module.receive(packet(FF, 1, bytes.fromhex("06 01 0002")), one.now)
    one.module.power_off()
    one.module.power_on()
    assert one.say("1f 00")[1] == 0b110, "the index names it"
    assert one.say("07 01 0002") == b"\x0c", "but it cannot be read"


def test_what_stands_in_flash_is_plain_json() -> None:
    one = host()
    one.enrol(SARI, 1)
    one.say("12 00000005")
    other = FingerModule()
    other.restore(json.loads(json.dumps(one.module.snapshot())))
    assert other.library == one.module.library and other.password == 5


def test_faults() -> None:
    one = host()
    one.module.put_finger(f"{SARI}/1")
    one.module.image_fails = True
    assert one.say("01") == b"\x03"
    one.module.image_fails = False
    one.module.spoil = 1
    good = packet(FF, 7, b"\x00")
    assert one.raw(packet(FF, 1, b"\x01")) != good and one.raw(packet(FF, 1, b"\x01")) == good


def test_templates_tell_fingers_apart_and_pictures_differ() -> None:
    assert template(SARI, "1") != template(SARI, "2") and len(template(SARI, "1")) == 512
    assert ridges("a") != ridges("b") and len(ridges("a")) == 256 * 288
