"""Whose finger it is, and which fingers are kept: never a guess, never half a finger."""

from __future__ import annotations

from typing import Any, Self

import pytest

from edge.core.events import DeviceFault, DeviceLost, DeviceOnline, FrameRejected
from edge.core.events_desk import FingerFound, FingerRefused, FingerStored, FingerWanted
from edge.core.requests import CheckPrinter, DeleteFinger, EnrolFinger, IdentifyFinger, StopFinger
from edge.devices.zfm import Zfm
from edge.devices.zfm_wire import packet, take_packet
from hardware.simulators.zfm import FingerModule
from hardware.simulators.zfm_packets import Flaw, ridges, template
from tests.unit.edge.devices.together import Together

SARI, BUDI = "1/sari/right-index", "1/budi/right-index"
BAUD_57600 = 10 / 57600


class Reader(Together):
    """A reader with its driver, online."""

    def __init__(self, driver: Zfm | None = None, byte_s: float = 0.0, **flash: Any) -> None:
        self.module = FingerModule(**flash)
        super().__init__(driver or Zfm("finger"), self.module, byte_s)
        self.open()

    def put(self, finger: str, attempt: int = 1, flaw: Flaw = "") -> Self:
        self.module.put_finger(f"{finger}/{attempt}", flaw=flaw)
        return self

    def wanted(self, what: str) -> Self:
        assert self.until(FingerWanted).what == what
        return self

    def lift(self) -> Self:
        self.module.lift()
        return self

    def enrol(self, finger: str, page: int) -> Self:
        self.ask(EnrolFinger(page))
        self.wanted("put").put(finger, 1).wanted("lift").lift().wanted("put").put(finger, 2)
        return self

    def stored(self, finger: str, page: int) -> Self:
        self.enrol(finger, page)
        assert self.until(FingerStored).page == page
        self.lift().wait(1)
        self.said.clear()
        return self


def online(**flash: Any) -> Reader:
    reader = Reader(**flash)
    reader.until(DeviceOnline)
    return reader


def test_a_reader_tells_what_it_is_and_how_many_fingers_it_keeps() -> None:
    reader = Reader(security=4, size_code=1)
    reader.module.library[3] = template("x", "1")
    assert reader.until(DeviceOnline).details == {
        "model": "ZFM/R30x", "capacity": "162", "fingers": "1", "security": "4", "packet": "64",
    }  # fmt: skip


def test_a_stored_finger_is_found_again_in_another_impression() -> None:
    reader = online().stored(SARI, 7)
    reader.ask(IdentifyFinger())
    reader.wanted("put").put(SARI, 9)
    found = reader.until(FingerFound)
    assert found.page == 7 and 80 <= found.score <= 200
    assert not reader.heard(FingerRefused)


def test_somebody_else_is_not_found() -> None:
    reader = online().stored(SARI, 7)
    reader.put(BUDI).ask(IdentifyFinger())
    assert "not among those" in reader.until(FingerRefused).error
    assert not reader.heard(FingerFound)


def test_each_step_of_an_enrolment_is_told_and_the_image_comes_with_it() -> None:
    reader = online()
    reader.enrol(SARI, 5)
    stored = reader.until(FingerStored)
    assert stored.page == 5
    image = ridges(f"{SARI}/1")
    assert stored.image == bytes(17 * (grey >> 4) for grey in image), "the first impression, sixteen greys"
    assert reader.until(DeviceOnline).details["fingers"] == "1"


@pytest.mark.parametrize("size_code", [0, 1, 2, 3])
def test_the_image_comes_in_packets_of_any_size(size_code: int) -> None:
    reader = online(size_code=size_code)
    reader.enrol(SARI, 0)
    assert len(reader.until(FingerStored).image) == 256 * 288


def test_the_seconds_in_which_the_image_comes_are_not_taken_from_the_person() -> None:
    reader = Reader(byte_s=10 / 9600)
    reader.until(DeviceOnline)
    reader.ask(EnrolFinger(1, timeout_s=10.0))
    reader.wanted("put").put(SARI).wanted("lift").lift()
    began = reader.now
    reader.wanted("put")
    assert reader.now - began > 38
    reader.wait(5)
    reader.put(SARI, 2).until(FingerStored)


