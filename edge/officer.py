"""Officers of a booth on the command line: `python -m edge.officer add|remove|pin|list|record CONFIG [NAME]`.

Works while the booth runs and while it does not. Exit codes: 0 done, 1 the record of deeds is broken, 2 refused.
"""

from __future__ import annotations

import getpass
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from contract.deeds import verify
from contract.desk import Deed
from edge.adapters.officers import Officers, OfficersError, pin_problem
from edge.adapters.store import SCHEMA, deeds_of
from edge.config import ConfigError, load

ACTIONS: Final = ("add", "remove", "pin", "list", "record")
REFUSED: Final = 2


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    named = given[:1] in (["add"], ["remove"], ["pin"])
    if not given or given[0] not in ACTIONS or len(given) != (3 if named else 2):
        return _refused(f"usage: loket officer {'|'.join(ACTIONS)} CONFIG [NAME]")
    try:
        folder = load(given[1]).booth.data
        if given[0] == "record":
            return _record(folder)
        if not folder.is_dir():
            return _refused(f"{folder} does not exist: make it for the booth's user, or start the booth once")
        officers = Officers(folder)
        if given[0] == "list":
            return _list(officers)
        return _change(officers, given[0], given[2])
    except (ConfigError, OfficersError) as error:
        return _refused(str(error))


def _change(officers: Officers, action: str, name: str) -> int:
    if action == "remove":
        officers.remove(name)
        _say(f"{name} signs in no more")
    elif action == "pin":
        if name not in officers.names():
            officers.set_page(name, None)  # Says who is known.
        officers.set_pin(name, _asked())
        _say(f"{name} has a new PIN")
    else:
        officers.add(name, _asked())
        _say(f"{name.strip()} may sign in")
    _own(officers.path)
    return 0


def _asked() -> str:
    """The PIN, typed twice without being shown, or as one line of the standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    pin = getpass.getpass("PIN: ")
    problem = pin_problem(pin)
    if problem:
        raise OfficersError(problem, "Choose another one")
    if pin != getpass.getpass("Again: "):
        raise OfficersError("the two PINs differ", "Type the same one twice")
    return pin


def _own(path: Path) -> None:
    """Run by root, the file must still be the booth's."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        for file in (path, path.with_name("officers.lock")):
            if file.exists():
                os.chown(file, owner.st_uid, owner.st_gid)


def _list(officers: Officers) -> int:
    if trouble := officers.trouble():
        return _refused(trouble)
    pages = {officers.by_page(page): page for page in range(1000)}
    for name in officers.names():
        _say(f"{name}\t{f'finger {pages[name]}' if name in pages else 'PIN only'}")
    return 0


def _record(folder: Path) -> int:
    """Print who did what, and whether the chain holds."""
    path = folder / "booth.db"
    if not path.exists():
        return _refused(f"{path} does not exist: the booth has not run yet")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] < SCHEMA:
                return _refused(f"{path} is of an earlier version: start the booth once, then ask again")
            trouble, last = "", None
            for deed in deeds_of(db):
                trouble = trouble or verify([deed], after=last)
                _say(_line(deed))
                last = deed
    except sqlite3.Error as error:
        return _refused(f"{path} cannot be read ({error}): run this as the booth's user")
    if trouble:
        sys.stderr.write(f"loket: the record is broken: {trouble}; keep {folder} as it is and tell the centre\n")
        return 1
    _say(f"{last.n if last else 0} deeds, none altered or missing; the last has the hash {last.hash if last else '-'}")
    return 0


def _line(deed: Deed) -> str:
    try:
        moment = datetime.fromtimestamp(float(deed.time), UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        moment = str(deed.time)
    return f"{deed.n}\t{moment}\t{deed.officer}\t{deed.action}\t{deed.subject}\t{deed.detail}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _refused(why: str) -> int:
    sys.stderr.write(f"loket: {why}\n")
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
