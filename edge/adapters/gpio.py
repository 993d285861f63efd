"""Contacts, buttons, lamps, buzzer and relays by gpiozero; the pin factory is chosen by GPIOZERO_PIN_FACTORY."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gpiozero import DigitalInputDevice, OutputDevice

from contract.desk import Service
from edge.core.commands import Lamp
from edge.core.events import Button, ButtonPressed, Contact, ContactChanged, Relay
from edge.core.events_desk import TicketButtonPressed

#: An edge this soon (s) after another one of the same button is its contact bouncing.
BUTTON_BOUNCE_S: Final = 0.03
BUZZER: Final = "buzzer"
TICKET: Final = "ticket_"
#: What holds while nothing is decided: before the first `relays`, and when the pins are given back.
SAFE: Final = frozenset({Relay.ATS_INHIBIT})
_CONTACTS: Final = frozenset(contact.value for contact in Contact)
_RELAYS: Final = frozenset(relay.value for relay in Relay)
_OUTPUTS: Final = frozenset({BUZZER, *(lamp.value for lamp in Lamp)}) | _RELAYS


class GpioError(Exception):
    """The pins cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One pin, BCM number. `pull` (inputs): up, down, none. `active_high`: the level that means active."""

    pin: int
    active_high: bool = True
    pull: str = "down"


def button_of(name: str) -> Button | Service:
    """An officer's button, or (`ticket_` with its name) a service's."""
    return Service(name.removeprefix(TICKET)) if name.startswith(TICKET) else Button(name)


class Gpio:
    """The booth's pins. `lines`: names of Contact, Button, Lamp, Relay, `buzzer` and `ticket_` with a service -> line.

    What is not wired is absent.

    A relay's line is active in the sense of `Relay`, not of its coil: with every coil off the plant is safe, so the
    ATS's inhibit, which goes through an opening contact, is active low. Relays are safe from the start on and at the
    end; a pin that is given back floats, and the relay board's own resistor keeps its coil off.

    gpiozero's own `bounce_time` is not used (its mock pins ignore it): contacts go to the core with each edge, which
    debounces them; a button counts at its first edge and is then deaf for BUTTON_BOUNCE_S after every edge.
    """

    def __init__(
        self,
        lines: Mapping[str, Line],
        put: Callable[[object], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._put = put
        self._clock = clock
        self._inputs: dict[str, Any] = {}
        self._inverted: dict[str, bool] = {}
        self._outputs: dict[str, Any] = {}
        self._edges: dict[Button | Service, float] = {}
        self._guard = threading.Lock()
        try:
            for name, line in lines.items():
                if name in _OUTPUTS:
                    lit = name in SAFE
                    self._outputs[name] = OutputDevice(line.pin, active_high=line.active_high, initial_value=lit)
                else:
                    self._inputs[name] = self._input(name, line)
        except Exception as error:  # gpiozero and the pin libraries below it raise of many kinds
            self.close()
            remedy = "Check GPIOZERO_PIN_FACTORY (lgpio on a Pi), the group gpio, and that no other program has the pin"
            raise GpioError(f"the GPIO pins cannot be used: {type(error).__name__}: {error}. {remedy}") from error

    def _input(self, name: str, line: Line) -> Any:
        pull = {"up": True, "down": False, "none": None}[line.pull]
        device = DigitalInputDevice(line.pin, pull_up=pull, active_state=line.active_high if pull is None else None)
        # gpiozero ties the active level to the pull; a contact that opens to signal is the other way round.
        inverted = pull is not None and line.active_high == pull
        if name in _CONTACTS:
            contact = Contact(name)
            device.when_activated = lambda: self._put(ContactChanged(contact, not inverted))
            device.when_deactivated = lambda: self._put(ContactChanged(contact, inverted))
        else:
            button = button_of(name)
            device.when_activated = lambda: self._edge(button, not inverted)
            device.when_deactivated = lambda: self._edge(button, inverted)
        self._inverted[name] = inverted
        return device

    def _edge(self, button: Button | Service, down: bool) -> None:
        now = self._clock()
        with self._guard:
            quiet = now - self._edges.get(button, float("-inf")) >= BUTTON_BOUNCE_S
            self._edges[button] = now
        if down and quiet:
            self._put(TicketButtonPressed(button) if isinstance(button, Service) else ButtonPressed(button))

    def read(self) -> None:
        """Put the present level of each contact: what happened while nobody looked is not missed."""
        for contact, active in self.levels().items():
            self._put(ContactChanged(contact, active))

    def levels(self) -> dict[Contact, bool]:
        """Present level of each wired contact."""
        return {
            Contact(name): bool(device.is_active) != self._inverted[name]
            for name, device in self._inputs.items()
            if name in _CONTACTS
        }

    def light(self, lit: frozenset[Lamp]) -> None:
        """Exactly these lamps are on."""
        for lamp in Lamp:
            if (device := self._outputs.get(lamp.value)) is not None:
                device.value = lamp in lit

    def buzz(self, on: bool) -> None:
        """Buzzer on or off."""
        if (device := self._outputs.get(BUZZER)) is not None:
            device.value = on

    def relays(self, on: frozenset[Relay]) -> None:
        """Exactly these relays are on; what is switched off goes first, so that a change never joins two sources."""
        for relay in sorted(Relay, key=lambda one: one in on):
            if (device := self._outputs.get(relay.value)) is not None:
                device.value = relay in on

    def close(self) -> None:
        """Relays safe, lamps off, pins free."""
        self.relays(SAFE)
        for device in [*self._inputs.values(), *self._outputs.values()]:
            device.close()
        self._inputs.clear()
        self._outputs.clear()
