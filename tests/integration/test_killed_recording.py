"""The booth's program is killed at every step of a recording: it goes on at the right one, and no plaintext is left."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.core.encoding import Signer, open_packet
from contract.packet import CaptureRecord, label, unpack
from contract.sealing import unseal
from tests.chaos.programs import wait_until
from tests.chaos.verdict import judge
from tests.integration.plaintext import PROBE, Search, forms
from tests.integration.recorded_booth import ALL_SIX, RecordedSite

#: Each commit that changes the enrolment or a capture, in the order of a recording.
STEPS = (
    "opened",
    "checked",
    *(f"{word} {modality}" for modality in ALL_SIX for word in ("asked", "captured")),
    "assembled",
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RecordedSite]:
    place = RecordedSite(tmp_path / "site")
    yield place
    place.close()


@pytest.fixture
def picturing(tmp_path: Path) -> Iterator[RecordedSite]:
    place = RecordedSite(tmp_path / "site", pictures=True)
    yield place
    place.close()


def orders() -> Iterator[tuple[str, str]]:
    """Step and order of each kill. What a device delivered is killed before the judge sees it, too."""
    for step in STEPS:
        word, _, modality = step.partition(" ")
        if word == "captured":
            yield step, f"before judged {modality}"
        yield step, f"before {step}"
        yield step, f"after {step}"


def done_at(order: str) -> tuple[str, ...]:
    """Modalities that are finished when an order has been carried out."""
    when, _, step = order.partition(" ")
    modality = step.partition(" ")[2]
    if not modality:
        return ALL_SIX if step == "assembled" and when == "before" else ()
    at = ALL_SIX.index(modality)
    return ALL_SIX[: at + 1] if (when, step.partition(" ")[0]) == ("after", "captured") else ALL_SIX[:at]


def finish(site: RecordedSite) -> None:
    """Let the booth run until everything has come to its end."""
    done = wait_until(lambda: not site.open_work() and len(site.bench.printer.tray) == 1, 40.0, site.tend)
    assert done, f"{site.open_work()}\n{site.booth.tail()}"


def told(site: RecordedSite, kind: str) -> list[dict[str, object]]:
    with site.central() as db:
        rows = db.execute("SELECT payload FROM event WHERE kind=? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(payload)["body"] for (payload,) in rows]


def opened_packet(site: RecordedSite, data: bytes) -> dict[str, CaptureRecord]:
    """The captures of a packet, opened with the coordinator's key; the booth's signature is checked."""
    packet = site.enrolment()
    private = bytes.fromhex((site.places.keys / "seal.private").read_text())
    key = bytes.fromhex(json.loads((site.places.edge_data / "booth.key").read_text())["public"])
    open_packet(data, packet, packet, "bangkalan-1", private, site.nik, Signer(key, always=True))
    return {
        name: CaptureRecord.model_validate_json(unseal(sealed, private, label(packet, name)))
        for name, sealed in unpack(data)
        if name not in ("manifest", "signature")
    }


def values(record: CaptureRecord) -> list[bytes]:
    return [base64.b64decode(sample.value) for sample in record.samples]


def test_killed_at_every_step_a_recording_goes_on_and_nothing_plain_is_left_on_the_disk(site: RecordedSite) -> None:
    site.start()
    assert site.booth.stop()
    people = {"opened": site.scan, "checked": lambda: None}
    for step, order in orders():
        kept, before = site.memory(), len(site.deliveries.asked)
        site.reach(order, people.get(step, site.serve))
        memory = site.memory()
        again = {name.partition(".")[0] for name in site.deliveries.asked[before:]} & set(kept.done)
        assert not again, f"{order}: {again} was recorded already, and is asked again"
        assert memory.given == memory.tickets == (order != "before opened"), order
        assert len(memory.enrolments) == (order not in ("before opened", "after assembled")), order
        if step != "assembled":
            assert memory.done == done_at(order), order
            assert kept.captures <= memory.captures, f"{order}: a capture is gone"
            assert {name.partition(".")[0] for name in memory.captures} == set(memory.done), order
        assert memory.packets == (order == "after assembled"), order
        opened = site.open_captures()
        for name in opened.keys() & site.deliveries.records.keys():
            assert values(opened[name]) == site.deliveries.records[name]
        assert site.found() == [], order
        if opened:
            assert site.sealed().within(site.places.edge_data), "the search does not look where the captures are"
    packet = site.packet()
    site.booth.start()
    finish(site)
    for modality in ALL_SIX:
        # Asked before each of: killed before the judge, killed before its commit, committed. A device that was busy
        # with what a killed booth had asked of it may be asked once more.
        asked = site.signed if modality == "signature" else site.deliveries.times(modality)
        assert asked >= 3, f"{modality} was asked {asked} times: {site.deliveries.asked}"
    assert set(site.steps()) == set(STEPS), "there is a commit that no order names"
    sent = opened_packet(site, packet)
    assert [name.partition(".")[0] for name in sent] == list(ALL_SIX)
    for name in sent.keys() & site.deliveries.records.keys():
        assert values(sent[name]) == site.deliveries.records[name]
    assert [body["nik"] for body in told(site, "enrolment.opened")] == [site.nik]
    assert len(told(site, "ticket.issued")) == 1
    taken = [body["modality"] for body in told(site, "enrolment.attempt") if body["accepted"]]
    assert taken == list(ALL_SIX), "each modality is taken once"
    assert [body["sha256"] for body in told(site, "enrolment.completed")] == [hashlib.sha256(packet).hexdigest()]
    assert list(site.bench.centre.registered()) == [site.nik]
    assert site.close() == []
    counted = judge(site, {})
    assert (counted.problems, counted.cards, counted.lost, counted.doubled) == ([], 1, 0, 0)
    assert site.found(site.places.data) == []
    (signature,) = (record for name, record in sent.items() if name.startswith("signature"))
    (site.places.edge_data / "planted").write_bytes(values(signature)[0])
    assert "planted: strokes of the signature" in site.found()


def test_real_pictures_and_their_judge_leave_nothing_plain_on_the_disk(picturing: RecordedSite) -> None:
    site = picturing
    site.start()
    assert wait_until(lambda: site.memory().enrolments != (), 20.0, site.scan), site.booth.tail()
    assert site.booth.stop()
    site.reach("while judged right-four", site.serve)
    assert site.memory().done == ("photo", "signature")
    site.open_captures()
    assert site.found() == []
    site.reach("after assembled", site.serve)
    site.booth.start()
    finish(site)
    judged = [body["nfiq2"] for body in told(site, "enrolment.attempt") if body["accepted"]]
    assert [len(scores) for scores in judged if isinstance(scores, dict)] == [0, 0, 4, 4, 2, 0]
    assert list(site.leftovers.iterdir()) == [], "the judge left something behind"
    assert site.close() == []
    assert site.found(site.places.data) == []
    (record, *_) = site.deliveries.records["iris.1"]
    (site.places.edge_data / "planted").write_bytes(base64.b64encode(record))
    assert [one.partition(",")[0] for one in site.found()] == ["planted: record of iris.1"] * len(site.found()) != []


@pytest.mark.parametrize("form", forms(bytes(range(100, 132))))
def test_the_search_finds_plaintext_in_every_form(tmp_path: Path, form: str) -> None:
    record = bytes((at * at * 7 + at // 3) % 256 for at in range(20_000))
    search = Search()
    search.add("a finger", record)
    whole = {
        "raw": record,
        "hex": record.hex().encode(),
        "HEX": record.hex().upper().encode(),
        "hex with spaces": record.hex(" ").encode(),
        "Python's bytes": repr(record).encode(),
        "base64 +0": base64.b64encode(record),
        "base64 +1": base64.b64encode(b"x" + record),
        "base64 +2": base64.b64encode(b"xx" + record),
        "base64url +0": base64.urlsafe_b64encode(record),
        "base64url +1": base64.urlsafe_b64encode(b"x" + record),
        "base64url +2": base64.urlsafe_b64encode(b"xx" + record),
    }[form]
    (tmp_path / "clean").write_bytes(bytes(50_000))
    assert search.within(tmp_path) == []
    (tmp_path / "deep").mkdir()
    middle = len(whole) // 2
    (tmp_path / "deep" / "booth.db-wal").write_bytes(bytes(1237) + whole[middle - 30 * PROBE * 6 :])
    assert any(one.startswith("booth.db-wal: a finger") for one in search.within(tmp_path))
