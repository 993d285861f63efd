"""What the power board lets happen, whatever the controller asks: one function over a small memory. No hardware.

Times are ticks in ms that wrap at 2**30, as MicroPython's `ticks_ms`; only differences are used, and every timer
stands still at its end, so that nothing happens when the ticks wrap.
"""

try:
    from contract import power_wire as wire
except ImportError:  # on the board
    import power_wire as wire  # type: ignore[import-not-found, no-redef]

_HALF = 1 << 29
_MASK = (1 << 30) - 1


def ticks_diff(now: int, before: int) -> int:
    """ms from `before` to `now`, negative when `now` is earlier; right up to 6 days."""
    return ((now - before + _HALF) & _MASK) - _HALF


class Limits:
    """The plant's limits. Volts in 0.1 V, times in ms."""

    def __init__(self) -> None:
        self.mains_absent_dv = 1725  # 25 % below nominal: an outage, whatever a contact says
        self.mains_present_dv = 1850  # and this much before they are there again
        self.mains_gone_dv = 500  # below: a closed mains contact proves that the volts' input is broken
        self.mains_absent_ms = 1000
        self.genset_low_dv = 1955  # nominal -+ 15 %
        self.genset_high_dv = 2645
        self.genset_good_ms = 1000
        self.genset_bad_ms = 2000  # a load step is no reason to leave the genset
        self.running_dv = 1000  # an engine that makes this turns, whatever its contact says
        self.crank_max_ms = 15000
        self.rest_min_ms = 5000
        self.attempts_max = 3
        self.lock_ms = 60000
        self.stall_ms = 2000


class State:
    """The interlock's memory. A new one is the safe state."""

    def __init__(self) -> None:
        self.at = None  # type: int | None
        self.mains = True  # there, until they are surely not
        self.absent_ms = 0
        self.genset_ok = False
        self.genset_ms = 0  # how long the volts have said the opposite of genset_ok
        self.start = False
        self.permit = False
        self.ran = False  # the engine has run in this start
        self.crank_ms = 0  # start on without a running engine
        self.rest_ms = 0  # still to rest
        self.attempts = 0
        self.locked = False
        self.released_ms = 0  # how long no start has been wanted
        self.both = False


def decide(
    state: State, wanted: int, mains_dv: int, genset_dv: int, contacts: int, wired: int, now_ms: int, limits: Limits
) -> "tuple[int, int]":
    """(relays truly driven, refusal bits) now. To be called at least when anything changed; `state` remembers."""
    passed = 0 if state.at is None else ticks_diff(now_ms, state.at)
    passed = passed if passed > 0 else 0
    if state.at is None or passed > 0:
        state.at = now_ms
    contacts &= wired
    _mains(state, mains_dv, contacts, passed, limits)
    _genset(state, genset_dv, passed, limits)
    refused = _both_closed(state, wanted, contacts, passed, limits)
    refused |= _start(state, wanted, contacts, genset_dv, passed, limits)
    refused |= _permit(state, wanted, contacts, limits)
    relays = wanted & (wire.SHED_1 | wire.SHED_2)
    if state.start:
        relays |= wire.GENSET_START
    if not state.permit:
        relays |= wire.ATS_INHIBIT
    return relays, refused


def next_ms(state: State, limits: Limits) -> int:
    """In how many ms at the latest `decide` may change its mind by itself; 1..60000."""
    soonest = 60000
    if not state.mains and state.absent_ms < limits.mains_absent_ms:
        soonest = min(soonest, limits.mains_absent_ms - state.absent_ms)
    if state.genset_ms:
        soonest = min(soonest, (limits.genset_bad_ms if state.genset_ok else limits.genset_good_ms) - state.genset_ms)
    if state.start:
        soonest = min(soonest, (limits.stall_ms if state.ran else limits.crank_max_ms) - state.crank_ms)
    if state.rest_ms:
        soonest = min(soonest, state.rest_ms)
    if (state.locked or state.both) and state.released_ms < limits.lock_ms:
        soonest = min(soonest, limits.lock_ms - state.released_ms)
    return max(1, soonest)


