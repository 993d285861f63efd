"""`loket rig WORDS`: acts on the running bench from another terminal, over its Unix socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from hardware.rig.places import Places, data_folder, read_json

USAGE = """\
loket rig [--data DIR] WORDS...      acts on the booth that `loket run` has started

  mains off | on | VOLTS             cut the mains, bring it back, or let it sag (200 is a brown-out)
  mains dip SECONDS [VOLTS] | bounce TIMES MILLISECONDS      a short sag; a contactor that chatters
  contact mains stuck-on | stuck-off | free                  the mains contact lies, or not
  ups silent | garbage | normal | failed | mended | load WATTS
  battery charge SHARE | health SHARE | lying | honest       0..1; lying: shows full until it dies
  genset no-start | starts-on N | stalls SECONDS | fuel PERCENT | hot | low-oil | weak-battery | no-volts
  genset out-of-band | no-stop | healthy                     healthy: everything about the engine is well again
  genset silent | garbage | normal | stopped-by-hand         its controller
  ats stuck mains | genset | free    the transfer switch does not move, or does again
  board silent | garbage | normal | reset                    the power board
  printer jam | clear                the next card jams; a person takes it out
  printer empty | refill [N]         no blanks; N more blanks (50)
  printer cover-open | cover-close | ribbon-out | ribbon-new | reject-full | reject-empty | power-off | power-on
  printer on-ups | on-mains          where its plug is
  scanner | signature | ups | printer | genset | board | tickets | reader   unplug | plug     pull a device's cable
  scan KK NIK                        hold a family card under the scanner (16 digits each)
  applicant                          somebody comes with a family card of their own
  sign                               sign on the pad
  press start | next | retry | stop  the officer's buttons
  ticket new | lost | damaged | change | pickup      an applicant presses a button for a number
  paper near-end | out | load | cover-open | cover-close | off | on        the ticket printer
  paper show                         the text of the last tickets
  finger NAME | lift                 a person's finger on the officers' reader, or none
  calls                              files with what the loudspeaker called last
  door open | close
  sbi face|slap|iris ready | busy | not-ready | not-registered
  sbi face|slap|iris low | bad-finger | missing | wrong-hand | drop | hang | timeout [N]   spoil N captures (1)
  sbi face|slap|iris wrong-transaction | broken-chain [N]
  sbi face|slap|iris dirty | clean | unplugged [0]   until it is clean, or `unplugged 0`
  centre up | down | slow | duplicate | adjudicate | wrong [NIK]
  centre nik eligible | enrolled | duplicate | unknown DIGITS
                                     what the centre says of a NIK, or of all that begin with these digits
  day on | off | pace SECONDS        applicants come by themselves, or not
  kill edge | central | broker | bench   end a program at once (SIGKILL); `loket run` starts it again
  facts                              what physically happened so far, as JSON: counts, and the log of the plant
  status [json]                      everything that the bench knows

loket rig scenario [FILE...] [--bench memory|pty] [--report FILE]      runs scenarios; needs no running bench
"""

#: What a program's command line must hold before it is killed, so that a number used again harms nobody.
_MARKS = {"edge": "edge", "central": "central", "broker": "iotcore", "bench": "hardware.rig.serve"}


def main(words: list[str]) -> int:
    """Carry out one command; 0 when done, 1 when refused, 2 when no bench runs or the words are none."""
    words = list(words)
    given: str | None = None
    if "--data" in words[:-1]:
        at = words.index("--data")
        given = words[at + 1]
        del words[at : at + 2]
    if not words or words[0] in ("help", "--help", "-h"):
        print(USAGE, end="")  # noqa: T201
        return 0 if words else 2
    places = Places(data_folder(given))
    if words[0] == "kill":
        ok, text = kill(places, words[1:])
    else:
        try:
            ok, text = ask(places.control, words)
        except OSError as error:
            remedy = "start `loket run` first, or name its folder with --data DIR"
            print(f"no bench runs in {places.data} ({error.strerror or error}): {remedy}", file=sys.stderr)  # noqa: T201
            return 2
    print(text, file=sys.stdout if ok else sys.stderr)
    return 0 if ok else 1


def ask(path: Path, words: list[str], timeout_s: float = 30.0) -> tuple[bool, str]:
    """Send one command to the bench; whether it was done, and what it says. Raises OSError without a bench."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout_s)
        link.connect(str(path))
        link.sendall(json.dumps({"words": words}).encode() + b"\n")
        with link.makefile("r", encoding="utf-8") as lines:
            line = lines.readline()
    if not line:
        raise ConnectionError("the bench hung up")
    answer = json.loads(line)
    return bool(answer["ok"]), str(answer["text"])


def kill(places: Places, words: list[str]) -> tuple[bool, str]:
    """SIGKILL one program of the run; whether it was done, and what to say."""
    if len(words) != 1 or words[0] not in _MARKS:
        return False, f"kill what? One of: {', '.join(_MARKS)}"
    pid = read_json(places.processes).get(words[0])
    if not isinstance(pid, int):
        return False, f"no {words[0]} runs in {places.data}: start `loket run` first"
    try:
        if _MARKS[words[0]].encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
            raise ProcessLookupError
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError):
        return False, f"{words[0]} (process {pid}) is not running just now"
    return True, f"killed {words[0]} (process {pid})"


class ControlServer:
    """The bench's end: hands each command to `act`, which answers a text or raises ValueError with the remedy."""

    def __init__(self, path: Path, act: Callable[[list[str]], str]) -> None:
        self.path = path
        self._act = act
        path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        path.chmod(0o600)
        self._server.listen()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Serve on threads of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()
        self.path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client,), name="control-client", daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), client.makefile("rb") as lines:
            while line := lines.readline(65536):
                client.sendall(json.dumps(self._answer(line)).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, object]:
        try:
            request = json.loads(line)
            words = [str(word) for word in request["words"]]
        except (ValueError, KeyError, TypeError):
            return {"ok": False, "text": 'a line must be JSON: {"words": ["mains", "off"]}'}
        try:
            return {"ok": True, "text": self._act(words)}
        except ValueError as error:
            return {"ok": False, "text": str(error)}