def test_nobody_puts_a_finger() -> None:
    reader = online()
    reader.ask(IdentifyFinger(timeout_s=5.0))
    refused = reader.until(FingerRefused, within=6.0)
    assert refused.error == "no finger was put on the reader in time" and refused.remedy


@pytest.mark.parametrize(("flaw", "word"), [("messy", "messy"), ("few-features", "too little")])
def test_a_poor_image_may_be_mended_by_laying_the_finger_again(flaw: Flaw, word: str) -> None:
    reader = online().stored(SARI, 2)
    reader.ask(IdentifyFinger())
    reader.wanted("put").put(SARI, 3, flaw).wanted("lift").lift().wanted("put").put(SARI, 4)
    assert reader.until(FingerFound).page == 2
    reader.lift().wait(1)
    reader.ask(IdentifyFinger(timeout_s=3.0))
    reader.put(SARI, 3, flaw)
    refused = reader.until(FingerRefused)
    assert word in refused.error and "Wipe the glass" in refused.remedy


def test_two_different_fingers_make_no_enrolment() -> None:
    reader = online()
    reader.ask(EnrolFinger(1))
    reader.wanted("put").put(SARI).wanted("lift").lift().wanted("put").put(BUDI)
    assert "not of the same finger" in reader.until(FingerRefused).error
    assert not reader.module.library


def test_a_finger_that_is_stored_already_is_not_stored_as_somebody_else() -> None:
    reader = online().stored(SARI, 1)
    reader.put(SARI, 4).ask(EnrolFinger(2))
    assert "page 1" in reader.until(FingerRefused).error
    reader.lift().wait(1)
    reader.said.clear()
    reader.stored(SARI, 1)
    assert list(reader.module.library) == [1], "the same page may be taken anew"


def test_a_page_that_the_reader_does_not_have_is_refused() -> None:
    refused = online().ask(EnrolFinger(162)).one(FingerRefused)
    assert "162" in refused.error and refused.remedy


def test_a_deleted_finger_is_nobodys() -> None:
    reader = online().stored(SARI, 3)
    reader.ask(DeleteFinger(3))
    assert (stored := reader.until(FingerStored)).page == 3 and stored.image == b""
    assert reader.until(DeviceOnline).details["fingers"] == "0"
    reader.put(SARI, 5).ask(IdentifyFinger())
    assert reader.until(FingerRefused)


def test_an_empty_page_can_be_deleted() -> None:
    assert online().ask(DeleteFinger(8)).until(FingerStored).page == 8


def test_a_reader_that_cannot_delete_does_not_pretend() -> None:
    reader = online().stored(SARI, 3)
    reader.module.flash_fails = True
    reader.ask(DeleteFinger(3))
    assert "cannot delete" in reader.until(FingerRefused).error
    assert not reader.heard(FingerStored)


def test_a_stopped_request_says_nothing_more() -> None:
    reader = online()
    reader.ask(IdentifyFinger())
    reader.wanted("put").ask(StopFinger())
    reader.put(SARI).wait(30)
    assert not reader.heard(FingerFound) and not reader.heard(FingerRefused)


def test_an_enrolment_stopped_while_its_page_is_written_leaves_nobody_in_the_library() -> None:
    reader = online()
    reader.enrol(SARI, 4)
    command = bytes.fromhex("ef01ffffffff01 0006 06 01 0004 0012")
    while command not in reader.written:
        reader.wait(0.01)
    reader.ask(StopFinger())
    reader.wait(2)
    assert reader.module.library == {} and not reader.heard(FingerStored)
    reader.put(SARI, 3).ask(IdentifyFinger())
    assert reader.until(FingerRefused)


@pytest.mark.parametrize("step", range(60))
def test_power_cut_in_an_enrolment_stores_all_or_nothing(step: int) -> None:
    reader = online()
    reader.ask(EnrolFinger(4, timeout_s=8.0))
    reader.put(SARI)
    cut_at = reader.now + step * 0.05
    lifted = again = False
    while reader.now < cut_at:
        reader.wait(0.005)
        for wanted in reader.heard(FingerWanted):
            if wanted.what == "lift":
                reader.lift()
                lifted = True
            elif lifted and not again:
                reader.put(SARI, 2)
                again = True
    reader.module.power_off()
    reader.wait(8)
    reader.module.power_on()
    reader.lift().wait(20)
    told = bool(reader.heard(FingerStored))
    assert told != bool(reader.heard(FingerRefused)), "it ends once"
    assert set(reader.module.library) == ({4} if told else set())
    reader.put(SARI, 5).ask(IdentifyFinger(timeout_s=3.0))
    reader.wait(3)
    assert bool(reader.heard(FingerFound)) is told


