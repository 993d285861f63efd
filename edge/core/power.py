"""What feeds the booth: contacts, UPS, power board and genset controller fused into one supply, with their qualities.

The mains contact leads, since it tells of a change within milliseconds; what is measured in volts outvotes it once it
has had time to speak. The UPS alone knows whether its battery carries the load. Silence of a source is its own
condition and never an outage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from contract.messages import GensetPhase, MainsDipped, Message, Quality, Supply, SupplyChanged
from edge.core import debounce
from edge.core.debounce import Debounced
from edge.core.events import (
    BoardReading,
    Contact,
    ContactChanged,
    DeviceEvent,
    DeviceLost,
    Event,
    FrameRejected,
    GensetReading,
    UpsReading,
)
from edge.core.settings import GensetSettings, Settings

R = TypeVar("R", bound=DeviceEvent)

#: How long (s) the contact leads before a source that measures volts can outvote it.
SETTLE_S = 2.0
#: An absence of the mains shorter than this (s) is a contact's noise, not a dip.
NOISE_S = 0.01

#: What carries the load while the genset's sequence is here and the line is dead.
_STARTING = frozenset({GensetPhase.CRANKING, GensetPhase.RESTING, GensetPhase.WARMING, GensetPhase.TRANSFERRING})
_BACK = frozenset({GensetPhase.RETURNING, GensetPhase.TRANSFERRING_BACK})
_LOADED = frozenset({GensetPhase.LOADED, *_BACK})


@dataclass(frozen=True, slots=True)
class Supplied:
    """The supply that was last told to the coordinator."""

    supply: Supply = Supply.UNKNOWN


@dataclass(frozen=True, slots=True)
class Heard(Generic[R]):
    """The last word of a source. `odd_at`: when it last sent what cannot be."""

    reading: R | None = None
    at: float = float("-inf")
    lost: bool = False
    odd_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class State:
    """Readings with their age, and the supply made of them."""

    saved: Mapping[str, Supplied] = field(default_factory=lambda: {"supply": Supplied()})
    contacts: Mapping[Contact, Debounced] = field(default_factory=dict)
    moved_at: float = float("-inf")
    """When the mains contact's level last changed: what the UPS said of its input before is of another moment."""
    ats_at: float = float("-inf")
    """When an ATS contact's level last changed: likewise for what the UPS is fed from."""
    ups: Heard[UpsReading] = Heard()
    board: Heard[BoardReading] = Heard()
    genset: Heard[GensetReading] = Heard()
    gone_at: float | None = None
    """When the mains contact opened, while it is not yet known whether that is a dip or an outage."""
    back_at: float | None = None
    lowest_v: float | None = None
    dips: int = 0
    mains: bool | None = None
    mains_since: float = float("-inf")
    line: bool | None = None
    """Whether the UPS gets its input: from the mains or from the genset."""
    since: float = float("-inf")

    @property
    def supply(self) -> Supply:
        return self.saved["supply"].supply


def observe(state: State, event: Event, now: float, settings: Settings) -> tuple[State, list[Message]]:
    """Take a reading in, and settle what the mains and the line are; a dip that is over is told."""
    match event:
        case ContactChanged(contact=contact, active=active) if contact is not Contact.DOOR:
            state = _touched(state, contact, active, now)
        case UpsReading(device=device) if device == settings.ups:
            state = replace(state, ups=replace(state.ups, reading=event, at=now, lost=False))
        case BoardReading(device=device) if device == settings.board:
            state = _board(state, event, now)
        case GensetReading(device=device) if settings.genset is not None and device == settings.genset.device:
            state = replace(state, genset=replace(state.genset, reading=event, at=now, lost=False))
        case DeviceLost(device=device) if device in _sources(settings):
            name = _sources(settings)[device]
            state = replace(state, **{name: replace(getattr(state, name), lost=True)})
        case FrameRejected(device=device) if device in _sources(settings):
            name = _sources(settings)[device]
            state = replace(state, **{name: replace(getattr(state, name), odd_at=now)})
    state = _settled(state, now, settings)
    state, dipped = _dip(state, now, settings)
    mains = _mains(state, now, settings)
    if mains is not state.mains:
        state = replace(state, mains=mains, mains_since=now)
    line = _line(state, now, settings)
    return (state if line is state.line else replace(state, line=line)), dipped


