"""What a UPS was asked to do: sent, proved by its status, tried again some times, given up. Silence proves nothing."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.events import Event, RequestConfirmed, RequestFailed, UpsReading, UpsTestEnded
from edge.core.requests import CancelCut, CancelUpsTest, CutAndRestore, Request, SetBeeper, TestUps

TRIES = 3
EFFECT_S = 2.0
"""How long a UPS may take until its status shows what it was told."""
RESTORE_S = 12.0
"""A UPS that has cut its output keeps it off for ten seconds before it obeys."""
WAITING = 8
SHORTEST_S = {"quick": 5.0, "two-minutes": 100.0}
"""A test that ended sooner was not finished; other units' quick tests are shorter than ten seconds."""
LOW_PCT = 25.0
OFF_V = 10.0
"""An output below this is cut."""
_CANCELS: dict[type[Request], type[Request]] = {CancelCut: CutAndRestore, CancelUpsTest: TestUps}
KNOWN = (TestUps, CancelUpsTest, SetBeeper, CutAndRestore, CancelCut)


def done(request: Request, reading: UpsReading) -> bool:
    """Whether the status shows that the request was carried out (or that there is nothing to do)."""
    match request:
        case TestUps():
            return reading.testing
        case CancelUpsTest():
            return not reading.testing
        case SetBeeper(on=on):
            return reading.beeper is on
        case CutAndRestore():
            return reading.shutting_down
        case CancelCut():
            return not reading.shutting_down
    return False


def forbidden(request: Request, reading: UpsReading) -> str:
    """Why the request makes no sense now; empty when it may be sent."""
    if isinstance(request, TestUps):
        if reading.utility_fail:
            return "the mains are out: the battery is in use"
        if reading.testing:
            return "a battery test is running already"
        if reading.battery_low:
            return "the battery is low"
    if isinstance(request, CutAndRestore) and not (12 <= request.off_s <= 600 and 1 <= request.back_min <= 9999):
        return (
            f"off after {request.off_s:g} s, back after {request.back_min} min: allowed are 12..600 s and 1..9999 min"
        )
    return ""


@dataclass(slots=True)
class _Errand:
    request: Request
    sent: int = 0
    until: float = 0.0
    ready: bool = False
    """The status was read since it was asked for, and it may be sent."""
    unproved: bool = False
    """It cancels what may have been obeyed though no status showed it: it is sent whatever the status says."""

    @property
    def name(self) -> str:
        return type(self.request).__name__

    @property
    def needless(self) -> bool:
        """Nothing need be sent when the status is already as it is wanted."""
        return isinstance(self.request, CancelUpsTest | SetBeeper | CancelCut)


@dataclass(slots=True)
class _Test:
    length: str
    failed_before: bool
    began: float
    charge: float = 100.0
    low: bool = False
    cancelled: bool = False


class Errands:
    """The requests of one UPS, one after the other, and the battery test that its status shows."""

    def __init__(self, device: str, effect_s: float = EFFECT_S) -> None:
        self._device = device
        self._effect_s = effect_s
        self._waiting: list[_Errand] = []
        self._test: _Test | None = None
        self._length = ""
        """Of the test that was asked for; tests may also be begun at the UPS's own panel."""
        self._failed = False
        self._silent = False
        """The UPS was lost while it tested."""

    @property
    def busy(self) -> bool:
        """Something is under way: the status is worth reading often."""
        return bool(self._waiting)

    @property
    def ready(self) -> bool:
        """Something may be sent now."""
        return bool(self._waiting) and self._waiting[0].ready

    def add(self, request: Request) -> list[Event]:
        """Take a request in, or say why not. A cancel ends what it cancels, if that is not proved yet."""
        name = type(request).__name__
        if not isinstance(request, KNOWN):
            return [RequestFailed(self._device, name, "a UPS cannot do that")]
        if len(self._waiting) >= WAITING:
            return [RequestFailed(self._device, name, "too many requests are waiting for the UPS")]
        ended = [errand for errand in self._waiting if type(errand.request) is _CANCELS.get(type(request))]
        self._waiting = [errand for errand in self._waiting if errand not in ended]
        self._waiting.append(_Errand(request, unproved=any(errand.sent for errand in ended)))
        return [RequestFailed(self._device, errand.name, "it was cancelled") for errand in ended]

    def to_send(self, now: float) -> Request | None:
        """The request to be written now, None when there is none; from here its effect is awaited."""
        if not self.ready:
            return None
        errand = self._waiting[0]
        errand.ready = False
        errand.sent += 1
        errand.until = max(errand.until, now + self._effect_s)
        if isinstance(errand.request, TestUps):
            self._length = errand.request.length
        return errand.request

    def seen(self, reading: UpsReading, now: float) -> list[Event]:
        """A status that was asked for after the last sending."""
        events = self._tests(reading, now)
        while self._waiting:
            errand = self._waiting[0]
            if done(errand.request, reading) and (errand.sent or (errand.needless and not errand.unproved)):
                events.append(RequestConfirmed(self._device, errand.name))
                del self._waiting[0]
            elif not errand.sent and (why := forbidden(errand.request, reading)):
                events += self.refused(why)
            elif errand.sent >= TRIES and now >= errand.until:
                events += self.refused(f"told {TRIES} times, its status does not show it")
            else:
                errand.ready = not errand.sent or now >= errand.until
                if isinstance(errand.request, CancelCut) and reading.output_v < OFF_V and errand.ready:
                    errand.until = now + RESTORE_S
                break
        return events

    def refused(self, error: str) -> list[Event]:
        """The present request will not be carried out."""
        return [RequestFailed(self._device, self._waiting.pop(0).name, error)] if self._waiting else []

    def lost(self, error: str) -> list[Event]:
        """Nobody answers any more: what was asked has no proof."""
        failed: list[Event] = [RequestFailed(self._device, errand.name, error) for errand in self._waiting]
        self._waiting.clear()
        self._silent = self._test is not None
        return failed

    def _tests(self, reading: UpsReading, now: float) -> list[Event]:
        test, silent, self._silent = self._test, self._silent, False
        if reading.testing:
            if test is None:
                test = self._test = _Test(self._length, self._failed, now)
            test.low = test.low or reading.battery_low
            test.charge = reading.charge_pct if reading.charge_pct is not None else test.charge
        self._failed = reading.failed
        if test is not None and self._waiting and self._waiting[0].sent:
            test.cancelled = test.cancelled or isinstance(self._waiting[0].request, CancelUpsTest)
        if reading.testing or test is None:
            return []
        self._test, self._length = None, ""
        passed, reason = _verdict(test, reading, silent, now)
        return [UpsTestEnded(self._device, passed, reason)]


def _verdict(test: _Test, reading: UpsReading, silent: bool, now: float) -> tuple[bool | None, str]:
    """A deep test runs until the battery is low; any other that gets there has failed."""
    if reading.failed and not test.failed_before:
        return False, "the UPS reports a failure"
    if reading.utility_fail:
        return None, "the mains failed during the test"
    if test.cancelled:
        return None, "the test was cancelled"
    if silent:
        return None, "the UPS was silent when the test ended"
    if test.length != "deep" and (test.low or reading.battery_low):
        return False, "the battery was low during the test"
    if now - test.began < SHORTEST_S.get(test.length, 0.0):
        if test.charge <= LOW_PCT:
            return False, "the UPS ended the test early, with a low battery"
        return None, "the UPS ended the test early"
    return True, ""
