"""A booth's core with a genset, an ATS and contacts: the plant is what the test says it is."""

from __future__ import annotations

from dataclasses import replace

from contract.messages import AlarmChanged, AlarmState, GensetChanged, GensetPhase, Supply, SupplyChanged
from edge.core.commands import Command, SetRelays
from edge.core.events import Contact, ContactChanged, Relay, UpsReading, WokeUp
from edge.core.settings import GensetSettings
from tests.unit.edge.core.booth import Booth

WIRED = frozenset(
    {"mains", "genset_running", "genset_fault", "fuel_low", "ats_mains", "ats_genset", "genset_start", "ats_inhibit"}
)


class Powered(Booth):
    """Keeps the UPS talking each second, and moves time in small steps so that every timer is met."""

    def __init__(self, **changes: object) -> None:
        self.reading = UpsReading(
            "ups", 229.0, 229.0, 229.0, 30.0, 50.0, 27.4, 25.0,
            utility_fail=False, battery_low=False, bypass=False, failed=False, offline_type=True,
            testing=False, shutting_down=False, beeper=False, charge_pct=100.0, status="OL",
        )  # fmt: skip
        self.relays: frozenset[Relay] = frozenset()
        self.given: list[Command] = []
        values: dict[str, object] = {"genset": GensetSettings(), "wired": WIRED, "print_on_battery": True}
        super().__init__(**(values | changes))
        self.ups_speaks = True
        self.contact(Contact.MAINS, True)
        if self.settings.genset is not None:
            self.contact(Contact.ATS_MAINS, True)
            for other in (Contact.ATS_GENSET, Contact.GENSET_RUNNING, Contact.GENSET_FAULT, Contact.FUEL_LOW):
                self.contact(other, False)
        self.passes(3.0)

    def see(self, event, after=0.0):  # type: ignore[no-untyped-def]
        commands = super().see(event, after)
        self.given += commands
        for command in commands:
            if isinstance(command, SetRelays):
                self.relays = command.on
        return commands

    def contact(self, contact: Contact, closed: bool) -> None:
        self.see(ContactChanged(contact, closed))

    def passes(self, seconds: float, step: float = 0.5) -> None:
        """Time goes by; the UPS speaks at each step."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.see(self.reading if self.ups_speaks else WokeUp(), min(step, end - self.now))

    def ups(self, **changes: object) -> None:
        self.reading = replace(self.reading, **changes)

    def mains(self, there: bool) -> None:
        """The mains at the contact and, while the ATS is on mains, at the UPS."""
        self.contact(Contact.MAINS, there)
        on_genset = self.state.plant.power.contacts[Contact.ATS_GENSET].level if self.settings.genset else False
        if not on_genset:
            self.line(there)

    def line(self, live: bool) -> None:
        """What the UPS gets."""
        status = "OL" if live else "OB"
        self.ups(utility_fail=not live, input_v=229.0 if live else 0.0, status=status)

    def ats(self, to: str) -> None:
        self.contact(Contact.ATS_MAINS, to == "mains")
        self.contact(Contact.ATS_GENSET, to == "genset")
        self.line(True)

    @property
    def supplies(self) -> list[Supply]:
        return [body.supply for body in self.heard(SupplyChanged)]  # type: ignore[attr-defined]

    @property
    def phases(self) -> list[GensetPhase]:
        return [body.phase for body in self.heard(GensetChanged)]  # type: ignore[attr-defined]

    def alarm(self, key: str) -> AlarmState | None:
        """State of an alarm as last told."""
        told = [body for body in self.heard(AlarmChanged) if body.alarm == key]  # type: ignore[attr-defined]
        return told[-1].state if told else None  # type: ignore[attr-defined]

    def start_genset(self) -> None:
        """An outage that the genset takes over."""
        self.mains(False)
        self.passes(7.0)
        self.contact(Contact.GENSET_RUNNING, True)
        self.passes(16.0)
        self.ats("genset")
        self.passes(2.0)