def test_a_torn_page_is_erased_before_anybody_is_looked_for() -> None:
    reader = online()
    reader.enrol(SARI, 4)
    while reader.module.next_wakeup() is None or reader.module._work is None or reader.module._work[0] != 6:
        reader.wait(0.01)
    reader.module.power_off()
    assert reader.module.library == {4: b""}
    reader.until(DeviceLost)
    assert reader.one(FingerRefused).remedy
    reader.module.power_on()
    reader.wait(15)
    assert reader.module.library == {}
    assert [event.details["fingers"] for event in reader.heard(DeviceOnline)][-1] == "0"


def test_an_unplugged_reader_refuses_at_once_and_comes_back_by_itself() -> None:
    reader = online()
    reader.ask(IdentifyFinger())
    reader.wanted("put").close()
    assert reader.one(DeviceLost).remedy and reader.one(FingerRefused).remedy
    reader.ask(IdentifyFinger())
    assert reader.one(FingerRefused)
    reader.open()
    assert reader.until(DeviceOnline)


def test_a_silent_reader_is_lost_and_found_again() -> None:
    reader = online()
    reader.module.wire.silent = True
    assert reader.until(DeviceLost, within=20.0).error == "the finger reader does not answer"
    assert reader.ask(IdentifyFinger()).one(FingerRefused)
    reader.wait(60)
    assert not reader.heard(DeviceLost), "told once"
    reader.module.wire.silent = False
    assert reader.until(DeviceOnline, within=10.0)


def test_the_wrong_password_is_a_fault_with_its_remedy() -> None:
    reader = Reader(password=1234)
    fault = reader.until(DeviceFault)
    assert "password" in fault.error and "`password`" in fault.remedy
    assert reader.ask(IdentifyFinger()).one(FingerRefused).remedy == fault.remedy
    reader.wait(30)
    assert not reader.heard(DeviceFault), "told once"


def test_the_right_password_opens_it() -> None:
    reader = Reader(Zfm("finger", password=1234), password=1234)
    assert reader.until(DeviceOnline)


def test_a_reader_with_a_password_that_was_off_for_a_moment_refuses_the_request_and_is_ready_again() -> None:
    reader = Reader(Zfm("finger", password=1234), password=1234)
    reader.until(DeviceOnline)
    reader.ask(IdentifyFinger())
    reader.wanted("put").module.power_off()
    reader.module.power_on()
    assert "without power" in reader.until(FingerRefused, within=3.0).error
    assert reader.until(DeviceOnline, within=3.0)
    assert not reader.heard(DeviceFault)


def test_another_readers_address_is_not_ours() -> None:
    assert Reader(address=0x1234).until(DeviceLost).remedy
    assert Reader(Zfm("finger", address=0x1234), address=0x1234).until(DeviceOnline)


def test_damaged_answers_are_asked_for_again() -> None:
    reader = online().stored(SARI, 6)
    reader.ask(IdentifyFinger())
    reader.wanted("put").put(SARI, 8)
    reader.module.spoil = 1
    assert reader.until(FingerFound).page == 6
    assert reader.heard(FrameRejected)


def test_an_image_with_damaged_packets_is_read_again_whole() -> None:
    reader = Reader(byte_s=BAUD_57600)
    reader.until(DeviceOnline)
    hits: list[int] = []

    def meddle(data: bytes) -> bytes:
        if len(data) > 30_000 and not hits:
            hits.append(1)
            noisy = bytearray(data)
            for at in range(10_000, 30_000, 2_000):
                noisy[at] ^= 0x10
            return bytes(noisy)
        return data

    reader.meddle = meddle
    reader.enrol(SARI, 1)
    stored = reader.until(FingerStored)
    assert hits and stored.image == bytes(17 * (grey >> 4) for grey in ridges(f"{SARI}/1"))
    assert not reader.heard(DeviceLost)