def fuse(
    state: State, now: float, settings: Settings, phase: GensetPhase, closing: Supply | None
) -> tuple[State, bool]:
    """The one supply. `closing`: SHUTTING_DOWN or OFF while the booth shuts down. Whether it changed."""
    supply = closing or feeding(state, now, settings, phase)
    if supply is state.supply:
        return state, False
    return replace(state, saved={"supply": Supplied(supply)}, since=now), True


def told(state: State, now: float, settings: Settings, runtime_s: float | None, cause: str) -> SupplyChanged:
    """The durable event of the present supply; figures of another moment are left out."""
    ups = fresh(state, now, settings)
    line = ups if same_moment(state) else None
    return SupplyChanged(
        supply=state.supply,
        mains_contact=level(state, Contact.MAINS),
        input_v=told_by(line, "input_v"),
        battery_v=told_by(ups, "battery_v"),
        load_pct=told_by(ups, "load_pct"),
        charge_pct=ups.charge_pct if ups else None,
        ups_status=line.status if line else "",
        runtime_s=None if runtime_s is None else round(runtime_s),
        sources=qualities(state, now, settings),
        cause=cause[:500],
    )


def told_by(ups: UpsReading | None, name: str) -> float | None:
    """A figure of the reading, unless the UPS did not tell it of that moment."""
    return None if ups is None or name in ups.unknown else float(getattr(ups, name))


def next_wakeup(state: State, settings: Settings) -> float | None:
    """When a contact settles, a word grows too old, or the mains contact has led for long enough."""
    times = [debounce.due(contact, settings.mains_debounce_s) for contact in state.contacts.values()]
    for heard, limit in _heard(state, settings):
        if heard.reading is not None and not heard.lost:
            times.append(heard.at + limit)
    times.append(None if state.back_at is None else state.back_at + settings.mains_debounce_s)
    return min((time for time in times if time is not None), default=None)


# --- what is asked of it --------------------------------------------------------------------------------


def fresh(state: State, now: float, settings: Settings) -> UpsReading | None:
    """The UPS's reading, unless it is lost or older than the configured limit."""
    return _fresh(state.ups, settings.ups_stale_s, now)


def engine(state: State, now: float, settings: Settings) -> GensetReading | None:
    """The genset controller's reading, unless it is lost or older than the configured limit."""
    return _fresh(state.genset, settings.genset_stale_s, now)


def board(state: State, now: float, settings: Settings) -> BoardReading | None:
    """The power board's report, unless it is lost or older than the configured limit."""
    return _fresh(state.board, settings.board_stale_s, now)


def level(state: State, contact: Contact) -> bool | None:
    """Settled level of a contact; None while it has not been read."""
    known = state.contacts.get(contact)
    return None if known is None else known.level


def fed(state: State, supply: Supply) -> bool:
    """Whether the load is carried by the mains or the genset now, not by the battery."""
    return state.line is not False and supply in (Supply.ON_MAINS, Supply.ON_GENSET, Supply.MAINS_RETURNING)


def gone(heard: Heard[Any], limit: float, now: float) -> bool:
    """Whether a source that should speak does not: lost, or silent for longer than its limit."""
    return heard.lost or (heard.reading is not None and now >= heard.at + limit)


def same_moment(state: State) -> bool:
    """Whether the UPS has spoken since a contact of the supply moved, so that both may stand side by side."""
    return state.ups.reading is not None and state.ups.at >= max(state.moved_at, state.ats_at)


def position(state: State) -> str | None:
    """Where the ATS is: `mains`, `genset`, `moving`, `both` (which cannot be), or None without contacts."""
    on_mains, on_genset = level(state, Contact.ATS_MAINS), level(state, Contact.ATS_GENSET)
    if on_mains is None and on_genset is None:
        return None
    if on_mains and on_genset:
        return "both"
    return "mains" if on_mains else "genset" if on_genset else "moving"


def running(state: State, now: float, settings: Settings) -> bool | None:
    """Whether the engine turns, measured: rpm, else its contact, else its volts."""
    given = settings.genset
    if given is None:
        return False
    reading = engine(state, now, settings)
    if reading is not None and reading.rpm is not None:
        return reading.rpm >= given.rpm_running
    contact = level(state, Contact.GENSET_RUNNING)
    if contact is not None:
        return contact
    report = board(state, now, settings)
    return None if report is None else report.genset_v >= given.volts * 0.5


