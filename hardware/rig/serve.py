"""The bench as a program that `loket rig` talks to: `python -m hardware.rig.serve DATA`."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from hardware.rig.bench import Bench
from hardware.rig.control import ControlServer
from hardware.rig.places import Places
from hardware.rig.words import Words


def main(words: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m hardware.rig.serve", description=__doc__)
    parser.add_argument("data", type=Path, help="data folder of the run (with booth.toml)")
    parser.add_argument("--centre-port", type=int, default=0)
    parser.add_argument("--pace", type=float, default=20.0, help="seconds between two applicants; 0: none")

    given = parser.parse_args(words)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    places = Places(given.data.absolute())
    places.bench_data.mkdir(parents=True, exist_ok=True)
    bench = Bench(places, given.centre_port, given.pace)
    control = ControlServer(places.control, _carried_out(bench))
    bench.start()
    control.start()
    stop.wait()
    control.close()
    bench.close()
    return 0


def _carried_out(bench: Bench) -> Callable[[list[str]], str]:
    known = Words(bench)

    def act(words: list[str]) -> str:
        """What was done must survive: it is saved before it is told."""
        try:
            return known.act(words)
        finally:
            bench.save()

    return act


if __name__ == "__main__":
    raise SystemExit(main())
