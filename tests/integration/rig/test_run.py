"""`loket run` as a person uses it: one command, a working booth, Ctrl-C, and on again from the same data."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware.rig import control
from hardware.rig.places import Places, read_json
from tests.integration.rig.conftest import until


class Run:
    """`loket run` in a folder of its own."""

    def __init__(self, data: Path, *words: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.places = Places(data)
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loket", "run", "--data", str(data), "--port", str(self.port), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("console "):
                return
        raise AssertionError("\n".join(self.lines))

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(control.ask(self.places.control, ["status", "json"])[1])
        return told

    def children(self) -> list[int]:
        return list(read_json(self.places.processes).values())

    def end(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    one = Run(tmp_path / "run data")
    yield one
    one.end(signal.SIGTERM)


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_a_card_is_printed_by_itself_and_the_next_run_goes_on(run: Run, tmp_path: Path) -> None:
    run.ready()
    assert run.lines[-1] == f"console http://127.0.0.1:{run.port}"
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/", timeout=10) as page:
        assert page.status == 200
    (card, *_) = until(lambda: run.status()["printer"]["tray"], "a card in the tray")
    assert card["complete"]
    assert len(run.status()["printer"]["tray"]) == 1
    children = run.children()
    assert len(children) == 4
    assert run.end() == 0
    assert not any(map(running, children))
    arrived = read_json(run.places.bench_data / "state.json")["arrived"]
    again = Run(tmp_path / "run data")
    try:
        again.ready()
        assert again.status()["day"]["arrived"] >= arrived
        assert again.status()["printer"]["tray"][0] == card
    finally:
        assert again.end(signal.SIGTERM) == 0


def test_no_program_outlives_a_killed_supervisor(run: Run) -> None:
    run.ready()
    children = run.children()
    assert all(map(running, children))
    run.process.kill()
    run.process.wait()
    until(lambda: not any(map(running, children)), "all programs end")


def test_fresh_starts_over(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for words, feeder in (((), 3), (("--fresh",), 50)):
        one = Run(data, *words)
        try:
            one.ready()
            if not words:
                assert control.main(["--data", str(data), "printer", "empty"]) == 0
                assert control.main(["--data", str(data), "printer", "refill", "3"]) == 0
            assert one.status()["printer"]["feeder"] == feeder
        finally:
            one.end()


def test_the_command_line_reaches_the_bench(run: Run) -> None:
    run.ready()
    env = os.environ | {"LOKET_DATA": str(run.places.data)}
    done = subprocess.run(
        [sys.executable, "-m", "loket", "rig", "mains", "off"], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "mains off")
    assert run.status()["mains"] == "off"
