"""The rig's GPIO wire, both ends together over a real Unix socket."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import LED, DigitalInputDevice

from hardware.rig.gpio_hub import GpioHub
from hardware.rig.pin_factory import RigFactory


@pytest.fixture
def socket_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gpio"
    monkeypatch.setenv("RIG_GPIO", str(path))
    return path


def started(path: Path) -> GpioHub:
    hub = GpioHub(path)
    hub.start()
    return hub


@pytest.fixture
def hub(socket_path: Path) -> Iterator[GpioHub]:
    hub = started(socket_path)
    yield hub
    hub.close()


@pytest.fixture
def factory(hub: GpioHub) -> Iterator[RigFactory]:
    factory = RigFactory()
    yield factory
    factory.close()


def heard(hub: GpioHub) -> queue.Queue[tuple[str, int | None]]:
    changes: queue.Queue[tuple[str, int | None]] = queue.Queue()
    hub.on_output(lambda pin, level: changes.put((pin, level)))
    return changes


def watch(device: Any) -> queue.Queue[bool]:
    states: queue.Queue[bool] = queue.Queue()
    device.when_activated = lambda: states.put(True)
    device.when_deactivated = lambda: states.put(False)
    return states


def test_a_level_set_before_the_booth_starts_is_read_true_at_start(hub: GpioHub) -> None:
    hub.set("GPIO17", 0)
    factory = RigFactory()
    mains = DigitalInputDevice(17, pull_up=True, pin_factory=factory)
    assert mains.is_active
    factory.close()


def test_an_open_wire_has_the_level_of_its_pull(factory: RigFactory) -> None:
    assert not DigitalInputDevice(17, pull_up=True, pin_factory=factory).is_active
    assert DigitalInputDevice(27, pull_up=None, active_state=True, pin_factory=factory).value == 0


def test_an_edge_reaches_the_booth_and_only_a_change_is_one(hub: GpioHub, factory: RigFactory) -> None:
    states = watch(device := DigitalInputDevice(17, pull_up=True, pin_factory=factory))
    hub.set("GPIO17", 0)
    hub.set("GPIO17", 0)
    hub.set("GPIO17", 1)
    assert [states.get(timeout=5), states.get(timeout=5)] == [True, False]
    assert states.empty()
    assert not device.is_active


def test_a_lamp_is_seen_by_the_rig_and_goes_dark_with_the_program(hub: GpioHub) -> None:
    changes = heard(hub)
    factory = RigFactory()
    lamp = LED(20, pin_factory=factory)
    assert changes.get(timeout=5) == ("GPIO20", 0)
    lamp.on()
    assert changes.get(timeout=5) == ("GPIO20", 1)
    assert hub.output("GPIO20") == 1
    factory._socket.close()  # as a killed program: no farewell
    factory._closing = True
    factory.close()
    assert changes.get(timeout=5) == ("GPIO20", None)


def test_a_new_hub_learns_the_lamps_and_the_booth_learns_the_new_levels(socket_path: Path) -> None:
    first = started(socket_path)
    first.set("GPIO17", 0)
    factory = RigFactory()
    states = watch(device := DigitalInputDevice(17, pull_up=True, pin_factory=factory))
    lamp = LED(20, pin_factory=factory)
    lamp.on()
    first.close()
    second = GpioHub(socket_path)
    changes = heard(second)
    second.start()
    assert changes.get(timeout=5) == ("GPIO20", 1)
    assert states.get(timeout=5) is False, "nothing drives the contact at the new hub"
    second.set("GPIO17", 0)
    assert states.get(timeout=5) is True
    assert device.is_active
    factory.close()
    second.close()


def test_without_a_rig_the_error_says_what_to_start(socket_path: Path) -> None:
    with pytest.raises(OSError, match="start the rig first"):
        RigFactory()


@pytest.mark.parametrize("line", [b"\n", b"O\n", b"O GPIO20 7\n", b"\xff\xfe\n", b"F GPIO20\n", b"I GPIO17 0\n"])
def test_nonsense_on_the_wire_changes_nothing(hub: GpioHub, line: bytes) -> None:
    import socket

    changes = heard(hub)
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(hub.path))
        link.sendall(line + b"O GPIO26 1\n")
        assert changes.get(timeout=5) == ("GPIO26", 1)
