"""The coordinator as a program: from a sealed packet to a signed print command, killed on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.desk import Standing
from contract.messages import Command, EnrolmentOpened, NikAnswerCommand, PrintCommand, PrintState, SignedCommand
from contract.sealing import verify
from hardware.simulators.centre import Centre, CentreServer
from tests.integration.central.conftest import free_port, wait_for
from tests.integration.central.test_link import Device
from tests.unit.central.booth import KK, NIK, SEAL_PRIVATE, SIGN_PRIVATE, SIGN_PUBLIC, Booth, packet
from tests.unit.central.test_printing import told

ROOT = Path(__file__).parents[3]
NAME = "aaaaaaaaaaaa-1"


class Site:
    """A configuration and the programs around it."""

    def __init__(self, folder: Path, broker: int, centre: CentreServer) -> None:
        (folder / "seal.key").write_text(SEAL_PRIVATE.hex())
        (folder / "command.key").write_text(SIGN_PRIVATE.hex())
        self.port = free_port()
        self.file = folder / "central.toml"
        self.file.write_text(
            f"""
[coordinator]
id = "test"
data = "data"
[broker]
port = {broker}
[keys]
seal_private = "seal.key"
command_private = "command.key"
[centre]
url = "{centre.url}"
[console]
port = {self.port}
[[booth]]
id = "b1"
"""
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen([sys.executable, "-m", "central", str(self.file)], cwd=ROOT)
        wait_for(self.answers)
        return self.process

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture
def site(tmp_path: Path, broker: int) -> Iterator[Site]:
    server = CentreServer(Centre(processing_s=0.2))
    server.start()
    found = Site(tmp_path, broker, server)
    yield found
    if found.process is not None and found.process.poll() is None:
        found.process.kill()
        found.process.wait()
    server.close()


def signed_commands(device: Device) -> list[Command]:
    commands = []
    for topic, payload in device.heard:
        if topic.endswith("/down/command"):
            signed = SignedCommand.model_validate_json(payload)
            assert verify(signed.payload.encode(), signed.signature, SIGN_PUBLIC)
            commands.append(Command.model_validate_json(signed.payload))
    return commands


def test_a_sealed_packet_becomes_one_signed_print_job_although_the_coordinator_is_killed(
    site: Site, broker: int
) -> None:
    process = site.start()
    device, booth = Device(broker), Booth()
    device.say(booth.state("online"), booth.hello(), booth.printer())
    data = packet(NAME)
    device.say(booth.completed(NAME, data), *booth.parts(NAME, data))
    wait_for(lambda: device.acked() == 2)
    process.kill()
    process.wait()
    site.start()
    device.say(booth.state("online"), booth.hello())
    wait_for(lambda: signed_commands(device))
    device.say(booth.event(told(PrintState.ACCEPTED)), booth.event(told(PrintState.PRINTED)))
    wait_for(lambda: device.acked() == 4)
    bodies = [command.body for command in signed_commands(device) if isinstance(command.body, PrintCommand)]
    assert {(body.job, body.attempt) for body in bodies} == {(f"job-{NAME}", 1)}
    assert len(bodies[0].panels["k"]) > 1000
    device.close()


def test_the_booth_hears_what_the_centre_says_of_a_nik_although_the_centre_was_away(
    tmp_path: Path, broker: int
) -> None:
    centre = CentreServer(Centre())
    centre.centre.set_standing("enrolled", NIK)
    centre.centre.set_mode("down")
    centre.start()
    site = Site(tmp_path, broker, centre)
    process = site.start()
    device, booth = Device(broker), Booth()
    try:
        device.say(booth.state("online"), booth.hello(), booth.event(EnrolmentOpened(enrolment=NAME, nik=NIK, kk=KK)))
        wait_for(lambda: device.acked() == 1)
        process.kill()
        process.wait()
        centre.centre.set_mode("up")
        site.start()
        device.say(booth.state("online"), booth.hello())
        wait_for(lambda: signed_commands(device))
        (command,) = {command.id: command for command in signed_commands(device)}.values()
        assert isinstance(command.body, NikAnswerCommand)
        assert (command.body.enrolment, command.body.standing) == (NAME, Standing.ENROLLED)
    finally:
        device.close()
        if site.process is not None:
            site.process.kill()
            site.process.wait()
        centre.close()


def test_the_program_ends_cleanly_when_asked_and_leaves_no_one_waiting(site: Site) -> None:
    process = site.start()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not site.answers()


def test_wrong_settings_end_the_program_with_what_to_do(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    site.file.write_text(site.file.read_text().replace('port = ', 'prot = ', 1))
    done = subprocess.run([sys.executable, "-m", "central", str(site.file)], cwd=ROOT, check=False)
    assert done.returncode == 2
    told_person = capfd.readouterr().err
    assert "broker.prot" in told_person and "did you mean 'port'?" in told_person
    assert "Traceback" not in told_person
