"""The real programs of a kit and a coordinator: the running booth acts upon a receipt; imports wait for a start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central.bundles import FOLDER, taker_runs
from contract.bundle import Receipt, signed_receipt
from contract.packet import count
from edge import kit
from edge.config import load
from tests.integration.central.conftest import free_port, wait_for
from tests.tools.kit import Kit, Site, counted, make_site, waiting

ROOT = Path(__file__).parents[3]


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program, ended by its own handle."""
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _kit(folder: Path) -> Site:
    site = make_site(folder, port=free_port())
    one = Kit(site)
    one.record(3, 100_000)
    one.close()
    (folder / "stick").mkdir()
    return site


def test_a_running_booth_lets_go_what_a_receipt_names(tmp_path: Path) -> None:
    site = _kit(tmp_path)
    config = load(site.booth)
    with running("edge", str(site.booth)):
        wait_for(lambda: waiting(site)[0] == 8)  # It has told its start.
        done = kit.export(config, tmp_path / "stick")
        packets = {entry.packet: count(entry.size) for entry in done.header.packets}
        receipt = Receipt(
            booth=config.booth.id,
            epoch=done.header.epoch,
            number=done.header.number,
            bundle="0" * 64,
            seq=done.header.events.last,
            packets=packets,
        )
        paper = tmp_path / "stick" / "export.receipt"
        paper.write_bytes(signed_receipt(receipt, bytes.fromhex((tmp_path / "command.private").read_text())))
        assert kit.main(["receipt", str(site.booth), str(paper)]) == 0
        assert waiting(site) == (0, 0, 0)


def test_a_file_handed_over_while_the_coordinator_is_off_is_taken_in_at_its_start(tmp_path: Path) -> None:
    site = _kit(tmp_path)
    file = kit.export(load(site.booth), tmp_path / "stick").path
    key = kit.key(load(site.booth)).public.hex()
    words = [sys.executable, "-m", "central.importing", str(site.central), "--trust", key, str(file)]
    off = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert off.returncode == 75
    assert "it takes the file in at its start" in off.stderr
    folder = tmp_path / "coordinator" / FOLDER
    assert not taker_runs(folder)
    with running("central", str(site.central)):
        wait_for(lambda: (folder / f"{file.name}.receipt").exists())
        assert taker_runs(folder)
        assert counted(site) == (7, 3, 3)
        on = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert on.returncode == 0, on.stderr
    assert counted(site) == (7, 3, 3)
    assert kit.main(["receipt", str(site.booth), f"{file}.receipt"]) == 0
    assert waiting(site) == (0, 0, 0)
