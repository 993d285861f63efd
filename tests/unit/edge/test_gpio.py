"""Contacts, buttons, lamps: what a wire does, and what the booth makes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge.adapters.gpio import BUTTON_BOUNCE_S, SAFE, Gpio, GpioError, Line
from edge.core.commands import Lamp
from edge.core.events import Button, ButtonPressed, Contact, ContactChanged, Relay


class Board:
    """Mock pins, a clock, and what came of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.heard: list[object] = []
        self.pins = Device.pin_factory
        lines = {
            "mains": Line(17, active_high=False, pull="up"),
            "door": Line(27, active_high=True, pull="up"),
            "start": Line(5, active_high=False, pull="up"),
            "green": Line(20),
            "red": Line(26, active_high=False),
            "buzzer": Line(12),
            "ats_genset": Line(16, active_high=False, pull="up"),
            "genset_start": Line(4),
            "ats_inhibit": Line(18, active_high=False),
            "shed_1": Line(9),
        }
        self.gpio = Gpio(lines, self.heard.append, lambda: self.now)

    def drive(self, pin: int, high: bool) -> None:
        wire = self.pins.pin(pin)
        (wire.drive_high if high else wire.drive_low)()

    def level(self, pin: int) -> bool:
        return bool(self.pins.pin(pin).state)


@pytest.fixture
def board() -> Iterator[Board]:
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    one = Board()
    yield one
    one.gpio.close()
    Device.pin_factory.reset()
    Device.pin_factory = before


def test_the_levels_at_start_are_told(board: Board) -> None:
    board.gpio.read()
    assert board.heard == [
        ContactChanged(Contact.MAINS, False),
        ContactChanged(Contact.DOOR, True),
        ContactChanged(Contact.ATS_GENSET, False),
    ]


def test_every_edge_of_a_contact_is_told_in_its_own_sense(board: Board) -> None:
    board.drive(17, high=False)
    board.drive(27, high=False)
    board.drive(17, high=True)
    assert board.heard == [
        ContactChanged(Contact.MAINS, True),
        ContactChanged(Contact.DOOR, False),
        ContactChanged(Contact.MAINS, False),
    ]


def test_a_bouncing_button_is_pressed_once(board: Board) -> None:
    for high in (False, True, False, True, False):
        board.drive(5, high)
        board.now += 0.002
    board.now += 1.0
    for high in (True, False, True):
        board.drive(5, high)
        board.now += 0.002
    assert board.heard == [ButtonPressed(Button.START)], "neither bounces of the press nor of the release count"
    board.now += BUTTON_BOUNCE_S
    board.drive(5, high=False)
    assert board.heard == [ButtonPressed(Button.START)] * 2


def test_lamps_and_buzzer_show_exactly_what_they_are_told(board: Board) -> None:
    assert (board.level(20), board.level(26), board.level(12)) == (False, True, False), "all dark at start"
    board.gpio.light(frozenset({Lamp.RED, Lamp.AMBER}))
    board.gpio.buzz(True)
    assert (board.level(20), board.level(26), board.level(12)) == (False, False, True)
    board.gpio.light(frozenset({Lamp.GREEN}))
    assert (board.level(20), board.level(26)) == (True, True)


def test_relays_are_safe_from_the_start_with_every_coil_off(board: Board) -> None:
    assert not any(map(board.level, (4, 18, 9)))


def test_relays_hold_exactly_what_they_are_told(board: Board) -> None:
    board.gpio.relays(frozenset({Relay.GENSET_START, Relay.SHED_2}))
    assert (board.level(4), board.level(9)) == (True, False)
    assert board.level(18), "the inhibit is lifted by its coil"
    board.gpio.relays(SAFE)
    assert not any(map(board.level, (4, 18, 9)))


def test_relays_are_safe_before_the_pins_are_given_back(board: Board) -> None:
    board.gpio.relays(frozenset({Relay.GENSET_START, Relay.SHED_1}))
    wires = [board.pins.pin(number) for number in (4, 18, 9)]
    for wire in wires:
        wire.clear_states()
    board.gpio.close()
    assert [[bool(seen.state) for seen in wire.states[:2]] for wire in wires] == [[True, False]] * 3


def test_pins_that_cannot_be_used_are_told_with_the_remedy(board: Board) -> None:
    with pytest.raises(GpioError, match="GPIOZERO_PIN_FACTORY"):
        Gpio({"green": Line(20)}, board.heard.append)
