"""Sealing and signing: only the right key opens, and nothing that was altered, moved or swapped is believed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import packet, sealing
from contract.packet import label
from tests.tools.fuzz import inputs, rounds

PRIVATE, PUBLIC = sealing.new_seal_pair()
SIGN, VERIFY = sealing.new_sign_pair()
LABEL = label("0123456789ab-1", "photo.1")
PLAIN = b"the face of an applicant"


@given(plain=st.binary(max_size=2_000), name=st.binary(max_size=80))
@settings(max_examples=50)
def test_the_coordinator_opens_what_a_booth_sealed(plain: bytes, name: bytes) -> None:
    assert sealing.unseal(sealing.seal(plain, PUBLIC, name), PRIVATE, name) == plain


def test_the_sealed_box_shows_nothing_of_what_it_holds() -> None:
    sealed = sealing.seal(PLAIN, PUBLIC, LABEL)
    assert PLAIN not in sealed
    assert len(sealed) == len(PLAIN) + sealing.OVERHEAD
    assert sealing.seal(PLAIN, PUBLIC, LABEL)[4:] != sealed[4:]


def test_a_booth_cannot_open_its_own_box() -> None:
    sealed = sealing.seal(PLAIN, PUBLIC, LABEL)
    with pytest.raises(sealing.SealError):
        sealing.unseal(sealed, PUBLIC, LABEL)


def test_one_altered_bit_anywhere_is_noticed() -> None:
    sealed = sealing.seal(PLAIN, PUBLIC, LABEL)
    for place in range(len(sealed)):
        bent = bytearray(sealed)
        bent[place] ^= 1
        with pytest.raises(sealing.SealError):
            sealing.unseal(bytes(bent), PRIVATE, LABEL)


def test_a_box_cut_at_any_byte_is_refused() -> None:
    sealed = sealing.seal(PLAIN, PUBLIC, LABEL)
    for size in range(len(sealed)):
        with pytest.raises(sealing.SealError):
            sealing.unseal(sealed[:size], PRIVATE, LABEL)


def test_another_key_does_not_open() -> None:
    other, _ = sealing.new_seal_pair()
    with pytest.raises(sealing.SealError, match="another key"):
        sealing.unseal(sealing.seal(PLAIN, PUBLIC, LABEL), other, LABEL)


def test_a_sender_key_without_a_secret_is_refused() -> None:
    sealed = sealing.seal(PLAIN, PUBLIC, LABEL)
    with pytest.raises(sealing.SealError):
        sealing.unseal(sealed[:4] + bytes(32) + sealed[36:], PRIVATE, LABEL)


def test_entries_cannot_be_swapped_within_or_between_packets() -> None:
    photo = sealing.seal(b"photo", PUBLIC, label("a-1", "photo.1"))
    for wrong in (label("a-1", "photo.2"), label("a-1", "iris.1"), label("a-2", "photo.1")):
        with pytest.raises(sealing.SealError):
            sealing.unseal(photo, PRIVATE, wrong)


def test_a_whole_packet_with_two_entries_exchanged_does_not_open() -> None:
    names = ("right-four.1", "left-four.1")
    boxes = [sealing.seal(name.encode(), PUBLIC, label("a-1", name)) for name in names]
    swapped = packet.unpack(packet.pack(list(zip(names, reversed(boxes), strict=True))))
    for name, sealed in swapped:
        with pytest.raises(sealing.SealError):
            sealing.unseal(sealed, PRIVATE, label("a-1", name))


def test_a_signature_holds_for_its_own_text_and_key_alone() -> None:
    signature = sealing.sign(b"print one card", SIGN)
    _, other = sealing.new_sign_pair()
    assert sealing.verify(b"print one card", signature, VERIFY)
    assert not sealing.verify(b"print two cards", signature, VERIFY)
    assert not sealing.verify(b"print one card", signature, other)


@pytest.mark.parametrize("signature", ["", "zz", "00" * 64, "00" * 63, "é" * 128])
def test_what_is_no_signature_is_not_believed(signature: str) -> None:
    assert not sealing.verify(b"print one card", signature, VERIFY)


def test_fuzz_no_mutated_box_is_opened() -> None:
    sealed = sealing.seal(PLAIN, PUBLIC, LABEL)
    for data in inputs([sealed], rounds()):
        if data == sealed:
            continue
        with pytest.raises(sealing.SealError):
            sealing.unseal(data, PRIVATE, LABEL)
