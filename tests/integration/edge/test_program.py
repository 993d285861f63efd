"""The booth program as it runs: a real broker, real ports, a real database, killed at will."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract import topics
from contract.messages import Command, IdentifyCommand, SignedCommand
from contract.sealing import new_sign_pair, sign
from hardware.rig.ptys import PtyServer
from hardware.simulators.megatec import Ups
from hardware.simulators.scanner import DocumentScanner
from tests.integration.edge.bench import BOOTH, Broker, Coordinator, Program, until
from tests.integration.edge.conftest import COMMAND_PRIVATE

Start = Callable[[], Program]


def test_the_coordinator_hears_the_booth_start_and_its_devices(
    start: Start, coordinator: Coordinator, ptys: PtyServer, tmp_path: Path
) -> None:
    ptys.add("ups", Ups(), tmp_path / "dev/ups")
    start()
    until(lambda: coordinator.told("booth.started"), "the start is told")
    until(lambda: coordinator.told("device.changed", device="ups", state="ok"), "the UPS is told")
    lost = until(lambda: coordinator.told("device.changed", device="scanner", state="lost"), "the scanner is missed")
    assert "plug the device in" in lost[0]["error"]
    until(lambda: coordinator.telemetry, "telemetry comes")
    assert coordinator.states[-1] == "online"


def test_an_unplugged_device_is_told_and_comes_back_by_itself(
    start: Start, coordinator: Coordinator, ptys: PtyServer, tmp_path: Path
) -> None:
    ptys.add("ups", Ups(), tmp_path / "dev/ups")
    start()
    until(lambda: coordinator.told("device.changed", device="ups", state="ok"), "the UPS is told")
    ptys.unplug("ups")
    until(lambda: coordinator.told("device.changed", device="ups", state="lost"), "the UPS is missed")
    ptys.plug("ups")
    until(lambda: len(coordinator.told("device.changed", device="ups", state="ok")) == 2, "the UPS is back")


def _held(folder: Path) -> list[int]:
    """Numbers of the events that the booth's database holds."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/data/booth.db?mode=ro", uri=True)) as db:
        return [row[0] for row in db.execute("SELECT seq FROM outbox ORDER BY seq")]


def test_an_event_is_kept_until_the_coordinator_itself_acknowledges(
    start: Start, coordinator: Coordinator, tmp_path: Path
) -> None:
    coordinator.acking = False
    program = start()
    until(lambda: coordinator.told("booth.started"), "the start is told")
    first = coordinator.events[1]
    program.kill()
    start()
    until(lambda: coordinator.arrivals.count(first) >= 2, "the same bytes come again after a power cut")
    until(lambda: len(coordinator.told("booth.started")) == 2, "the second start is told")
    assert coordinator.hellos[-1]["first"] == 1
    assert 1 in _held(tmp_path), "the broker's own word frees nothing"
    coordinator.acking = True
    until(lambda: not _held(tmp_path), "what the coordinator has acknowledged is not held any more")


def test_what_happens_while_the_broker_is_dead_is_told_afterwards(
    start: Start, coordinator: Coordinator, broker: Broker, ptys: PtyServer, tmp_path: Path
) -> None:
    ptys.add("ups", Ups(), tmp_path / "dev/ups")
    program = start()
    until(lambda: coordinator.told("device.changed", device="ups", state="ok"), "the UPS is told")
    broker.kill()
    until(lambda: "connection to the broker lost" in program.log.read_text(), "the booth sees the broker die")
    ptys.unplug("ups")
    until(lambda: "ups: lost" in program.log.read_text(), "the booth misses the UPS")
    broker.start()
    until(lambda: coordinator.told("device.changed", device="ups", state="lost"), "the coordinator hears of it")
    assert sorted(coordinator.events) == list(range(1, len(coordinator.events) + 1)), "there is no gap"


def test_the_booth_is_offline_when_it_ends_and_when_it_dies(start: Start, coordinator: Coordinator) -> None:
    program = start()
    until(lambda: coordinator.states[-1:] == ["online"], "the booth is online")
    assert program.end() == os.EX_OK
    until(lambda: coordinator.states[-1] == "offline", "the booth says goodbye")
    program = start()
    until(lambda: coordinator.states[-1] == "online", "the booth is online again")
    program.kill()
    until(lambda: coordinator.states[-1] == "offline", "the broker speaks for the dead booth")


def _command(key: bytes, booth: str = BOOTH, name: str = "c-1") -> str:
    now = datetime.now(UTC)
    command = Command(id=name, booth=booth, issued=now, expires=now + timedelta(hours=1), body=IdentifyCommand())
    text = command.model_dump_json()
    return SignedCommand(payload=text, signature=sign(text.encode(), key)).model_dump_json()


def test_a_signed_command_is_carried_out_once_and_a_forged_one_never(start: Start, coordinator: Coordinator) -> None:
    start()
    until(lambda: coordinator.states[-1:] == ["online"], "the booth is online")
    for nonsense in (b"", b"\xff\x00", b"[]", b"{}", b'{"payload": "{}", "signature": "00"}'):
        coordinator.say(topics.COMMAND, nonsense)
        coordinator.say(topics.ACK, nonsense)
    coordinator.say(topics.COMMAND, _command(new_sign_pair()[0], name="c-forged"))
    coordinator.say(topics.COMMAND, _command(COMMAND_PRIVATE, booth="other-1", name="c-other"))
    good = _command(COMMAND_PRIVATE)
    coordinator.say(topics.COMMAND, good)
    until(lambda: coordinator.told("command.done", command="c-1", outcome="done"), "the command is answered")
    assert not coordinator.told("command.done", command="c-forged", outcome="done")
    assert not coordinator.told("command.done", command="c-other", outcome="done")


def test_a_scanned_family_card_survives_a_power_cut(
    start: Start, coordinator: Coordinator, ptys: PtyServer, tmp_path: Path
) -> None:
    ptys.add("ups", Ups(), tmp_path / "dev/ups")
    scanner = DocumentScanner()
    ptys.add("scanner", scanner, tmp_path / "dev/scanner")
    program = start()
    until(lambda: coordinator.told("device.changed", device="scanner", state="ok"), "the scanner is there")
    ptys.inject("scanner", b"KK:3526010101010001;NIK:3526010101900001\r\n")
    opened = until(lambda: coordinator.told("enrolment.opened"), "the enrolment is opened")
    program.kill()
    start()
    until(lambda: len(coordinator.told("booth.started")) == 2, "the booth is back")
    assert coordinator.told("enrolment.opened") == opened


def test_a_second_program_on_the_same_folder_refuses(start: Start, coordinator: Coordinator) -> None:
    start()
    until(lambda: coordinator.told("booth.started"), "the first one runs")
    second = start()
    assert second.process.wait(20) == os.EX_TEMPFAIL
    assert "Another booth program runs on this folder" in second.log.read_text()


def test_a_wrong_booth_file_refuses_to_start_and_says_why(start: Start, booth_file: Path) -> None:
    booth_file.write_text(booth_file.read_text().replace("resend_s", "resent_s"))
    program = start()
    assert program.process.wait(20) == os.EX_CONFIG
    assert "link.resent_s" in program.log.read_text()
    assert "Did you mean resend_s?" in program.log.read_text()
