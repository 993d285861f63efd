"""What a booth sees of a simulated device on a serial port."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from hardware.rig.ptys import PtyServer


class Echo:
    """A device that answers in capitals and may speak by itself."""

    def __init__(self) -> None:
        self.unasked: bytes = b""
        self.heard = b""
        self.threads: set[str] = set()

    def receive(self, data: bytes, now: float) -> bytes:
        self.threads.add(threading.current_thread().name)
        self.heard += data
        return data.upper()

    def next_wakeup(self) -> float | None:
        return 0.0 if self.unasked else None

    def wakeup(self, now: float) -> bytes:
        out, self.unasked = self.unasked, b""
        return out


@pytest.fixture
def server() -> Iterator[PtyServer]:
    with PtyServer() as running:
        yield running


def open_port(link: Path) -> serial.Serial:
    return serial.Serial(str(link), 9600, timeout=5)


def test_a_booth_opens_the_port_by_its_stable_name_and_is_answered(server: PtyServer, tmp_path: Path) -> None:
    link = tmp_path / "by-id" / "usb-scanner"
    server.add("scanner", Echo(), link)
    with open_port(link) as port:
        port.write(b"hello")
        assert port.read(5) == b"HELLO"


def test_every_byte_passes_unchanged(server: PtyServer, tmp_path: Path) -> None:
    server.add("raw", Echo(), tmp_path / "raw")
    every = bytes(range(256))
    with open_port(tmp_path / "raw") as port:
        port.write(every)
        assert port.read(256) == every.upper()


def test_a_device_may_speak_unasked(server: PtyServer, tmp_path: Path) -> None:
    device = Echo()
    server.add("pad", device, tmp_path / "pad")
    with open_port(tmp_path / "pad") as port:
        server.call(lambda: setattr(device, "unasked", b"good morning"))
        assert port.read(12) == b"good morning"


def test_a_port_survives_its_client_closing_and_opening_again(server: PtyServer, tmp_path: Path) -> None:
    server.add("ups", Echo(), tmp_path / "ups")
    for _ in range(3):
        with open_port(tmp_path / "ups") as port:
            port.write(b"q1")
            assert port.read(2) == b"Q1"


def test_pulling_the_cable_is_seen_by_the_client_and_takes_the_name_away(server: PtyServer, tmp_path: Path) -> None:
    link = tmp_path / "printer"
    server.add("printer", Echo(), link)
    with open_port(link) as port:
        server.unplug("printer")
        with pytest.raises((serial.SerialException, OSError)):
            port.read(1)
    assert not link.is_symlink()
    with pytest.raises(serial.SerialException):
        open_port(link)


def test_putting_the_cable_back_serves_the_same_device_under_the_same_name(server: PtyServer, tmp_path: Path) -> None:
    device, link = Echo(), tmp_path / "printer"
    server.add("printer", device, link)
    server.unplug("printer")
    assert not server.plugged("printer")
    server.plug("printer")
    with open_port(link) as port:
        port.write(b"again")
        assert port.read(5) == b"AGAIN"
    assert server.call(lambda: device.heard) == b"again"


def test_one_pulled_cable_does_not_disturb_the_others(server: PtyServer, tmp_path: Path) -> None:
    server.add("a", Echo(), tmp_path / "a")
    server.add("b", Echo(), tmp_path / "b")
    with open_port(tmp_path / "b") as port:
        server.unplug("a")
        port.write(b"still here")
        assert port.read(10) == b"STILL HERE"


def test_a_raster_of_a_card_passes_whole_in_both_directions(server: PtyServer, tmp_path: Path) -> None:
    server.add("printer", Echo(), tmp_path / "printer")
    raster = bytes(i * 7 & 0xFF for i in range(40_000))
    with open_port(tmp_path / "printer") as port:
        writer = threading.Thread(target=port.write, args=(raster,))
        writer.start()
        assert port.read(len(raster)) == raster.upper()
        writer.join()


def test_a_paced_wire_loses_nothing(server: PtyServer, tmp_path: Path) -> None:
    server.add("slow", Echo(), tmp_path / "slow", baud=115_200)
    message = bytes(range(32, 127)) * 10
    with open_port(tmp_path / "slow") as port:
        port.write(message)
        assert port.read(len(message)) == message.upper()


def test_what_nobody_read_is_not_told_to_the_next_program(tmp_path: Path) -> None:
    late = [0.0]
    with PtyServer(clock=lambda: time.monotonic() + late[0]) as server:
        server.add("pad", Echo(), tmp_path / "pad")
        for _ in range(8):
            server.inject("pad", b"yesterday" * 1000)
        late[0] = 60.0
        with open_port(tmp_path / "pad") as port:
            port.write(b"today")
            assert port.read(5) == b"TODAY"


def test_noise_on_the_wire_reaches_the_booth(server: PtyServer, tmp_path: Path) -> None:
    server.add("pad", Echo(), tmp_path / "pad")
    with open_port(tmp_path / "pad") as port:
        server.inject("pad", b"\x00\xff")
        assert port.read(2) == b"\x00\xff"


def test_simulators_are_touched_by_one_thread_only(server: PtyServer, tmp_path: Path) -> None:
    device = Echo()
    server.add("ups", device, tmp_path / "ups")
    with open_port(tmp_path / "ups") as port:
        port.write(b"x")
        port.read(1)
    assert server.call(lambda: device.threads | {threading.current_thread().name}) == {"ptys"}


def test_a_broken_simulator_takes_down_its_own_port_only(server: PtyServer, tmp_path: Path) -> None:
    class Broken(Echo):
        def receive(self, data: bytes, now: float) -> bytes:
            raise ZeroDivisionError

    server.add("broken", Broken(), tmp_path / "broken")
    server.add("ups", Echo(), tmp_path / "ups")
    with open_port(tmp_path / "broken") as port:
        port.write(b"x")
        with pytest.raises((serial.SerialException, OSError)):
            port.read(1)
    with open_port(tmp_path / "ups") as port:
        port.write(b"q1")
        assert port.read(2) == b"Q1"


def test_an_unknown_port_is_refused_with_the_known_names(server: PtyServer, tmp_path: Path) -> None:
    server.add("ups", Echo(), tmp_path / "ups")
    with pytest.raises(KeyError, match="served: ups"):
        server.unplug("prnter")
    with pytest.raises(ValueError, match="already served"):
        server.add("ups", Echo(), tmp_path / "other")


def test_stopping_removes_the_names_and_refuses_further_calls(tmp_path: Path) -> None:
    server = PtyServer()
    server.start()
    server.add("ups", Echo(), tmp_path / "ups")
    server.stop()
    assert not (tmp_path / "ups").is_symlink()
    server.stop()
