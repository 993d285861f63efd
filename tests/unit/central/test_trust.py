"""A packet is the booth's own and unaltered, or the entry that is not is named; a booth's key is believed once."""

from __future__ import annotations

import base64
import hashlib
from typing import cast

import pytest

from central.adapters.centre import Centre
from central.adapters.views import StoreViews
from central.core.encoding import Answer, BadPacketError, Record, Signer, open_packet
from central.core.items import CentreAnswered
from central.core.nik import NikAnswer
from central.runtime import perform
from contract.base import Modality
from contract.desk import Standing
from contract.messages import BoothStarted
from contract.packet import CaptureEntry, CaptureRecord, Manifest, Sample, label, pack, sign_packet, unpack
from contract.sealing import new_sign_pair, seal
from tests.unit.central.booth import KK, NIK, SEAL_PRIVATE, SEAL_PUBLIC, Booth, World

NAME = "aaaaaaaaaaaa-1"
PRIVATE, PUBLIC = new_sign_pair()
OTHER_PRIVATE, OTHER_PUBLIC = new_sign_pair()
SIGNER = Signer(PUBLIC, True)
CAPTURES = (("photo.1", Modality.PHOTO), ("right-four.2", Modality.RIGHT_FOUR), ("iris.1", Modality.IRIS))


def entries(name: str = NAME) -> list[tuple[str, bytes]]:
    """Manifest and three captures."""
    sealed, told = [], []
    for entry, modality in CAPTURES:
        sample = Sample(subtype="x", quality=80.0, format="f", value=base64.b64encode(entry.encode() * 9).decode())
        record = CaptureRecord(modality=modality, samples=(sample,))
        data = seal(record.model_dump_json().encode(), SEAL_PUBLIC, label(name, entry))
        digest = hashlib.sha256(data).hexdigest()
        sealed.append((entry, data))
        told.append(CaptureEntry(name=entry, modality=modality, attempt=1, quality={"x": 80.0}, sha256=digest))
    manifest = Manifest(packet=name, enrolment=name, booth="b1", nik=NIK, kk=KK, captures=tuple(told))
    return [("manifest", seal(manifest.model_dump_json().encode(), SEAL_PUBLIC, label(name, "manifest"))), *sealed]


def signed(private: bytes = PRIVATE, name: str = NAME) -> bytes:
    inside = entries(name)
    return pack([*inside, sign_packet(inside, private)])


def refused(data: bytes, signer: Signer = SIGNER) -> str:
    with pytest.raises(BadPacketError) as told:
        open_packet(data, NAME, NAME, "b1", SEAL_PRIVATE, NIK, signer)
    return str(told.value)


class Register:
    """A centre that takes everybody."""

    def standing(self, _nik: str) -> NikAnswer:
        return NikAnswer(Standing.ELIGIBLE)

    def put(self, _packet: str, _booth: str, record: Record) -> Answer:
        return Answer("PRINT_READY_RECORD", nik=record.nik)


def outcome(world: World, booth: Booth, views: StoreViews, data: bytes, name: str = NAME) -> tuple[str, str]:
    """State and error of a packet after it has come and all calls were made."""
    world.give(booth.completed(name, data), *booth.parts(name, data))
    while world.calls:
        call = world.calls.pop(0)
        answer = perform(call, world.store, cast(Centre, Register()), SEAL_PRIVATE)
        world.give(CentreAnswered(call.enrolment, answer))
    (seen,) = [one for one in views.encodings() if one.enrolment == name]
    return seen.state, seen.error


# --- altered bytes -------------------------------------------------------------------------------------


def test_a_signed_packet_of_the_right_booth_opens() -> None:
    record = open_packet(signed(), NAME, NAME, "b1", SEAL_PRIVATE, NIK, Signer(PUBLIC, True))
    assert [one.modality for one in record.biometrics] == ["photo", "right-four", "iris"]


@pytest.mark.parametrize("name", ["manifest", *(name for name, _ in CAPTURES), "signature"])
@pytest.mark.parametrize("bit", [0, 7])
def test_an_altered_byte_in_any_entry_is_noticed_and_the_entry_named(name: str, bit: int) -> None:
    inside = unpack(signed())
    at = next(n for n, entry in enumerate(inside) if entry[0] == name)
    whole = inside[at][1]
    for place in {0, 5, len(whole) // 2, len(whole) - 1}:
        altered = whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
        assert name in refused(pack([*inside[:at], (name, altered), *inside[at + 1 :]]))


def heads(data: bytes) -> list[tuple[str, str, int]]:
    """Name of each entry, what may be named in its place, and each position in its head."""
    found, at, before = [], 4, "entry 1"
    for number, (name, content) in enumerate(unpack(data), 1):
        size = 1 + len(name.encode()) + 4
        found += [(name, f"entry {number}", place) for place in range(at, at + size)]
        at, before = at + size + len(content), name
    assert before == "signature" and at == len(data)
    return found


def test_an_altered_head_of_any_entry_is_noticed_and_the_entry_named() -> None:
    data = signed()
    for name, number, place in heads(data):
        for bit in range(8):
            why = refused(data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :])
            assert name in why or number in why, (name, place, bit)


