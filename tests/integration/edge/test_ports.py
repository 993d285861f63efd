"""A port reopens by itself, writes without waiting, and never mixes two openings."""

from __future__ import annotations

import os
import resource
import socket
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
import serial

from edge.adapters.items import PortClosed, PortData, PortOpened
from edge.adapters.serial_port import Line, SerialPort
from tests.integration.edge.bench import free_port


class Wire:
    """A pty under a stable name, and the port on it."""

    def __init__(self, folder: Path) -> None:
        self.link = folder / "by-id-ups"
        self.inbox: SimpleQueue[object] = SimpleQueue()
        self.port = SerialPort("ups", str(self.link), Line(2400), self.inbox.put)
        self.master = self.slave = -1

    def plug(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.slave))

    def unplug(self) -> None:
        self.link.unlink()
        os.close(self.slave)
        os.close(self.master)

    def next(self) -> object:
        return self.inbox.get(timeout=10)

    def opened(self) -> int:
        item = self.next()
        while not isinstance(item, PortOpened):
            item = self.next()
        return item.session


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    one = Wire(tmp_path)
    yield one
    one.port.stop()


def test_a_missing_device_is_told_once_and_found_when_it_comes(wire: Wire) -> None:
    wire.port.start()
    closed = wire.next()
    assert isinstance(closed, PortClosed)
    assert "plug the device in" in closed.error
    time.sleep(0.5)  # two more attempts at least, which must not be told again
    wire.plug()
    assert isinstance(wire.next(), PortOpened)


def test_bytes_go_both_ways_and_a_large_write_does_not_wait_for_the_device(wire: Wire) -> None:
    wire.plug()
    wire.port.start()
    session = wire.opened()
    os.write(wire.master, b"(229.0")
    assert wire.next() == PortData("ups", b"(229.0")
    raster = os.urandom(300_000)
    wire.port.write(session, raster)  # far more than a pty holds while nobody reads
    received = b""
    while len(received) < len(raster):
        received += os.read(wire.master, 65536)
    assert received == raster


def test_an_unplugged_device_comes_back_under_the_same_name(wire: Wire) -> None:
    wire.plug()
    wire.port.start()
    first = wire.opened()
    wire.unplug()
    assert isinstance(wire.next(), PortClosed)
    wire.plug()
    second = wire.opened()
    assert second != first
    wire.port.write(first, b"for the one that is gone")
    wire.port.write(second, b"Q1\r")
    assert os.read(wire.master, 100) == b"Q1\r"


def test_a_port_is_not_shared_with_another_program(wire: Wire) -> None:
    wire.plug()
    wire.port.start()
    wire.opened()
    other: SimpleQueue[object] = SimpleQueue()
    second = SerialPort("ups", str(wire.link), Line(2400), other.put)
    second.start()
    closed = other.get(timeout=10)
    second.stop()
    assert isinstance(closed, PortClosed)
    assert "in use by another program" in closed.error


def test_a_service_on_a_socket_is_a_port_too() -> None:
    number = free_port()
    inbox: SimpleQueue[object] = SimpleQueue()
    port = SerialPort("face", f"socket://127.0.0.1:{number}", Line(), inbox.put)
    port.start()
    closed = inbox.get(timeout=10)
    assert isinstance(closed, PortClosed)
    assert "start the device's service" in closed.error
    with socket.create_server(("127.0.0.1", number)) as server:
        peer, _ = server.accept()
        opened = inbox.get(timeout=10)
        assert isinstance(opened, PortOpened)
        port.write(opened.session, b"GET")
        assert peer.recv(10) == b"GET"
        peer.sendall(b"HTTP")
        assert inbox.get(timeout=10) == PortData("face", b"HTTP")
        peer.close()
        assert isinstance(inbox.get(timeout=10), PortClosed)
        port.stop()


def test_an_idle_port_uses_no_processor_time(wire: Wire) -> None:
    wire.plug()
    wire.port.start()
    wire.opened()
    before = resource.getrusage(resource.RUSAGE_SELF)
    time.sleep(1.0)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_nvcsw - before.ru_nvcsw < 20, "a thread that polls would wake again and again"


def test_a_line_that_cannot_be_set_is_told_and_tried_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal layer refuses some settings of a line that is just going away; that must not end the booth."""
    refusals = [termios.error(22, "Invalid argument"), termios.error(5, "Input/output error")]
    real = serial.serial_for_url

    def refusing(*given: object, **named: object) -> object:
        if refusals:
            raise refusals.pop()
        return real(*given, **named)

    monkeypatch.setattr("edge.adapters.serial_port.serial.serial_for_url", refusing)
    wire.plug()
    wire.port.start()
    assert [type(wire.next()) for _ in range(3)] == [PortClosed, PortClosed, PortOpened]


def test_a_service_that_hung_is_asked_on_a_new_connection() -> None:
    inbox: SimpleQueue[object] = SimpleQueue()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort("slap", f"socket://127.0.0.1:{server.getsockname()[1]}", Line(), inbox.put, renew_s=0.2)
        port.start()
        try:
            hung, _ = server.accept()
            opened = inbox.get(timeout=10)
            assert isinstance(opened, PortOpened)
            port.write(opened.session, b"RCAPTURE")
            assert hung.recv(100) == b"RCAPTURE"
            time.sleep(0.3)
            port.write(opened.session, b"MOSIPDISC")
            closed = inbox.get(timeout=10)
            assert isinstance(closed, PortClosed)
            assert "does not answer" in closed.error
            again, _ = server.accept()
            opened = inbox.get(timeout=10)
            assert isinstance(opened, PortOpened)
            port.write(opened.session, b"MOSIPDISC")
            assert again.recv(100) == b"MOSIPDISC"
            again.send(b"answer")
            assert inbox.get(timeout=10) == PortData("slap", b"answer")
            time.sleep(0.3)
            port.write(opened.session, b"MOSIPDISC")
            assert again.recv(100) == b"MOSIPDISC", "one that answers keeps its connection, however seldom it is asked"
            hung.close()
            again.close()
        finally:
            port.stop()
