"""Packets: whole or refused, in whatever portions they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import packet
from tests.tools.fuzz import inputs, rounds

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
ENTRIES = st.lists(st.tuples(NAMES, st.binary(max_size=300)), max_size=6)
GOOD = packet.pack([("manifest", b"m" * 40), ("photo.1", bytes(range(256))), ("iris.2", b"")])


@given(ENTRIES)
def test_what_was_packed_is_unpacked(entries: list[tuple[str, bytes]]) -> None:
    assert packet.unpack(packet.pack(entries)) == entries


def test_a_packet_cut_at_any_byte_is_refused_or_lacks_its_last_entries() -> None:
    whole = packet.unpack(GOOD)
    refused = 0
    for size in range(len(GOOD)):
        try:
            entries = packet.unpack(GOOD[:size])
        except packet.PacketError:
            refused += 1
        else:
            assert entries == whole[: len(entries)]
            assert len(entries) < len(whole)
    assert refused == len(GOOD) - len(whole)


@pytest.mark.parametrize("data", [b"", b"LKP", b"LKP2" + GOOD[4:], b"PK\x03\x04"])
def test_what_does_not_begin_as_a_packet_is_none(data: bytes) -> None:
    with pytest.raises(packet.PacketError, match="LKP1"):
        packet.unpack(data)


def test_an_entrys_name_must_be_text() -> None:
    with pytest.raises(packet.PacketError, match="UTF-8"):
        packet.unpack(b"LKP1\x01\xff\x00\x00\x00\x00")


@pytest.mark.parametrize("size", [1, packet.PART - 1, packet.PART, packet.PART + 1, 3 * packet.PART, 200_001])
def test_the_parts_of_a_packet_join_to_the_packet(size: int) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    parts = [packet.read_part(packet.part(data, index)) for index in range(packet.count(size))]
    assert [(index, total) for index, total, _ in parts] == [(index, len(parts)) for index in range(len(parts))]
    assert b"".join(body for _, _, body in parts) == data


@pytest.mark.parametrize(
    ("index", "total", "size"),
    [
        (0, 0, 10),
        (1, 1, 10),
        (7, 3, 10),
        (0, 2, packet.PART - 1),
        (0, 1, packet.PART + 1),
        (0, packet.LIMIT // packet.PART + 1, packet.PART),
        (0, 0xFFFFFFFF, packet.PART),
    ],
)
def test_a_part_that_no_packet_can_have_is_refused(index: int, total: int, size: int) -> None:
    with pytest.raises(packet.PacketError):
        packet.read_part(index.to_bytes(4, "big") + total.to_bytes(4, "big") + bytes(size))


@pytest.mark.parametrize("size", range(8))
def test_a_part_shorter_than_its_head_is_refused(size: int) -> None:
    with pytest.raises(packet.PacketError, match="shorter"):
        packet.read_part(packet.part(b"x", 0)[:size])


def test_a_captures_transaction_leads_back_to_its_entry() -> None:
    name = packet.transaction("0123456789ab-17", "right-four.2")
    assert packet.entry_of(name) == ("0123456789ab-17", "right-four.2")
    assert 4 <= len(name) <= 50


def test_fuzz_any_bytes_are_a_packet_or_refused() -> None:
    for data in inputs([GOOD], rounds()):
        try:
            entries = packet.unpack(data)
        except packet.PacketError:
            continue
        assert packet.pack(entries) == data


def test_fuzz_any_bytes_are_a_part_or_refused() -> None:
    for data in inputs([packet.part(GOOD, 0), bytes(packet.part(bytes(70_000), 1))[:500]], rounds()):
        try:
            index, total, body = packet.read_part(data)
        except packet.PacketError:
            continue
        assert index < total <= packet.LIMIT // packet.PART
        assert len(body) <= packet.PART