def test_every_byte_of_a_packet_is_guarded() -> None:
    """Flipped at each place; also the container's first bytes, which belong to no entry."""
    data = signed()
    for place in range(len(data)):
        refused(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])


def test_a_packet_that_another_booth_signed_is_refused() -> None:
    assert "'signature'" in refused(signed(OTHER_PRIVATE)) and "another booth" in refused(signed(OTHER_PRIVATE))


def test_a_signature_of_another_packet_does_not_serve() -> None:
    inside, other = entries(), entries()
    assert "'signature'" in refused(pack([*inside, sign_packet(other, PRIVATE)]))


def test_a_signature_is_the_last_entry_and_there_once() -> None:
    inside = entries()
    signature = sign_packet(inside, PRIVATE)
    assert "'signature'" in refused(pack([signature, *inside]))
    assert "'signature'" in refused(pack([*inside, signature, signature]))
    assert "same name" in refused(pack([*inside, inside[1], signature]))


# --- keys ----------------------------------------------------------------------------------------------


def started(key: bytes | None = PUBLIC) -> BoothStarted:
    return BoothStarted(version="0.1.0", key=key.hex() if key else "")


def test_a_booth_that_told_its_key_sends_signed_packets(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(started()))
    assert outcome(world, booth, views, signed()) == ("PRINT_READY_RECORD", "")


def test_an_unsigned_packet_of_a_booth_with_a_key_is_refused(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(started()))
    state, error = outcome(world, booth, views, pack(entries()))
    assert state == "ENROLL_FAILURE_AT_REGIONAL" and "'signature' is missing" in error


def test_a_booth_of_before_sends_unsigned_packets(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(started(None)))
    assert outcome(world, booth, views, pack(entries()))[0] == "PRINT_READY_RECORD"


def test_a_signed_packet_is_not_taken_from_a_booth_that_told_no_key(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.give(booth.event(started(None)))
    state, error = outcome(world, booth, views, signed())
    assert state == "ENROLL_FAILURE_AT_REGIONAL" and "told no key" in error


def test_a_packet_from_before_the_booths_new_version_is_taken_unsigned(
    world: World, booth: Booth, views: StoreViews
) -> None:
    data = pack(entries())
    world.give(booth.completed(NAME, data), booth.event(started()))
    world.give(*booth.parts(NAME, data))
    assert outcome(world, booth, views, data)[0] == "PRINT_READY_RECORD"
    later = "aaaaaaaaaaaa-2"
    assert outcome(world, booth, views, signed(name=later), later)[0] == "PRINT_READY_RECORD"
    unsigned = "aaaaaaaaaaaa-3"
    assert outcome(world, booth, views, pack(entries(unsigned)), unsigned)[0] == "ENROLL_FAILURE_AT_REGIONAL"


def test_a_second_key_of_the_same_memory_is_never_believed(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(started()), booth.event(started()))
    assert views.totals().dead_letters == 0
    world.give(booth.event(started(OTHER_PUBLIC)))
    (letter,) = views.dead_letters()
    assert "tells another key" in letter.reason and "copy booth.key back" in letter.reason
    state, error = outcome(world, booth, views, signed(OTHER_PRIVATE))
    assert state == "ENROLL_FAILURE_AT_REGIONAL" and "'signature'" in error
    later = "aaaaaaaaaaaa-2"
    assert outcome(world, booth, views, signed(name=later), later)[0] == "PRINT_READY_RECORD"


def test_a_new_memory_has_a_key_of_its_own(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(started()))
    after = Booth(epoch="bbbbbbbbbbbb")
    name = "bbbbbbbbbbbb-1"
    world.give(after.hello(), after.event(started(OTHER_PUBLIC)))
    assert outcome(world, after, views, signed(OTHER_PRIVATE, name), name)[0] == "PRINT_READY_RECORD"
    assert views.totals().dead_letters == 0


def test_another_booth_cannot_use_this_ones_key(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(started()))
    other = Booth("b2", epoch="cccccccccccc")
    world.give(other.event(started(OTHER_PUBLIC)))
    assert "another booth" in outcome(world, booth, views, signed(OTHER_PRIVATE))[1]