def test_an_image_that_loses_bytes_on_the_way_is_read_again_whole() -> None:
    reader = Reader(byte_s=BAUD_57600)
    reader.until(DeviceOnline)
    hits: list[int] = []

    def meddle(data: bytes) -> bytes:
        if len(data) > 30_000 and not hits:
            hits.append(1)
            return data[:20_000] + data[20_100:]
        return data

    reader.meddle = meddle
    reader.enrol(SARI, 1)
    assert len(reader.until(FingerStored).image) == 256 * 288 and hits


def test_a_late_answer_is_not_taken_for_that_of_the_next_question() -> None:
    reader = online().put(SARI, 1, "messy")
    reader.module.wire.delay = 1.95
    reader.ask(EnrolFinger(1))
    reader.wait(0.5)
    reader.module.wire.delay = 0.0
    assert reader.until(FingerWanted).what == "put"
    assert reader.until(FingerWanted).what == "lift", "the late `I have an image` must not hide that it is messy"
    assert not reader.heard(FingerRefused)


def test_noise_between_packets_is_passed_over() -> None:
    reader = online().stored(SARI, 6)
    reader.feed(b"\x55\xef\x01\x00garbage\xef\x01\xff\xff")
    assert len(reader.heard(FrameRejected)) == 1
    reader.put(SARI, 3).ask(IdentifyFinger())
    assert reader.until(FingerFound).page == 6


def test_cut_packets_are_asked_for_again() -> None:
    reader = online().stored(SARI, 6)
    reader.put(SARI, 3)
    reader.module.wire.cut_after = 7
    reader.ask(IdentifyFinger(timeout_s=20.0))
    reader.wait(1.5)
    reader.module.wire.cut_after = None
    assert reader.until(FingerFound).page == 6


def test_a_module_that_cannot_send_its_image_enrols_nobody() -> None:
    reader = online()
    reader.module.no_upload = True
    reader.put(SARI).ask(EnrolFinger(1))
    assert "cannot send its image" in reader.until(FingerRefused).error
    assert not reader.module.library


def test_a_failing_flash_is_told_and_nothing_is_stored() -> None:
    reader = online()
    reader.module.flash_fails = True
    reader.enrol(SARI, 1)
    assert "cannot write" in reader.until(FingerRefused).error
    assert not reader.module.library


def test_a_flash_that_only_says_that_it_has_written_is_not_believed() -> None:
    reader = online()
    reader.module.flash_lies = True
    reader.enrol(SARI, 1)
    assert "cannot be read back" in reader.until(FingerRefused).error
    assert not reader.heard(FingerStored)


def test_a_packet_whose_length_was_damaged_hides_no_other() -> None:
    good = packet(0xFFFFFFFF, b"\x02").replace(b"\xff\x01\x00", b"\xff\x07\x00")
    good = good[:-2] + (7 + 3 + 2).to_bytes(2, "big")
    buffer = bytearray(good[:8] + b"\x0f" + good[9:] + good + good)
    seen = [take_packet(buffer, 0xFFFFFFFF)[0] for _ in range(3)]
    assert [found is not None and (found.good, found.content) for found in seen[1:]] == [(True, b"\x02")] * 2
    assert seen[0] is not None and not seen[0].good


def test_a_glass_that_sees_nothing_but_faults_is_told() -> None:
    reader = online()
    reader.module.image_fails = True
    reader.put(SARI).ask(IdentifyFinger(timeout_s=4.0))
    assert "could not take the image" in reader.until(FingerRefused).error


def test_a_request_that_comes_before_the_reader_is_known_waits_for_it() -> None:
    reader = Reader()
    reader.ask(IdentifyFinger())
    assert reader.until(FingerWanted).what == "put"


def test_another_request_takes_the_place_of_the_present_one() -> None:
    reader = online().stored(SARI, 6)
    reader.ask(EnrolFinger(9))
    reader.wanted("put").ask(IdentifyFinger())
    reader.put(SARI, 5)
    assert reader.until(FingerFound).page == 6
    reader.wait(40)
    assert not reader.heard(FingerRefused) and list(reader.module.library) == [6]


def test_what_a_finger_reader_cannot_do_is_told() -> None:
    assert "CheckPrinter" in online().ask(CheckPrinter()).one(FrameRejected).reason
