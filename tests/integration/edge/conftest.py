"""Fixtures of the booth program's tests; everything that was started is ended by its own handle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.sealing import new_seal_pair, new_sign_pair
from hardware.rig.ptys import PtyServer
from tests.integration.edge.bench import BOOTH, Broker, Coordinator, Program
from tests.integration.needs import needs_program

COMMAND_PRIVATE, COMMAND_PUBLIC = new_sign_pair()
SEAL_PRIVATE, SEAL_PUBLIC = new_seal_pair()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(needs_program("mosquitto", "mosquitto"), tmp_path)
    one.start()
    yield one
    one.kill()


@pytest.fixture
def coordinator(broker: Broker) -> Iterator[Coordinator]:
    one = Coordinator(broker.port)
    yield one
    one.close()


@pytest.fixture
def ptys() -> Iterator[PtyServer]:
    server = PtyServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def booth_file(tmp_path: Path, broker: Broker) -> Path:
    """A booth with a UPS and a scanner; broker, keys and data of this test alone."""
    path = tmp_path / "booth.toml"
    path.write_text(f"""
[booth]
id = "{BOOTH}"
name = "Loket uji"
data = "data"
[broker]
port = {broker.port}
[keys]
seal = "{SEAL_PUBLIC.hex()}"
command = "{COMMAND_PUBLIC.hex()}"
[gpio]
mains = {{ pin = 17, pull = "up" }}
start = {{ pin = 5, pull = "up" }}
green = 20
[recording]
order = ["signature"]
[link]
resend_s = 0.5
[[device]]
name = "ups"
kind = "megatec"
port = "{tmp_path}/dev/ups"
[[device]]
name = "scanner"
kind = "scanner"
port = "{tmp_path}/dev/scanner"
[[device]]
name = "pad"
kind = "topaz"
port = "{tmp_path}/dev/pad"
""")
    return path


@pytest.fixture
def start(booth_file: Path) -> Iterator[Callable[[], Program]]:
    """Starts the booth program; what still runs at the end is killed."""
    programs: list[Program] = []

    def begin() -> Program:
        programs.append(Program(booth_file))
        return programs[-1]

    yield begin
    for program in programs:
        if program.process.poll() is None:
            program.kill()
