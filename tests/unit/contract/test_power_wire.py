"""Frames of the power board go there and back, and nothing on the line can hurt."""

from __future__ import annotations

import random
import zlib

import pytest

from contract import power_wire as wire
from edge.core.events import Contact, Relay
from tests.tools.fuzz import inputs, rounds


def received(data: bytes) -> list[wire.Frame]:
    return wire.Decoder().receive(data)


def full_report() -> wire.Report:
    report = wire.Report()
    report.mains_dv, report.mains_low_dv, report.genset_dv, report.battery_cv = 2304, 1210, 2298, 2655
    report.dips, report.contacts, report.wired, report.tamper, report.driven = 7, 0b1000100, 0b1111100, True, True
    report.relays, report.wanted, report.refused, report.heard = 3, 1, wire.R_MAINS_PRESENT, 65535
    report.bad_frames, report.deadman_trips, report.watchdog_resets, report.uptime_ms = 2**32 - 1, 3, 4, 2**40
    return report


def good_frames() -> list[bytes]:
    return [
        wire.identify(1), wire.drive(2, wire.ALL_RELAYS), wire.drive(256, 0), wire.config(3, 5000), wire.ask(4),
        wire.frame(wire.IDENTITY, 5, wire.Identity().encode()), wire.frame(wire.REPORT, 6, full_report().encode()),
    ]  # fmt: skip


def test_the_words_are_those_of_the_booth() -> None:
    assert tuple(Contact) == wire.CONTACTS
    assert tuple(Relay) == wire.RELAYS
    assert wire.words(wire.SAFE, wire.RELAYS) == (Relay.ATS_INHIBIT,)
    for word, mask in (("genset_running", wire.C_RUNNING), ("ats_genset", wire.C_ATS_GENSET), ("door", wire.C_DOOR)):
        assert wire.bits([word], wire.CONTACTS) == mask


def test_a_report_arrives_as_it_was_sent() -> None:
    sent = full_report()
    [frame] = received(wire.frame(wire.REPORT, 9, sent.encode()))
    report = wire.read_report(frame.payload)
    assert (frame.version, frame.kind, frame.seq) == (wire.VERSION, wire.REPORT, 9)
    assert report is not None
    assert vars(report) == vars(sent)


def test_an_identity_arrives_as_it_was_sent() -> None:
    sent = wire.Identity()
    sent.firmware, sent.reset_cause, sent.uid, sent.watchdog_ms, sent.uptime_ms = (
        (1, 2, 3),
        2,
        b"\0\1\2\3\4\5\6\7",
        9,
        10,
    )
    [frame] = received(wire.frame(wire.IDENTITY, 1, sent.encode()))
    identity = wire.read_identity(frame.payload)
    assert identity is not None
    assert vars(identity) == vars(sent)


def test_orders_arrive_as_they_were_given() -> None:
    drive, config, identify, ask = received(
        wire.drive(1, wire.GENSET_START | wire.SHED_2) + wire.config(2, 3000) + wire.identify(3) + wire.ask(4)
    )
    assert wire.read_drive(drive.payload) == wire.GENSET_START | wire.SHED_2
    assert wire.read_config(config.payload) == 3000
    assert (identify.kind, identify.payload[0], ask.kind) == (wire.IDENTIFY, wire.VERSION, wire.ASK)


def test_a_deadman_time_stays_within_its_bounds() -> None:
    for asked, kept in ((0, wire.DEADMAN_MIN_MS), (65535, wire.DEADMAN_MAX_MS), (4000, 4000)):
        assert wire.read_config(received(wire.config(1, asked))[0].payload) == kept


def test_a_board_of_another_version_still_says_which_it_speaks() -> None:
    later = wire.VERSION + 1
    [frame] = received(wire.frame(wire.IDENTITY, 1, bytes((later,)) + b"things of the future", later))
    identity = wire.read_identity(frame.payload)
    assert frame.version == later
    assert identity is not None
    assert identity.protocol == later


def test_the_sum_is_the_one_everybody_computes() -> None:
    assert wire.plain_crc32(b"123456789") == 0xCBF43926
    chance = random.Random(1)
    for size in range(130):
        data = chance.randbytes(size)
        assert wire.plain_crc32(data) == zlib.crc32(data)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0", b"a", b"a\0", b"\0a", b"a\0b", bytes(120), b"\xff" * 120])
def test_stuffed_bytes_hold_no_zero_and_come_back(data: bytes) -> None:
    coded = wire.cobs_encode(data)
    assert 0 not in coded
    assert wire.cobs_decode(coded) == data


@pytest.mark.parametrize("cut", [1, 2, 3, 7])
def test_frames_arrive_in_any_pieces(cut: int) -> None:
    stream = b"".join(good_frames())
    decoder = wire.Decoder()
    found = [f for at in range(0, len(stream), cut) for f in decoder.receive(stream[at : at + cut])]
    assert [frame.seq for frame in found] == [1, 2, 256, 3, 4, 5, 6]
    assert decoder.bad_frames == 0


def test_after_noise_the_very_next_frame_is_understood() -> None:
    decoder = wire.Decoder()
    for noise in (b"noise", b"\x05\x01", wire.drive(1, 1)[:-4], bytes([255] * 5000)):
        assert [f.seq for f in decoder.receive(noise + wire.drive(77, 0))] == [77]
    assert decoder.bad_frames == 4


def test_a_frame_with_any_bit_turned_is_no_frame() -> None:
    good = wire.drive(0x0102, wire.GENSET_START)
    for bit in range(8, (len(good) - 1) * 8):
        bent = bytearray(good)
        bent[bit // 8] ^= 1 << bit % 8
        assert received(bytes(bent)) == [], f"bit {bit}"


def test_what_was_wrong_is_told_with_its_beginning() -> None:
    decoder = wire.Decoder()
    decoder.receive(b"\x03garbage, and more of it than anybody wants to see\0")
    assert (decoder.bad_frames, decoder.bad_reason, decoder.bad_beginning) == (
        1, "not COBS", b"\x03garbage, and more of it than anybo"[:32],
    )  # fmt: skip


def test_an_endless_stream_without_a_delimiter_fills_no_memory() -> None:
    decoder = wire.Decoder()
    for _ in range(1000):
        decoder.receive(b"\x55" * 100)
    assert len(decoder._held) <= wire.MAX_BODY + 1
    assert decoder.bad_frames == 1, "one frame that never ends is one bad frame"
    assert len(decoder.receive(b"\0" + wire.ask(1))) == 1


def test_fuzz_no_bytes_raise_and_a_good_frame_always_comes_through() -> None:
    decoder = wire.Decoder()
    for data in inputs(good_frames(), rounds(4_000)):
        for frame in decoder.receive(data):
            for read in (wire.read_drive, wire.read_config, wire.read_identity, wire.read_report):
                read(frame.payload)
        assert [f.seq for f in decoder.receive(wire.ask(4711))][-1:] == [4711]
