"""The `[gpio]` table of a booth file: pins of contacts, buttons, lamps, buzzer and relays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge.config_base import MisfitError, Table
from edge.core.events import Contact, Relay


class Input(Table):
    """One input pin (BCM number). `active_high` follows `pull` unless given: pulled up means active low."""

    pin: Annotated[int, Field(ge=0, le=27)]
    active_high: bool = True
    pull: Literal["up", "down", "none"] = "down"

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"pin": value}
        if isinstance(value, dict) and "pull" in value and "active_high" not in value:
            return {**value, "active_high": value["pull"] != "up"}
        return value


class Output(Table):
    """One output pin (BCM number)."""

    pin: Annotated[int, Field(ge=0, le=27)]
    active_high: bool = True

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"pin": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Inhibit(Output):
    """The ATS's inhibit. It goes through the relay's *opening* contact, so that a dead controller inhibits.

    Inhibited is: coil off, pin low. So it is active low, unless the relay board itself turns the level around.
    """

    active_high: bool = False


class Gpio(Table):
    """The booth's pins; what is not wired is left out. `hardware/wiring.md` has the pin table.

    Names of `Contact`, `Button`, `Lamp` and `Relay`, `buzzer`, and `ticket_` with a service: an applicant's button.
    """

    mains: Input | None = None
    door: Input | None = None
    genset_running: Input | None = None
    genset_fault: Input | None = None
    fuel_low: Input | None = None
    ats_mains: Input | None = None
    ats_genset: Input | None = None
    start: Input | None = None
    next: Input | None = None
    retry: Input | None = None
    stop: Input | None = None
    ticket_new: Input | None = None
    ticket_lost: Input | None = None
    ticket_damaged: Input | None = None
    ticket_change: Input | None = None
    ticket_pickup: Input | None = None
    green: Output | None = None
    amber: Output | None = None
    red: Output | None = None
    buzzer: Output | None = None
    genset_start: Output | None = None
    ats_inhibit: Inhibit | None = None
    shed_1: Output | None = None
    shed_2: Output | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Gpio:
        seen: dict[int, str] = {}
        for name, line in self.wired():
            if line.pin in seen:
                raise MisfitError(
                    f"GPIO {line.pin} is already used by {seen[line.pin]}",
                    "Give each function a pin of its own, as in hardware/wiring.md",
                    name,
                )
            seen[line.pin] = name
        return self

    def wired(self) -> Iterator[tuple[str, Input | Output]]:
        """Names and lines that the booth file gives."""
        for name in type(self).model_fields:
            line = getattr(self, name)
            if line is not None:
                yield name, line

    def contacts(self) -> frozenset[str]:
        """Contacts that are wired to the controller."""
        return frozenset(name for name, _ in self.wired() if name in list(Contact))

    def relays(self) -> list[str]:
        """Relays that are wired to the controller."""
        return [name for name, _ in self.wired() if name in list(Relay)]