def verified(state: State, now: float, settings: Settings) -> bool | None:
    """Whether the genset gives volts and hertz within their bands; None: it turns, and nothing measures it."""
    given = settings.genset
    if given is None or running(state, now, settings) is False:
        return False
    reading, report = engine(state, now, settings), board(state, now, settings)
    volts = reading.volts if reading is not None and reading.volts is not None else None
    if volts is None and report is not None:
        volts = report.genset_v
    hertz = reading.hertz if reading is not None else None
    if volts is None:
        return None if running(state, now, settings) else False
    return _in_band(volts, hertz, given)


def quality(heard: Heard[UpsReading] | Heard[BoardReading] | Heard[GensetReading], limit: float, now: float) -> Quality:
    """How far the source can be believed now."""
    if heard.lost or heard.reading is None:
        return Quality.LOST
    if heard.odd_at > heard.at:
        return Quality.IMPLAUSIBLE
    return Quality.STALE if now >= heard.at + limit else Quality.GOOD


def qualities(state: State, now: float, settings: Settings) -> dict[str, Quality]:
    """Quality of each source that the booth file names."""
    told_by: dict[str, Quality] = {}
    if Contact.MAINS in settings.wired or settings.board is not None:
        known = level(state, Contact.MAINS) is not None or board(state, now, settings) is not None
        told_by["mains"] = Quality.GOOD if known else Quality.LOST
    if settings.ups is not None:
        told_by["ups"] = quality(state.ups, settings.ups_stale_s, now)
    if settings.board is not None:
        told_by["board"] = quality(state.board, settings.board_stale_s, now)
    if settings.genset is not None:
        if settings.genset.device is not None:
            told_by["genset"] = quality(state.genset, settings.genset_stale_s, now)
        where = position(state)
        if where is not None:
            told_by["ats"] = Quality.IMPLAUSIBLE if where == "both" else Quality.GOOD
    return told_by


def confirmed(state: State, now: float, settings: Settings) -> bool:
    """Whether more than a contact alone says that the load is fed: the UPS itself, or volts that somebody measures."""
    if settings.ups is None or fresh(state, now, settings) is not None:
        return True
    return sum(_votes(state, now, settings).values()) > 1


def disagreement(state: State, now: float, settings: Settings) -> tuple[str, ...]:
    """Sources of the mains that contradict the verdict, e.g. `contact says away`; empty while they agree."""
    if state.mains is None or now < state.moved_at + SETTLE_S:
        return ()
    words = {True: "there", False: "away"}
    votes = _votes(state, now, settings)
    if len(set(votes.values())) < 2:
        return ()
    return tuple(f"{name} says {words[vote]}" for name, vote in votes.items())


# --- within ---------------------------------------------------------------------------------------------


def _fresh(heard: Heard[R], limit: float, now: float) -> R | None:
    return None if heard.lost or now >= heard.at + limit else heard.reading


def _sources(settings: Settings) -> dict[str, str]:
    """Device name -> field of the state."""
    names = {settings.ups: "ups", settings.board: "board"}
    if settings.genset is not None:
        names[settings.genset.device] = "genset"
    return {device: name for device, name in names.items() if device is not None}


def _heard(
    state: State, settings: Settings
) -> tuple[tuple[Heard[UpsReading] | Heard[BoardReading] | Heard[GensetReading], float], ...]:
    return (
        (state.ups, settings.ups_stale_s),
        (state.board, settings.board_stale_s),
        (state.genset, settings.genset_stale_s),
    )


def _touched(state: State, contact: Contact, active: bool, now: float) -> State:
    """An edge of a contact, from a pin or from the board."""
    known = state.contacts.get(contact, debounce.UNREAD)
    seen = debounce.seen(known, active, now)
    if contact is Contact.MAINS and known.level is not None:
        if not active and state.gone_at is None and known.level:
            state = replace(state, gone_at=now, back_at=None, lowest_v=None)
        elif state.gone_at is not None:
            state = replace(state, back_at=now if active else None)
    return state if seen == known else replace(state, contacts={**state.contacts, contact: seen})


def _board(state: State, report: BoardReading, now: float) -> State:
    """The board's report: its contacts count like those on the pins."""
    state = replace(state, board=replace(state.board, reading=report, at=now, lost=False))
    for contact in report.wired:
        state = _touched(state, contact, contact in report.active, now)
    if state.gone_at is not None:
        lowest = report.mains_v if state.lowest_v is None else min(state.lowest_v, report.mains_v)
        state = replace(state, lowest_v=lowest)
    return state


