"""What `loket run` and `loket rig` refuse, and what they write before anything starts."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.sealing import seal, sign, unseal, verify
from edge.config import load
from hardware.rig import control, files
from hardware.rig.places import Places, data_folder, read_json, write_json
from hardware.rig.run import HALTED, RunError, Supervisor, choose_ports, run
from hardware.rig.scenario.stage import BoothPlan

PORTS = {"console": 8080, "broker": 1884, "centre": 8085, "face": 4511, "slap": 4512, "iris": 4513, "screen": 8090}


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_booth_file_of_a_run_is_one_that_the_booth_accepts(tmp_path: Path) -> None:
    places = Places(tmp_path / "a folder with spaces")
    files.write(places, PORTS)
    config = load(places.booth_file)
    assert config.broker.port == 1884
    assert config.booth.data == places.edge_data
    assert {device.port for device in config.device if device.kind == "sbi"} == {
        f"socket://127.0.0.1:{PORTS[name]}" for name in ("face", "slap", "iris")
    }
    assert all(device.port.startswith(f"{places.devices}/") for device in config.device if device.kind != "sbi")


def test_the_keys_of_a_run_fit_each_other_are_private_and_stay(tmp_path: Path) -> None:
    places = Places(tmp_path)
    files.write(places, PORTS)
    first = load(places.booth_file).keys
    files.write(places, PORTS)
    assert load(places.booth_file).keys == first
    private = {name: places.keys / f"{name}.private" for name in ("seal", "command")}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in private.values())
    seal_private, command_private = (bytes.fromhex(file.read_text()) for file in private.values())
    assert unseal(seal(b"x", bytes.fromhex(first.seal), b"l"), seal_private, b"l") == b"x"
    assert verify(b"x", sign(b"x", command_private), bytes.fromhex(first.command))


def test_the_coordinators_file_names_the_booth_the_broker_and_the_centre(tmp_path: Path) -> None:
    places = Places(tmp_path)
    files.write(places, PORTS)
    central = tomllib.loads(places.central_file.read_text())
    assert central["booth"][0]["id"] == "bangkalan-1"
    assert central["broker"] == {"host": "127.0.0.1", "port": 1884}
    assert central["centre"]["url"] == "http://127.0.0.1:8085"
    assert central["console"] == {"host": "127.0.0.1", "port": 8080, "language": "id"}


def test_toml_text_reads_back_as_it_was() -> None:
    table = {"text": 'quote " and \\ and é', "list": ["x", "y"], "inline": {"pin": 1, "on": True}}
    value = {"a": table, "b": [{"n": 1}]}
    assert tomllib.loads(files.toml(value)) == value


def test_a_taken_console_port_is_refused_with_the_option_to_use(
    tmp_path: Path, taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "data", False, taken) == 2
    assert f"port {taken} is taken: choose another with --port N (make run PORT=N)" in capsys.readouterr().err


def test_ports_are_remembered_unless_somebody_took_them(tmp_path: Path, taken: int) -> None:
    places = Places(tmp_path)
    first = choose_ports(places, 18_080)
    assert choose_ports(places, 18_081) == first | {"console": 18_081}
    write_json(places.ports, first | {"broker": taken})
    assert choose_ports(places, 18_080)["broker"] != taken


def test_sbi_ports_are_in_the_range_of_the_specification(tmp_path: Path) -> None:
    ports = choose_ports(Places(tmp_path), 18_080)
    assert all(4501 <= ports[name] <= 4600 for name in ("face", "slap", "iris"))
    assert len(set(ports.values())) == len(ports)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_with_other_files_is_never_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fresh: bool
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert run(tmp_path, fresh, 18_080) == 2
    assert "holds other files than a run's" in capsys.readouterr().err
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_runs_do_not_share_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Places(tmp_path).mark.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run(tmp_path, True, 18_080) == 2
    assert "another run uses" in capsys.readouterr().err


def test_an_impossible_port_is_refused() -> None:
    with pytest.raises(RunError, match="is no port"):
        choose_ports(Places(Path("nowhere")), 70_000)


def test_rig_words_without_a_run_say_what_to_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert control.main(["--data", str(tmp_path), "mains", "off"]) == 2
    assert "start `loket run` first" in capsys.readouterr().err
    assert control.main(["--data", str(tmp_path), "kill", "edge"]) == 1
    assert "no edge runs" in capsys.readouterr().err


def test_a_process_number_that_another_program_has_now_is_not_killed(tmp_path: Path) -> None:
    places = Places(tmp_path)
    write_json(places.processes, {"broker": os.getpid()})
    done, text = control.kill(places, ["broker"])
    assert not done
    assert "is not running" in text


def test_the_control_socket_answers_whatever_it_is_told(tmp_path: Path) -> None:
    def act(words: list[str]) -> str:
        if words == ["no"]:
            raise ValueError("say yes")
        return " ".join(words)

    path = tmp_path / "control"
    server = control.ControlServer(path, act)
    server.start()
    try:
        assert control.ask(path, ["yes", "please"]) == (True, "yes please")
        assert control.ask(path, ["no"]) == (False, "say yes")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(path))
            link.sendall(b"\xff\xfe nonsense\n[]\n")
            answers = link.makefile().readline
            assert '"ok": false' in answers()
            assert '"ok": false' in answers()
    finally:
        server.close()


def test_sockets_find_room_below_a_very_long_folder(tmp_path: Path) -> None:
    places = Places(tmp_path / ("long" * 30))
    assert len(str(places.control)) < 108
    assert places.control.parent.stat().st_mode & 0o077 == 0
    assert places.gpio.parent == places.control.parent
    places.gpio.parent.rmdir()


def test_the_data_folder_is_given_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOKET_DATA", raising=False)
    assert data_folder() == Path("var/run").absolute()
    monkeypatch.setenv("LOKET_DATA", "/srv/rig")
    assert data_folder() == Path("/srv/rig")
    assert data_folder("here") == Path("here").absolute()


def test_a_damaged_state_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{")
    assert read_json(tmp_path / "x") == {}


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor whose booth program does nothing but live."""
    places = Places(tmp_path)
    files.write(places, PORTS)
    one = Supervisor(places, PORTS, pace=0.0)
    one.children["edge"].words = [sys.executable, "-c", "import time; time.sleep(600)"]
    yield one
    one.stop()