def _mains(state: State, mains_dv: int, contacts: int, passed: int, limits: Limits) -> None:
    """Present at once; absent only when it has lasted, counted from the first moment that saw it."""
    blind = bool(contacts & wire.C_MAINS) and mains_dv < limits.mains_gone_dv
    if mains_dv >= limits.mains_present_dv or blind:
        state.mains = True
        state.absent_ms = 0
    elif mains_dv < limits.mains_absent_dv:
        if state.mains:
            state.mains = False
            state.absent_ms = 0
        else:
            state.absent_ms = min(limits.mains_absent_ms, state.absent_ms + passed)
    elif not state.mains:
        state.absent_ms = min(limits.mains_absent_ms, state.absent_ms + passed)


def _genset(state: State, genset_dv: int, passed: int, limits: Limits) -> None:
    good = limits.genset_low_dv <= genset_dv <= limits.genset_high_dv
    if good == state.genset_ok:
        state.genset_ms = 0
        return
    # The first moment that says the opposite begins the count; what passed before it does not belong to it.
    state.genset_ms = state.genset_ms + passed if state.genset_ms else 1
    if state.genset_ms >= (limits.genset_bad_ms if state.genset_ok else limits.genset_good_ms):
        state.genset_ok = good
        state.genset_ms = 0


def _both_closed(state: State, wanted: int, contacts: int, passed: int, limits: Limits) -> int:
    """The ATS cannot be in both places: until that is over and the controller has let go for a while, nothing moves."""
    both = contacts & wire.C_ATS_MAINS and contacts & wire.C_ATS_GENSET
    if wanted & wire.GENSET_START:
        state.released_ms = 0
    else:
        state.released_ms = min(limits.lock_ms, state.released_ms + passed)
    if both:
        state.both = True
        state.released_ms = 0
    elif state.both and wanted & wire.ATS_INHIBIT and state.released_ms >= limits.lock_ms:
        state.both = False
    return wire.R_ATS_BOTH if state.both else 0


def _start(state: State, wanted: int, contacts: int, genset_dv: int, passed: int, limits: Limits) -> int:
    running = bool(contacts & wire.C_RUNNING) or genset_dv >= limits.running_dv
    if state.start:
        if running:
            state.ran = True
            state.crank_ms = 0
            state.attempts = 0
        else:
            state.crank_ms += passed
            if state.crank_ms >= (limits.stall_ms if state.ran else limits.crank_max_ms):
                _end_of_crank(state, limits)
    elif state.rest_ms:
        state.rest_ms = max(0, state.rest_ms - passed)
    if state.released_ms >= limits.lock_ms:
        state.locked = False
        state.attempts = 0
    if not wanted & wire.GENSET_START or state.both:
        if state.start:
            if state.ran and running:
                state.start = False
            else:
                _end_of_crank(state, limits)
        return 0
    if state.start:
        return 0
    if state.locked:
        return wire.R_CRANK_LOCKED
    if state.rest_ms:
        return wire.R_CRANK_REST
    state.start = True
    state.ran = running
    state.crank_ms = 0
    return 0


def _end_of_crank(state: State, limits: Limits) -> None:
    state.start = False
    state.crank_ms = 0
    state.rest_ms = limits.rest_min_ms
    state.attempts += 1
    if state.attempts >= limits.attempts_max:
        state.locked = True


def _permit(state: State, wanted: int, contacts: int, limits: Limits) -> int:
    state.permit = False
    if wanted & wire.ATS_INHIBIT or state.both:
        return 0
    if not state.genset_ok:
        return wire.R_GENSET_VOLTS
    on_genset = contacts & wire.C_ATS_GENSET and not contacts & wire.C_ATS_MAINS
    if not on_genset:
        if state.mains:
            return wire.R_MAINS_PRESENT
        if state.absent_ms < limits.mains_absent_ms:
            return wire.R_MAINS_JUST_LOST
    state.permit = True
    return 0
