"""What feeds the booth, and what may therefore begin: mains contact and UPS fused into one supply.

The contact is believed first, since it tells of a change within milliseconds. A UPS that says "utility fail" is
believed too: a brown-out can hold the contact's relay. Silence of a source is never an outage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contract.messages import Supply, SupplyChanged
from edge.core import debounce
from edge.core.commands import Command, Publish
from edge.core.debounce import Debounced
from edge.core.events import Contact, ContactChanged, DeviceLost, Event, UpsReading
from edge.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Supplied:
    """The supply that was last told to the coordinator."""

    supply: Supply = Supply.UNKNOWN


@dataclass(frozen=True, slots=True)
class State:
    """Readings with their age, and the supply made of them."""

    saved: Mapping[str, Supplied] = field(default_factory=lambda: {"supply": Supplied()})
    contact: Debounced = debounce.UNREAD
    moved_at: float = float("-inf")
    """When the contact's level last changed: what the UPS said of its input before is of another moment."""
    ups: UpsReading | None = None
    ups_at: float = 0.0

    @property
    def supply(self) -> Supply:
        return self.saved["supply"].supply


def step(state: State, event: Event, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """Take a reading in; a change of the supply is a durable event."""
    if isinstance(event, ContactChanged) and event.contact is Contact.MAINS:
        state = replace(state, contact=debounce.seen(state.contact, event.active, now))
    elif isinstance(event, UpsReading) and event.device == settings.ups:
        state = replace(state, ups=event, ups_at=now)
    elif isinstance(event, DeviceLost) and event.device == settings.ups:
        state = replace(state, ups=None)
    if state.ups is not None and fresh(state, now, settings) is None:
        state = replace(state, ups=None)
    contact = debounce.settled(state.contact, settings.mains_debounce_s, now)
    if contact is not state.contact:
        state = replace(state, contact=contact, moved_at=now)
    supply = _fuse(state, now, settings)
    if supply is state.supply:
        return state, []
    state = replace(state, saved={"supply": Supplied(supply)})
    return state, [Publish(_told(state, now, settings))]


def next_wakeup(state: State, settings: Settings) -> float | None:
    """When a contact settles, or the UPS's last word grows too old to be believed."""
    times = [debounce.due(state.contact, settings.mains_debounce_s)]
    if state.ups is not None:
        times.append(state.ups_at + settings.ups_stale_s)
    return min((time for time in times if time is not None), default=None)


def fresh(state: State, now: float, settings: Settings) -> UpsReading | None:
    """The UPS's reading, unless it is older than the configured limit."""
    if state.ups is None or now >= state.ups_at + settings.ups_stale_s:
        return None
    return state.ups


def may_record(state: State, now: float, settings: Settings) -> str:
    """Why no recording may begin now; empty when it may."""
    ups = fresh(state, now, settings)
    if ups is not None and ups.battery_low and state.supply is not Supply.ON_MAINS:
        return "the battery is low: wait for the mains"
    return ""


def may_print(state: State, now: float, settings: Settings) -> str:
    """Why no print may begin now; empty when it may. A card that was begun is finished."""
    if state.supply is Supply.ON_MAINS:
        return ""
    if state.supply is Supply.UNKNOWN:
        return "the supply is not known yet: check the mains contact and the UPS"
    if not settings.print_on_battery:
        return "mains are out: a card is not begun on battery"
    return may_record(state, now, settings)


def same_moment(state: State) -> bool:
    """Whether the UPS has spoken since the contact moved, so that both may stand side by side."""
    return state.ups is not None and state.ups_at >= state.moved_at


def metrics(state: State, now: float, settings: Settings) -> dict[str, float | int | str | bool | None]:
    """Flat figures in NUT's names; what is not known fresh is None."""
    ups = fresh(state, now, settings)
    figures: dict[str, float | int | str | bool | None] = {
        "supply": state.supply.value,
        "mains.contact": state.contact.level,
    }
    if settings.ups is not None:
        line = ups if same_moment(state) else None
        figures |= {
            "ups.status": line.status if line else None,
            "ups.load": ups.load_pct if ups else None,
            "ups.temperature": ups.temperature_c if ups else None,
            "input.voltage": line.input_v if line else None,
            "input.frequency": line.frequency_hz if line else None,
            "output.voltage": line.output_v if line else None,
            "battery.voltage": ups.battery_v if ups else None,
            "battery.charge": ups.charge_pct if ups else None,
        }
    return figures


def _fuse(state: State, now: float, settings: Settings) -> Supply:
    ups = fresh(state, now, settings)
    contact = state.contact.level
    if contact is False or (ups is not None and ups.utility_fail):
        return Supply.ON_BATTERY
    if contact is True or ups is not None:
        return Supply.ON_MAINS
    return state.supply


def _told(state: State, now: float, settings: Settings) -> SupplyChanged:
    ups = fresh(state, now, settings)
    if ups is None:
        return SupplyChanged(supply=state.supply, mains_contact=state.contact.level)
    line = ups if same_moment(state) else None
    return SupplyChanged(
        supply=state.supply,
        mains_contact=state.contact.level,
        input_v=line.input_v if line else None,
        battery_v=ups.battery_v,
        load_pct=ups.load_pct,
        charge_pct=ups.charge_pct,
        ups_status=line.status if line else "",
    )