def power(supervisor: Supervisor, on: bool, cycle: int) -> None:
    write_json(supervisor.places.power, {"on": on, "cycle": cycle})
    supervisor.tend()


def test_the_booth_program_dies_with_the_controllers_power_and_comes_with_it(supervisor: Supervisor) -> None:
    power(supervisor, True, 1)
    supervisor.spawn("edge")
    edge = supervisor.children["edge"]
    supervisor.tend()
    assert edge.alive
    power(supervisor, False, 1)
    assert not edge.alive
    supervisor.tend()
    assert not edge.alive, "nothing starts without power"
    power(supervisor, True, 2)
    assert edge.alive


def test_power_that_went_and_came_between_two_looks_has_still_been_away(supervisor: Supervisor) -> None:
    power(supervisor, True, 1)
    supervisor.spawn("edge")
    edge = supervisor.children["edge"]
    first = edge.process
    power(supervisor, True, 2)
    assert edge.alive
    assert edge.process is not first


def test_a_halted_controller_stays_dark_until_its_power_goes_and_comes(supervisor: Supervisor) -> None:
    edge = supervisor.children["edge"]
    edge.words = [sys.executable, "-c", f"raise SystemExit({HALTED})"]
    power(supervisor, True, 1)
    supervisor.spawn("edge")
    assert edge.process is not None
    first = edge.process
    first.wait()
    for _ in range(3):
        power(supervisor, True, 1)
    assert edge.process is first
    assert (supervisor.halted, supervisor.halts) == (True, 1)
    power(supervisor, True, 2)
    assert edge.process is not first
    assert not supervisor.halted


def test_a_run_takes_no_port_that_another_has_just_chosen(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = (choose_ports(Places(tmp_path / name), 18_080) for name in ("a", "b"))
    chosen = [ports[name] for ports in (first, second) for name in ("face", "slap", "iris")]
    assert len(set(chosen)) == 6


@pytest.mark.parametrize(
    "plan",
    [files.DEMO, BoothPlan(genset="contacts"), BoothPlan(genset="contacts", board=True), BoothPlan(genset="dse")],
)
def test_the_booth_file_of_every_plan_is_one_that_the_booth_accepts(tmp_path: Path, plan: BoothPlan) -> None:
    places = Places(tmp_path)
    files.write(places, PORTS, plan)
    settings = load(places.booth_file).settings("e0")
    assert settings.genset is not None
    assert settings.genset.device == ("genset" if plan.genset == "dse" else None)
    assert settings.board == ("board" if plan.board else None)
    assert ("genset_start" in settings.wired) is not plan.board


def test_only_the_demonstration_has_a_front_desk_and_it_is_always_open(tmp_path: Path) -> None:
    for name, plan in (("plain", None), ("genset", BoothPlan(genset="dse")), ("demo", files.DEMO)):
        places = Places(tmp_path / name)
        files.write(places, PORTS, plan)
        booth = load(places.booth_file)
        kinds = {one.kind for one in booth.device}
        buttons = [pin for pin, _ in booth.gpio.wired() if pin.startswith("ticket_")]
        if name != "demo":
            assert (booth.desk, booth.screen, booth.speaker, buttons) == (None, None, None, [])
            assert not kinds & {"escpos", "zfm"}
            continue
        assert booth.desk is not None
        settings = booth.desk.settings("tickets")
        assert (settings.opens_h, settings.closes_h, len(settings.days)) == (0, 24, 7)
        assert settings.status_url == "http://127.0.0.1:8080/status/"
        assert len(buttons) == 5
        assert kinds >= {"escpos", "zfm"}
