"""Network UPS Tools beside a simulated UPS: its drivers and its server on loopback, with files of their own."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hardware.rig.ptys import PtyServer
from hardware.simulators.megatec import Ups
from tests.integration.needs import needs_program

PATIENCE = 20.0
USER, PASSWORD = "booth", 'se"cret'
_USERS = f"""[{USER}]
    password = "{PASSWORD.replace('"', chr(92) + '"')}"
    actions = SET
    instcmds = ALL
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """NUT's server and its drivers' processes, by the UPS's name."""

    folder: Path
    port: int
    upsc: Path
    environment: dict[str, str]
    drivers: dict[str, subprocess.Popen[bytes]]

    def variables(self, ups: str = "ups") -> dict[str, str]:
        """What `upsc` prints."""
        command = [str(self.upsc), f"{ups}@127.0.0.1:{self.port}"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)

    def until(self, holds: Callable[[dict[str, str]], bool], ups: str = "ups") -> dict[str, str]:
        """Asks again until `holds`; fails with what was read last."""
        deadline = time.monotonic() + PATIENCE
        while not holds(seen := self.variables(ups)):
            if time.monotonic() > deadline:
                pytest.fail(f"NUT never saw it; it reads {seen}")
            time.sleep(0.1)
        return seen

    def restart(self, ups: str) -> None:
        """NUT's driver of a UPS, once more, as `upsdrvctl` would start it."""
        old = self.drivers[ups]
        old.kill()
        old.wait(10)
        with (self.folder / f"{ups}.log").open("ab") as log:
            self.drivers[ups] = subprocess.Popen(old.args, env=self.environment, stdout=log, stderr=log)

    def set(self, ups: str, variable: str, value: str) -> None:
        """As `upsrw` does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            replies = line.makefile("rb")
            password = PASSWORD.replace('"', '\\"')
            for order in (f"USERNAME {USER}", f'PASSWORD "{password}"', f'SET VAR {ups} {variable} "{value}"'):
                line.sendall(order.encode() + b"\n")
                assert replies.readline() == b"OK\n"


@contextmanager
def serving(folder: Path, sections: str, drivers: dict[str, str]) -> Iterator[Server]:
    """`sections`: the text of ups.conf; `drivers`: UPS name -> NUT driver. Skips the test where NUT is missing."""
    programs = {name: needs_program(driver, "nut-server") for name, driver in drivers.items()}
    upsc = needs_program("upsc", "nut-client")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ups.conf").write_text(sections)
    (folder / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {port}\n")
    (folder / "upsd.users").write_text(_USERS)
    for secret in ("upsd.conf", "upsd.users"):
        (folder / secret).chmod(0o600)
    folders = ("NUT_CONFPATH", "NUT_STATEPATH", "NUT_PIDPATH", "NUT_ALTPIDPATH")
    environment = {**os.environ, **dict.fromkeys(folders, str(folder))}
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, program in programs.items():
            running[name] = _start([str(program), "-a", name, "-F"], folder / f"{name}.log", environment)
        # Debian's /usr/sbin/upsd is a script that obeys /etc/nut; the program itself lies beside the drivers.
        upsd = next(iter(programs.values())).parent / "upsd"
        server = _start([str(upsd), "-F"], folder / "upsd.log", environment)
        try:
            yield Server(folder, port, upsc, environment, running)
        finally:
            server.terminate()
            server.wait(10)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(10)


def _start(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    if os.geteuid() == 0:
        command = [*command, "-u", getpass.getuser()]
    with log.open("wb") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


@dataclass
class Nut:
    """NUT on one simulated Megatec UPS that hangs on a pty."""

    ups: Ups
    ptys: PtyServer
    server: Server

    def until(self, holds: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """Asks again until `holds`; fails with what was read last."""
        return self.server.until(holds)

    def command(self, act: Callable[[float], None]) -> None:
        """Does something to the UPS."""
        self.ptys.call(lambda: act(self.ptys.now()))


@contextmanager
def megatec(
    folder: Path, ups: Ups, pollinterval: int = 1, pollfreq: int = 1, baud: int | None = None, extra: str = ""
) -> Iterator[Nut]:
    """`nutdrv_qx` on a simulated UPS. `pollinterval`, `pollfreq`: seconds between its looks at the status, at all.

    `extra`: more lines of ups.conf.
    """
    link = folder / "by-id" / "ups"
    sections = (
        f"[ups]\ndriver = nutdrv_qx\nport = {link}\nprotocol = megatec\n"
        f"pollinterval = {pollinterval}\npollfreq = {pollfreq}\n{extra}\n"
    )
    with PtyServer() as ptys:
        ptys.add("ups", ups, link, baud=baud)
        with serving(folder, sections, {"ups": "nutdrv_qx"}) as server:
            yield Nut(ups, ptys, server)
