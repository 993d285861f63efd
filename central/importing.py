"""Exports of mobile kits on the command line: `python -m central.importing CONFIG [--trust KEY] FILE...`.

Each file is copied to the coordinator, checked, and taken in by the running coordinator; its receipt is put beside it.
Exit codes: 0 all taken in, 1 one was refused, 2 wrong call, 75 the coordinator has not taken it in yet.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from central.bundles import FOLDER, ROOM, HandedOver, hand_over, taker_runs
from central.config import ConfigError, load
from contract.bundle import RECEIPT_SUFFIX, BundleError, Receipt, SignedReceipt

TAKEN, REFUSED, WRONG = 0, 1, 2
#: How long a running coordinator may take for one file.
PATIENCE_S: Final = 900.0
#: How long it is waited for one that does not run (it may just be starting).
START_S: Final = 3.0


def main(arguments: list[str] | None = None) -> int:
    """Import the files; the exit code."""
    parser = argparse.ArgumentParser(prog="loket central import", description="Take exports of mobile kits in.")
    parser.add_argument("config", type=Path, help="the coordinator's TOML file")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="loket-<booth>-<epoch>-<number>.lkb")
    parser.add_argument("--trust", default="", metavar="KEY", help="the key that `loket kit key` prints there")
    chosen = parser.parse_args(arguments)
    trust = chosen.trust.strip().lower()
    if trust and not re.fullmatch(r"[0-9a-f]{64}", trust):
        return _told("--trust: this is no key: copy the 64 hex digits that `loket kit key CONFIG` prints", WRONG)
    try:
        folder = load(chosen.config).coordinator.data / FOLDER
    except ConfigError as error:
        return _told(str(error), WRONG)
    return max(_take(file, folder, trust) for file in chosen.files)


def _take(file: Path, folder: Path, trust: str) -> int:
    """One file; the exit code for it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        size, free = file.stat().st_size, shutil.disk_usage(folder).free
        # The copy, and its content in the database.
        if free < 2 * size + ROOM:
            need = (2 * size + ROOM) / 1e6
            what = f"{file}: the disk of {folder} has {free / 1e6:.0f} MB free, {need:.0f} MB are needed"
            return _told(f"{what}: free space on it", REFUSED)
        with file.open("rb") as source:
            handed = hand_over(source, folder, trust)
        _own(folder)
    except BundleError as error:
        return _told(f"{file}: refused, nothing was taken: {error}", REFUSED)
    except OSError as error:
        where = error.filename or file
        return _told(f"{where}: {error.strerror}; run this as the coordinator's user, put the stick in again", REFUSED)
    return _wait(file, handed, taker_runs(folder))


def _wait(file: Path, handed: HandedOver, runs: bool) -> int:
    end = time.monotonic() + (PATIENCE_S if runs else START_S)
    while time.monotonic() < end:
        if handed.refused.exists():
            why = handed.refused.read_text(encoding="utf-8").strip()
            handed.refused.unlink(missing_ok=True)
            return _told(f"{file}: refused, nothing was taken: {why}", REFUSED)
        if handed.receipt.exists():
            return _report(file, handed)
        time.sleep(0.05)
    what = "is not done with it yet" if runs else "does not run: it takes the file in at its start"
    return _told(f"{file}: handed over; the coordinator {what}. Import it again then for its receipt", os.EX_TEMPFAIL)


def _report(file: Path, handed: HandedOver) -> int:
    raw, header = handed.receipt.read_bytes(), handed.checked.header
    receipt = Receipt.model_validate_json(SignedReceipt.model_validate_json(raw).payload)
    place = file.with_name(header.name + RECEIPT_SUFFIX)
    try:
        place.write_bytes(raw)
        with place.open("rb") as written:
            os.fsync(written.fileno())
    except OSError as error:
        why = f"{place} cannot be written ({error.strerror})"
        sys.stderr.write(f"loket: {why}; copy the receipt from {handed.receipt}\n")
        place = handed.receipt
    missing = [entry.packet for entry in header.packets if entry.packet not in receipt.packets]
    for name in missing:
        sys.stderr.write(f"loket: packet {name} is not what the booth announced: it is kept there; see the console\n")
    print(f"{file}: export {header.number} of {header.booth} is taken in")  # noqa: T201
    print(f"{len(receipt.packets)} recordings and all events up to {receipt.seq} are committed here")  # noqa: T201
    print(f"Its receipt for the kit (loket kit receipt CONFIG FILE): {place}")  # noqa: T201
    return REFUSED if missing else TAKEN


def _own(folder: Path) -> None:
    """Run by root, the files must still be the coordinator's."""
    if os.geteuid() == 0:
        owner = folder.parent.stat()
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)


def _told(line: str, code: int) -> int:
    sys.stderr.write(f"loket: {line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
