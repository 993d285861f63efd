"""Whatever is altered in a booth's folder, the booth or its coordinator notices, and names what it was."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from contract.packet import unpack
from edge.adapters.store import StoreError
from tests.integration.tampering import SECOND, Altered, Central, flipped
from tests.unit.central.booth import NIK

ENTRIES = ("manifest", "photo.1", "right-four.1", "iris.1", "signature")
READY = ("PRINT_READY_RECORD", "")
_NUMBERS = count(1)


@pytest.fixture
def card(tmp_path: Path) -> Altered:
    """A finished packet waits, another recording lacks its last capture, two deeds are written; the booth is off."""
    booth = Altered(tmp_path / "booth").on()
    booth.sign_in()
    booth.record(NIK, presses=3)
    booth.record(SECOND, presses=2)
    booth.off()
    return booth


@contextmanager
def running(booth: Altered) -> Iterator[Altered]:
    """The booth, on for a while."""
    booth.on()
    try:
        yield booth
    finally:
        booth.off()


def copied(card: Altered) -> Altered:
    return card.copy(f"copy-{next(_NUMBERS)}")


def enrolment(card: Altered, number: int) -> str:
    ((epoch,),) = card.rows("SELECT value FROM meta WHERE key='epoch'")
    return f"{epoch}-{number}"


def ends(size: int) -> tuple[int, int, int]:
    """Where something is altered: its beginning, its middle, its end."""
    return 0, size // 2, size - 1


def heard(booth: Altered) -> Central:
    """A coordinator that has heard all that this booth has to say."""
    central = Central()
    with running(booth):
        central.hear(booth)
    return central


def test_what_nobody_altered_arrives_and_nobody_complains(card: Altered) -> None:
    with running(card):
        card.press()
        central = Central()
        central.hear(card)
        assert card.store.verify_deeds() == ""
    assert central.complaints() == []
    assert central.encodings() == {enrolment(card, 1): READY, enrolment(card, 2): READY}
    assert card.rows("SELECT count(*) FROM outbox") == card.rows("SELECT count(*) FROM blob") == [(0,)]


@pytest.mark.parametrize("name", ["photo.1", "right-four.1"])
def test_an_altered_capture_is_named_and_taken_again_it_alone(card: Altered, name: str) -> None:
    whole = f"{enrolment(card, 2)}/{name}"
    for at in ends(len(card.blob(whole))):
        booth = copied(card)
        booth.spoil(whole, at)
        with running(booth):
            booth.press()
            booth.press()
            central = Central()
            central.hear(booth)
        assert booth.taker.asked == ["iris", name.partition(".")[0]]
        told = [event["body"]["reason"] for event in central.events() if event["kind"] == "enrolment.attempt"]
        (reason,) = [reason for reason in told if reason]
        assert name in reason
        assert "altered" in reason
        assert set(central.encodings().values()) == {READY}


def test_an_altered_byte_in_a_packet_stops_it_and_the_entry_is_named(card: Altered) -> None:
    packet = enrolment(card, 1)
    whole = card.blob(packet)
    entries = dict(unpack(whole))
    assert tuple(entries) == ENTRIES
    for name, data in entries.items():
        for at in ends(len(data)):
            booth = copied(card)
            booth.spoil(packet, whole.index(data) + at)
            state, error = heard(booth).encodings()[packet]
            assert state == "ENROLL_FAILURE_AT_REGIONAL", (name, at)
            assert name in error, (name, at)


def test_an_altered_event_is_named_at_the_coordinator_and_holds_up_no_other(card: Altered) -> None:
    for seq, payload in card.rows("SELECT seq, payload FROM outbox ORDER BY seq"):
        body = payload.index(b'"body"')
        for at in (*ends(len(payload)), body + 8):
            booth = copied(card)
            booth.write("UPDATE outbox SET payload=? WHERE seq=?", flipped(payload, at), seq)
            central = heard(booth)
            assert any(f"event {seq} was altered" in reason for reason in central.complaints()), (seq, at)
            assert seq not in [event["seq"] for event in central.events()]
            assert booth.rows("SELECT count(*) FROM outbox") == [(0,)], "what was altered must not stop the rest"


def test_a_well_made_lie_in_an_event_is_not_believed(card: Altered) -> None:
    events = card.rows("SELECT seq, payload FROM outbox")
    ((seq, payload),) = [row for row in events if b"enrolment.opened" in row[1] and NIK.encode() in row[1]]
    card.write("UPDATE outbox SET payload=? WHERE seq=?", payload.replace(NIK.encode(), SECOND.encode()), seq)
    central = heard(card)
    assert any(f"event {seq} was altered" in reason for reason in central.complaints())
    assert [event["body"]["nik"] for event in central.events() if event["kind"] == "enrolment.opened"] == [SECOND]
    with central.world.store.read() as connection:
        query = f"SELECT payload FROM event WHERE seq={seq}"
        kept: dict[str, Any] = json.loads(connection.exec_driver_sql(query).scalar_one())
    assert SECOND in kept["body"]["found"], "what stands there now is kept for whoever looks into it"


def test_an_altered_row_of_the_state_is_refused_by_name(card: Altered) -> None:
    rows = card.rows("SELECT key, value FROM state")
    assert {"counter", f"enrolment/{enrolment(card, 2)}", f"packet/{enrolment(card, 1)}"} <= {key for key, _ in rows}
    for key, value in rows:
        for at in ends(len(value)):
            booth = copied(card)
            booth.write("UPDATE state SET value=? WHERE key=?", flipped(value, at), key)
            with pytest.raises(StoreError, match=f"the row '{key}' was altered.*keep both"):
                booth.on()
    card.write("UPDATE state SET guard=NULL WHERE key='counter'")
    with pytest.raises(StoreError, match="the row 'counter' was altered"):
        card.on()


def test_a_database_of_before_the_guards_is_taken_over_and_guarded_from_then_on(card: Altered) -> None:
    for table in ("state", "outbox"):
        card.write(f"ALTER TABLE {table} DROP COLUMN guard")
    card.write("PRAGMA user_version=2")
    lost = copied(card)
    (lost.folder / "booth.key").unlink()
    with pytest.raises(StoreError, match=r"booth\.key is missing"):
        lost.on()
    central = heard(card)
    assert central.complaints() == []
    assert central.encodings() == {enrolment(card, 1): READY}
    card.write("UPDATE state SET value=value || ' ' WHERE key='counter'")
    with pytest.raises(StoreError, match="the row 'counter' was altered"):
        card.on()


@pytest.mark.parametrize("column", ["time", "officer", "action", "subject", "detail", "previous", "hash"])
@pytest.mark.parametrize("n", [1, 2])
def test_an_altered_deed_is_named(card: Altered, column: str, n: int) -> None:
    card.write(f"UPDATE deed SET {column}=? WHERE n=?", 5.0 if column == "time" else "f" * 64, n)
    with running(card):
        found = card.store.verify_deeds()
    # Who alters the first one's hash makes the second one follow nothing.
    assert f"deed {n}" in found


def test_an_altered_byte_of_the_booths_key_is_told(card: Altered) -> None:
    key = card.folder / "booth.key"
    good = key.read_bytes()
    for at in range(len(good) - 1):
        key.write_bytes(flipped(good, at))
        with pytest.raises(StoreError, match=r"booth\.key"):
            card.on()
    key.write_bytes(good)
    with running(card):
        assert card.store.load().last > 0


def test_a_flipped_bit_anywhere_in_the_database_is_refused_or_told_or_changes_nothing(card: Altered) -> None:
    content = _content(card)
    file = (card.folder / "booth.db").read_bytes()
    assert not (card.folder / "booth.db-wal").exists()
    chance = random.Random(4)
    for at in sorted(chance.sample(range(len(file)), 120)):
        booth = copied(card)
        (booth.folder / "booth.db").write_bytes(flipped(file, at))
        try:
            booth.on()
        except StoreError as error:
            assert "booth." in str(error)
            continue
        central = Central()
        try:
            altered = _content(booth)
            booth.press()
            booth.press()
            central.hear(booth)
            quiet = not central.complaints() and set(central.encodings().values()) == {READY}
            asked_once = booth.taker.asked == ["iris"]
            whole = booth.store.verify_deeds() == ""
        except StoreError:
            continue
        finally:
            booth.off()
        assert not (quiet and asked_once and whole) or altered == content, f"byte {at} was altered and nobody noticed"


def _content(booth: Altered) -> list[list[tuple[Any, ...]]]:
    """All that stood in the database before this start."""
    return [
        booth.rows("SELECT key, value FROM state WHERE key GLOB '*/*' ORDER BY key"),
        booth.rows(
            "SELECT seq, payload FROM outbox WHERE CAST(payload AS TEXT) NOT LIKE '%booth.started%' ORDER BY seq"
        ),
        booth.rows("SELECT name, data FROM blob ORDER BY name"),
        booth.rows("SELECT * FROM deed ORDER BY n"),
    ]
