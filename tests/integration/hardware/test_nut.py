"""Network UPS Tools, written by others, reads the simulated UPS as it reads real ones."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hardware.rig.ptys import PtyServer
from hardware.simulators.megatec import Ups
from tests.integration.needs import needs_program

PATIENCE = 20.0


@dataclass
class Nut:
    """NUT's driver on a simulated UPS, and its server on loopback."""

    ups: Ups
    server: PtyServer
    upsc: Path
    upsd_port: int
    environment: dict[str, str]

    def variables(self) -> dict[str, str]:
        """What `upsc` prints."""
        command = [str(self.upsc), f"ups@127.0.0.1:{self.upsd_port}"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)

    def until(self, holds: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """Asks again until `holds`; fails with what was read last."""
        deadline = time.monotonic() + PATIENCE
        while not holds(seen := self.variables()):
            if time.monotonic() > deadline:
                pytest.fail(f"NUT never saw it; it reads {seen}")
            time.sleep(0.1)
        return seen

    def command(self, act: Callable[[float], None]) -> None:
        """Does something to the UPS."""
        self.server.call(lambda: act(self.server.now()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def nut(tmp_path: Path) -> Iterator[Nut]:
    driver = needs_program("nutdrv_qx", "nut-server")
    upsc = needs_program("upsc", "nut-client")
    port, link = free_port(), tmp_path / "by-id" / "ups"
    (tmp_path / "ups.conf").write_text(
        f"[ups]\ndriver = nutdrv_qx\nport = {link}\nprotocol = megatec\npollinterval = 1\npollfreq = 1\n"
    )
    (tmp_path / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {port}\n")
    (tmp_path / "upsd.users").write_text("")
    for secret in ("upsd.conf", "upsd.users"):
        (tmp_path / secret).chmod(0o600)
    where = str(tmp_path)
    folders = ("NUT_CONFPATH", "NUT_STATEPATH", "NUT_PIDPATH", "NUT_ALTPIDPATH")
    environment = {**os.environ, **dict.fromkeys(folders, where)}
    # Debian's /usr/sbin/upsd is a script that obeys /etc/nut; the program itself lies beside the drivers.
    commands = [[str(driver), "-a", "ups", "-F"], [str(driver.parent / "upsd"), "-F"]]
    if os.geteuid() == 0:
        commands = [[*command, "-u", getpass.getuser()] for command in commands]
    ups = Ups()
    running: list[subprocess.Popen[bytes]] = []
    with PtyServer() as server:
        server.add("ups", ups, link)
        try:
            for command in commands:
                with (tmp_path / f"{Path(command[0]).name}.log").open("wb") as log:
                    running.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            yield Nut(ups, server, upsc, port, environment)
        finally:
            for process in reversed(running):
                process.terminate()
            for process in reversed(running):
                process.wait(10)


def test_nut_reads_the_type_plate_and_the_mains(nut: Nut) -> None:
    seen = nut.until(lambda seen: seen.get("ups.status") == "OL")
    assert seen["device.mfr"] == "LOKET-SIM" and seen["device.model"] == "LI-1000"
    assert float(seen["input.voltage"]) == 228.0
    assert float(seen["output.voltage"]) == 228.0
    assert float(seen["input.voltage.nominal"]) == 230.0
    assert float(seen["battery.voltage.nominal"]) == 24.0
    assert float(seen["battery.voltage"]) == pytest.approx(27.2)
    assert float(seen["input.frequency"]) == 50.0
    assert float(seen["ups.load"]) == 20.0
    assert seen["ups.type"] == "offline / line interactive"
    assert seen["ups.beeper.status"] == "enabled"


def test_nut_sees_the_outage_the_low_battery_and_the_return(nut: Nut) -> None:
    nut.until(lambda seen: seen.get("ups.status") == "OL")
    nut.command(lambda now: nut.ups.set_mains(now, 0.0))
    seen = nut.until(lambda seen: seen.get("ups.status") == "OB" and float(seen["input.voltage"]) == 0.0)
    assert float(seen["output.voltage"]) == 230.0
    nut.command(lambda now: setattr(nut.ups, "charge", 0.1))
    seen = nut.until(lambda seen: seen.get("ups.status") == "OB LB" and float(seen["battery.voltage"]) < 21.5)
    assert float(seen["battery.voltage"]) == pytest.approx(21.3, abs=0.1)
    nut.command(lambda now: setattr(nut.ups, "charge", 0.9))
    nut.command(lambda now: nut.ups.set_mains(now, 231.0))
    nut.until(lambda seen: seen.get("ups.status") == "OL" and float(seen["input.voltage"]) == 231.0)


def test_nut_tells_boost_from_trim(nut: Nut) -> None:
    nut.command(lambda now: nut.ups.set_mains(now, 190.0))
    nut.until(lambda seen: seen.get("ups.status") == "OL BOOST")
    nut.command(lambda now: nut.ups.set_mains(now, 265.0))
    nut.until(lambda seen: seen.get("ups.status") == "OL TRIM")


def test_nut_counts_a_pulled_cable_as_lost_data_not_as_an_outage(nut: Nut) -> None:
    nut.until(lambda seen: seen.get("ups.status") == "OL")
    nut.server.unplug("ups")
    nut.until(lambda seen: "ups.status" not in seen)