def _settled(state: State, now: float, settings: Settings) -> State:
    contacts = dict(state.contacts)
    for contact, known in state.contacts.items():
        if known.since is None:
            continue
        settled = debounce.settled(known, settings.mains_debounce_s, now)
        if settled is known:
            continue
        contacts[contact] = settled
        state = replace(state, contacts=contacts)
        if contact is Contact.MAINS:
            state = replace(state, moved_at=now)
        elif contact in (Contact.ATS_MAINS, Contact.ATS_GENSET):
            state = replace(state, ats_at=now)
    return state


def _dip(state: State, now: float, settings: Settings) -> tuple[State, list[Message]]:
    """An absence is over when the contact has held for the debounce; then its length says what it was."""
    if state.gone_at is None or state.back_at is None or now < state.back_at + settings.mains_debounce_s:
        return state, []
    seconds, lowest = state.back_at - state.gone_at, state.lowest_v
    state = replace(state, gone_at=None, back_at=None, lowest_v=None)
    if not NOISE_S <= seconds < settings.dip_s:
        return state, []
    return replace(state, dips=state.dips + 1), [MainsDipped(seconds=round(seconds, 3), lowest_v=lowest)]


def _votes(state: State, now: float, settings: Settings) -> dict[str, bool]:
    """What each source says of the mains. The UPS speaks of them only while the ATS is known to pass them on."""
    votes: dict[str, bool] = {}
    contact = level(state, Contact.MAINS)
    if contact is not None:
        votes["contact"] = contact
    least = settings.mains_v * (1 - settings.mains_low_pct / 100)
    report, reading = board(state, now, settings), engine(state, now, settings)
    if report is not None:
        votes["board"] = report.mains_v >= least
    if reading is not None and reading.mains_v is not None:
        votes["genset"] = reading.mains_v >= least
    ups = fresh(state, now, settings)
    passed_on = settings.genset is None or (position(state) == "mains" and state.ups.at >= state.ats_at + SETTLE_S)
    if ups is not None and passed_on:
        votes["ups"] = not ups.utility_fail
    return votes


def _mains(state: State, now: float, settings: Settings) -> bool | None:
    """The contact leads while it has just moved; then the majority counts, and the worse case when it is even."""
    votes = _votes(state, now, settings)
    if not votes:
        return state.mains
    contact = votes.get("contact")
    if contact is not None and (now < state.moved_at + SETTLE_S or len(votes) == 1):
        return contact
    good = sum(votes.values())
    if 2 * good == len(votes) and "ups" in votes and contact is False:
        return votes["ups"]  # Two sources: a UPS that measures its input knows more than a broken wire.
    return 2 * good > len(votes)


def _line(state: State, now: float, settings: Settings) -> bool | None:
    """Whether the UPS is fed. Its own word counts, unless something has moved since it spoke."""
    ups = fresh(state, now, settings)
    if ups is None:
        return None
    where = position(state)
    if state.ups.at < state.ats_at:
        if where == "genset":
            return verified(state, now, settings) is not False
        return state.mains is True if where == "mains" else False
    if ups.utility_fail:
        return False
    passes_on = settings.genset is None or where in (None, "mains", "moving")
    return not (level(state, Contact.MAINS) is False and passes_on and state.ups.at < state.moved_at + SETTLE_S)


def feeding(state: State, now: float, settings: Settings, phase: GensetPhase) -> Supply:
    """What carries the booth, whatever its shutdown does."""
    line = state.line
    where = position(state)
    on_genset = where == "genset" or (where is None and phase in _LOADED)
    if line is None:
        if state.mains is None or (not state.contacts and board(state, now, settings) is None):
            return state.supply
        line = bool(state.mains) if not on_genset else verified(state, now, settings) is not False
        line = line and where != "moving"
    if not line:
        if phase in _STARTING and state.mains is False:
            return Supply.GENSET_STARTING
        return Supply.MAINS_RETURNING if phase is GensetPhase.TRANSFERRING_BACK else Supply.ON_BATTERY
    if settings.genset is not None and (on_genset or (where == "moving" and state.mains is False)):
        return Supply.MAINS_RETURNING if phase in _BACK and state.mains else Supply.ON_GENSET
    return Supply.ON_MAINS


def _in_band(volts: float, hertz: float | None, given: GensetSettings) -> bool:
    good = abs(volts - given.volts) <= given.volts * given.volts_band_pct / 100
    return good and (hertz is None or abs(hertz - given.hertz) <= given.hertz_band)
