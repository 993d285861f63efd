"""A mobile kit comes home on a stick: each recording counts once, whatever is done to the file; then the kit prunes."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from central.adapters.store import Store, sqlite_url
from central.bundles import FOLDER, Imports, hand_over
from central.core.items import BundleTaken, Item
from central.runtime import settings as coordinator_settings
from contract import topics
from contract.bundle import BundleError, Receipt, check, read_receipt
from contract.messages import BoothStarted
from contract.sealing import public_of
from edge import kit
from edge.adapters.receipts import ReceiptBox
from edge.adapters.store import SqliteStore
from edge.config import load
from edge.core.events import Acked
from edge.core.journal import ROW_TYPES
from tests.tools.kit import Kit, Site, altered, checked_file, counted, make_site, waiting
from tests.unit.central.booth import Booth, World

MANY, SIZE = 500, 200_000


@dataclass
class Central:
    """A coordinator whose deciding is done at once, where the import waits for it."""

    site: Site
    world: World
    imports: Imports
    pending: list[Item] = field(default_factory=list)
    most: int = 0
    """Largest batch, in bytes."""
    dies_after: int | None = None
    """Batches that are committed before the program is killed."""

    def put(self, item: Item) -> None:
        self.pending.append(item)
        if not isinstance(item, BundleTaken):
            return
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                self.pending.clear()
                raise Killed
        self.most = max(self.most, sum(len(getattr(message, "payload", b"")) for message in self.pending))
        effects = self.world.give(*self.pending)
        self.pending.clear()
        for reply, answer in effects.replies:
            reply(answer)

    def take(self, file: Path, trust: str = "") -> tuple[Receipt | None, str]:
        """Import a file; its receipt, or the reason of the refusal."""
        folder = self.site.folder / "coordinator" / FOLDER
        try:
            with file.open("rb") as source:
                handed = hand_over(source, folder, trust)
        except BundleError as error:
            return None, str(error)
        receipt = self.imports.take(handed.path)
        assert not handed.path.exists()
        if receipt is None:
            return None, handed.refused.read_text()
        assert read_receipt(handed.receipt.read_bytes(), self.public) == receipt
        shutil.copy(handed.receipt, file.with_name(file.name + ".receipt"))
        return receipt, ""

    @property
    def public(self) -> bytes:
        return public_of(bytes.fromhex((self.site.folder / "command.private").read_text()))


class Killed(BaseException):
    """The coordinator is gone."""


def _central(site: Site) -> Central:
    data = site.folder / "coordinator"
    data.mkdir(exist_ok=True)
    store = Store.open(sqlite_url(data))
    private = bytes.fromhex((site.folder / "command.private").read_text())
    booth = load(site.booth).booth.id
    world = World(store, coordinator_settings({booth: ("Kit", 0)}, private))
    found = Central(site, world, Imports(data, store, lambda item: found.put(item), private, {booth}))
    return found


def _recorded(site: Site, recordings: int, size: int) -> None:
    one = Kit(site)
    one.record(recordings, size)
    one.close()


def _exported(site: Site) -> Path:
    stick = site.folder / "stick"
    stick.mkdir(exist_ok=True)
    return kit.export(load(site.booth), stick).path


def _key(site: Site) -> str:
    return kit.key(load(site.booth)).public.hex()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Central]:
    """Three recordings at a kit, and a coordinator."""
    site = make_site(tmp_path)
    _recorded(site, 3, 150_000)
    found = _central(site)
    yield found
    found.world.store.close()


def test_five_hundred_recordings_are_counted_once_however_often_and_however_damaged_they_come(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    _recorded(site, MANY, SIZE)
    file = _exported(site)
    header = checked_file(file).header
    everything = (header.events.count, MANY, MANY)
    central = _central(site)
    for what, copy, told in altered(file, tmp_path):
        receipt, reason = central.take(copy, _key(site))
        assert receipt is None, what
        assert told in reason, what
    assert counted(site) == (0, 0, 0)

    first, _ = central.take(file, _key(site))
    assert first is not None
    assert counted(site) == everything
    assert (first.seq, len(first.packets)) == (header.events.last, MANY)
    assert central.most < 2 * 1024 * 1024, "the memory stays flat: only so much is in the air at a time"

    second, _ = central.take(file)
    assert second == first
    assert counted(site) == everything

    assert waiting(site) == (header.events.count, MANY, MANY), "exports and imports delete nothing"
    assert kit.main(["receipt", str(site.booth), f"{file}.receipt"]) == 0
    assert waiting(site) == (0, 0, 0)
    central.world.store.close()


def test_a_coordinator_that_is_killed_in_the_middle_takes_the_rest_at_its_next_start(small: Central) -> None:
    file = _exported(small.site)
    small.dies_after = 1
    with pytest.raises(Killed):
        small.take(file, _key(small.site))
    small.world.restart()
    small.dies_after = None
    left = next((small.site.folder / "coordinator" / FOLDER).glob("*.lkb"))
    receipt = small.imports.take(left)
    assert receipt is not None
    assert len(receipt.packets) == 3
    assert counted(small.site)[1:] == (3, 3)


def test_a_kit_that_nobody_knows_is_taken_only_with_the_key_that_it_shows(small: Central) -> None:
    file = _exported(small.site)
    receipt, reason = small.take(file)
    assert receipt is None
    assert f"--trust {_key(small.site)}" in reason
    receipt, reason = small.take(file, "ab" * 32)
    assert receipt is None
    assert "not the one that signed it" in reason
    assert counted(small.site) == (0, 0, 0)
    assert small.take(file, _key(small.site))[0] is not None
    _recorded(small.site, 1, 1000)
    assert small.take(_exported(small.site))[0] is not None, "once trusted, it is known"


def test_a_kit_that_has_been_online_needs_no_word_of_a_person(small: Central) -> None:
    config, epoch = load(small.site.booth), checked_file(_exported(small.site)).header.epoch
    booth = Booth(id=config.booth.id, epoch=epoch)
    small.world.give(booth.hello(first=1, last=0), booth.event(BoothStarted(version="1", key=_key(small.site))))
    assert small.take(_exported(small.site))[0] is not None


def test_a_file_signed_by_another_kit_in_its_name_is_refused(small: Central, tmp_path: Path) -> None:
    assert small.take(_exported(small.site), _key(small.site))[0] is not None
    other = make_site(tmp_path / "other")
    _recorded(other, 1, 1000)
    with closing(sqlite3.connect(other.database, isolation_level=None)) as db:
        epoch = checked_file(_exported(small.site)).header.epoch
        db.execute("DELETE FROM outbox")
        db.execute("UPDATE meta SET value=? WHERE key='epoch'", (epoch,))
    path = other.folder / "kit" / "booth.key"
    path.write_text(path.read_text().replace(path.read_text()[11:23], epoch))
    before = counted(small.site)
    receipt, reason = small.take(_exported(other), _key(other))
    assert receipt is None
    assert "signed with another key" in reason
    assert counted(small.site) == before


def test_a_booth_that_the_coordinator_does_not_have_is_refused(small: Central, tmp_path: Path) -> None:
    other = make_site(tmp_path / "other", "kit-9")
    _recorded(other, 1, 1000)
    receipt, reason = small.take(_exported(other), _key(other))
    assert receipt is None
    assert "kit-9 is not listed" in reason


def test_what_came_by_network_already_is_not_counted_again(small: Central) -> None:
    config = load(small.site.booth)
    with closing(sqlite3.connect(small.site.database)) as db:
        rows = [row[0] for row in db.execute("SELECT payload FROM outbox ORDER BY seq LIMIT 3")]
        name, data = db.execute("SELECT name, data FROM blob ORDER BY name LIMIT 1").fetchone()
    epoch = name.rpartition("-")[0]
    booth = Booth(id=config.booth.id, epoch=epoch)
    small.world.give(booth.hello(first=1, last=3), *(booth.message(topics.EVENT, row) for row in rows))
    small.world.give(*booth.parts(name, data)[:2])
    receipt, _ = small.take(_exported(small.site))
    assert receipt is not None
    assert counted(small.site) == (7, 3, 3)


def test_a_receipt_lets_go_what_it_names_and_nothing_that_was_recorded_since(small: Central) -> None:
    file = _exported(small.site)
    assert small.take(file, _key(small.site))[0] is not None
    _recorded(small.site, 2, 1000)
    assert kit.main(["receipt", str(small.site.booth), f"{file}.receipt"]) == 0
    assert waiting(small.site) == (4, 2, 2)
    receipt, _ = small.take(_exported(small.site))
    assert receipt is not None
    assert len(receipt.packets) == 2
    assert counted(small.site) == (11, 5, 5)


def test_a_running_booth_gets_the_receipt_as_an_acknowledgement_and_the_file_goes_when_it_has_acted(
    small: Central,
) -> None:
    file = _exported(small.site)
    receipt, _ = small.take(file, _key(small.site))
    assert receipt is not None
    config, heard = load(small.site.booth), list[object]()
    store = SqliteStore(config.booth.data, ROW_TYPES)
    box = ReceiptBox(config.booth.data, config.booth.id, store.epoch, bytes.fromhex(config.keys.command), heard.append)
    inbox = config.booth.data / "inbox"
    inbox.mkdir()
    place = inbox / "one.receipt"
    place.write_bytes(Path(f"{file}.receipt").read_bytes())
    box.look()
    assert heard == [Acked(receipt.epoch, receipt.seq, receipt.packets)]
    box.look()
    assert place.exists(), "until the booth has committed it, a power cut must not lose it"
    kit.apply(store, receipt, config)
    box.look()
    assert not place.exists()
    store.close()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda raw: raw[:-40], "cut or damaged"),
        (lambda raw: raw.replace(b'seq\\":7', b'seq\\":9'), "altered"),
        (lambda raw: b"", "no receipt"),
    ],
)
def test_a_damaged_receipt_lets_nothing_go(
    small: Central, spoil: Callable[[bytes], bytes], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _exported(small.site)
    small.take(file, _key(small.site))
    paper = Path(f"{file}.receipt")
    good = paper.read_bytes()
    assert spoil(good) != good
    paper.write_bytes(spoil(good))
    assert kit.main(["receipt", str(small.site.booth), str(paper)]) == 2
    assert told in capsys.readouterr().err
    assert waiting(small.site) == (7, 3, 3)
    box = ReceiptBox(small.site.folder / "kit", "kit-1", "x", small.public, lambda item: pytest.fail(str(item)))
    inbox = small.site.folder / "kit" / "inbox"
    inbox.mkdir()
    (inbox / "one.receipt").write_bytes(spoil(good))
    box.look()
    assert told in (inbox / "one.receipt.refused").read_text()


def test_the_receipt_of_another_kit_lets_nothing_go(
    small: Central, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _exported(small.site)
    small.take(file, _key(small.site))
    kit_file = small.site.booth.read_text()
    small.site.booth.write_text(kit_file.replace('id = "kit-1"', 'id = "kit-2"'))
    assert kit.main(["receipt", str(small.site.booth), f"{file}.receipt"]) == 2
    assert "for the booth kit-1, this is kit-2" in capsys.readouterr().err
    assert waiting(small.site)[1] == 3


def test_exports_have_numbers_of_their_own_and_work_beside_the_running_booth(small: Central) -> None:
    store = SqliteStore(small.site.folder / "kit", ROW_TYPES)
    first, second = _exported(small.site), _exported(small.site)
    assert [checked_file(file).header.number for file in (first, second)] == [1, 2]
    assert first.name.endswith(f"{store.epoch}-1.lkb")
    store.commit({}, [(8, b"{}")])
    store.close()


def test_a_stick_that_is_too_small_or_missing_is_told_before_anything_is_written(
    small: Central, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = small.site.folder / "stick"
    assert kit.main(["export", str(small.site.booth), str(stick)]) == 2
    assert "is no folder" in capsys.readouterr().err
    stick.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**6, 0, 10**6))  # type: ignore[attr-defined]
        assert kit.main(["export", str(small.site.booth), str(stick)]) == 74
    assert "1 MB free, the export needs 2 MB" in capsys.readouterr().err
    assert list(stick.iterdir()) == []


def test_a_stick_that_is_pulled_out_leaves_no_file_that_looks_whole(
    small: Central, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = small.site.folder / "stick"
    stick.mkdir()

    def pulled(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", pulled)
        assert kit.main(["export", str(small.site.booth), str(stick)]) == 74
    assert "put it in and try again" in capsys.readouterr().err
    assert list(stick.glob("*.lkb")) == []


def test_a_packet_whose_bytes_are_gone_is_named_and_the_others_are_exported(
    small: Central, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(small.site.database, isolation_level=None)) as db:
        name = db.execute("SELECT name FROM blob ORDER BY name LIMIT 1").fetchone()[0]
        db.execute("DELETE FROM blob WHERE name=?", (name,))
    stick = small.site.folder / "stick"
    stick.mkdir()
    assert kit.main(["export", str(small.site.booth), str(stick)]) == 0
    shown = capsys.readouterr()
    assert f"packet {name} is missing" in shown.err
    assert "2 recordings" in shown.out
    receipt, _ = small.take(next(stick.glob("*.lkb")), _key(small.site))
    assert receipt is not None
    assert name not in receipt.packets


def test_an_older_memory_that_comes_late_by_stick_does_not_replace_the_present_one(small: Central) -> None:
    file = _exported(small.site)
    booth = Booth(id="kit-1", epoch="bbbbbbbbbbbb")
    small.world.give(booth.hello(first=1, last=0))
    assert small.take(file, _key(small.site))[0] is not None
    assert _epoch(small.site) == "bbbbbbbbbbbb"
    back = Booth(id="kit-1", epoch=checked_file(file).header.epoch)
    small.world.give(back.hello(first=8, last=7))
    assert _epoch(small.site) == back.epoch, "what the booth itself says counts"


def test_events_that_the_kit_lost_do_not_hold_up_the_others(small: Central) -> None:
    with closing(sqlite3.connect(small.site.database, isolation_level=None)) as db:
        db.execute("DELETE FROM outbox WHERE seq<=2")
        db.execute("INSERT INTO meta VALUES ('pruned', '2')")
    receipt, _ = small.take(_exported(small.site), _key(small.site))
    assert receipt is not None
    assert receipt.seq == 7
    assert counted(small.site)[0] == 5


def _epoch(site: Site) -> str:
    with closing(sqlite3.connect(site.coordinator_database)) as db:
        return str(db.execute("SELECT epoch FROM booth WHERE id='kit-1'").fetchone()[0])


def test_every_single_flipped_byte_and_every_cut_is_noticed(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    _recorded(site, 1, 1000)
    raw = _exported(site).read_bytes()
    for at in range(0, len(raw), 7):
        spoiled = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(BundleError):
            check(io.BytesIO(spoiled), len(spoiled))
        with pytest.raises(BundleError):
            check(io.BytesIO(raw[:at]), at)
    with pytest.raises(BundleError, match="too many"):
        check(io.BytesIO(raw + b"x"), len(raw) + 1)
