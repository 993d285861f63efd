"""Power in one turn: what booths say about supply, genset and alarms; what people ask of them."""

from __future__ import annotations

import json
from typing import Any

from central.adapters import store_ingest, store_power
from central.adapters.store_power import AlarmRow
from central.core import asking, fleet, supply
from central.core.items import Identify, PowerAsked
from central.core.print_queue import IDENTIFY_EXPIRES_S
from central.deciding.commands import Commands
from central.deciding.incoming import Incoming
from central.deciding.turn import Turn
from contract.messages import (
    AlarmChanged,
    AlarmCommand,
    AlarmState,
    GensetChanged,
    GensetPhase,
    IdentifyCommand,
    LoadShed,
    MainsDipped,
    PowerCommand,
    ShutdownChanged,
    Supply,
    SupplyChanged,
    UpsTested,
)

MEMORY_REPLACED = "the booth has a new memory: what holds of this alarm it tells again"


class Power:
    """Events of a booth come in the order of their numbers, but for those that were counted as lost before (`late`)."""

    def __init__(self, turn: Turn, commands: Commands) -> None:
        self._turn = turn
        self._commands = commands

    # --- what the booths say ---------------------------------------------------------------------------

    def heard(self, booth: str, event: Incoming) -> None:
        """Any event in order shows until when the booth has told."""
        row = self._turn.booth(booth)
        row["told"] = max(row["told"] or 0.0, self._moment(event.time))
        if event.boot == row["boot"]:
            row["restarted"] = False

    def started(self, booth: str, at: float) -> None:
        """The booth was dark since it was last heard, or nobody knows; what it said before then holds on."""
        row, connection = self._turn.booth(booth), self._turn.connection
        committed = store_power.committed(connection, booth)
        store_power.save_power(connection, booth, shutdown="", shutdown_since=None, shutdown_cause="")
        last, at = row["told"], self._moment(at)
        if last is None or at - last < supply.SILENCE_S or row["supply"] == Supply.OFF.value:
            return
        dark = Supply.OFF if committed else Supply.UNKNOWN
        store_power.save_supply(connection, booth, self._next(booth, last), dark.value)
        store_power.save_supply(connection, booth, self._next(booth, at), row["supply"])

    def supplied(self, booth: str, body: SupplyChanged, at: float, late: bool) -> bool:
        """Whether what feeds the booth now is another than before."""
        row, connection = self._turn.booth(booth), self._turn.connection
        if late:
            store_power.save_supply(connection, booth, at, body.supply.value)
            return False
        # Also when it is the same: what happened between may come late.
        store_power.save_supply(connection, booth, self._next(booth, self._moment(at)), body.supply.value)
        if row["supply"] == body.supply.value and row["supply_since"] is not None:
            return False
        row["supply"], row["supply_since"] = body.supply.value, at
        return True

    def dipped(self, booth: str, body: MainsDipped, at: float) -> None:
        """An absence too short for an outage."""
        row = {"booth": booth, "at": at, "seconds": body.seconds, "lowest_v": body.lowest_v}
        store_power.add_dip(self._turn.connection, row)

    def genset(self, booth: str, body: GensetChanged, at: float) -> None:
        """The genset's sequence moved, or its figures did."""
        connection = self._turn.connection
        phase, since = store_power.phase(connection, booth)
        store_power.save_power(
            connection,
            booth,
            phase=body.phase.value,
            phase_since=since if phase == body.phase.value and since is not None else at,
            attempt=body.attempt,
            genset_cause=body.cause,
            verified=body.verified,
            fuel_pct=body.fuel_pct,
            fuel_hours=body.fuel_hours,
            run_hours=body.run_hours,
            service_hours=body.service_hours,
        )

    def shed(self, booth: str, body: LoadShed) -> None:
        """Loads went off or on again."""
        store_power.save_power(self._turn.connection, booth, shed=body.stage, shed_cause=body.cause)

    def shutdown(self, booth: str, body: ShutdownChanged, at: float) -> None:
        """The booth's own shutdown moved."""
        stage = "" if body.stage == "cancelled" else body.stage
        store_power.save_power(
            self._turn.connection, booth, shutdown=stage, shutdown_since=at, shutdown_cause=body.cause
        )

    def tested(self, booth: str, body: UpsTested, at: float) -> None:
        """A battery test ended."""
        store_power.save_power(
            self._turn.connection, booth, test_passed=body.passed, test_cause=body.cause, tested=at
        )

    def alarm(self, booth: str, body: AlarmChanged, at: float, late: bool) -> None:
        """An alarm rose, returned, or was seen to. One that comes late changes nothing that is newer."""
        connection = self._turn.connection
        before = store_power.alarm(connection, booth, body.alarm)
        if late and before is not None and (before.occurrence, before.changed) >= (body.occurrence, at):
            return
        known = before if before is not None and before.state != AlarmState.NORMAL.value else None
        same = known if known is not None and known.occurrence == body.occurrence else None
        shelved = known if known is not None and known.state == body.state.value == AlarmState.SHELVED.value else None
        row = AlarmRow(
            booth=booth,
            alarm=body.alarm,
            occurrence=body.occurrence,
            priority=body.priority.value,
            state=body.state.value,
            active=body.active,
            since=same.since if same is not None else at,
            changed=at,
            cause=body.cause,
            remedy=body.remedy,
            # A booth names the figures when the alarm rises, and not again when somebody sees to it.
            figures=same.figures if same is not None and not body.figures else json.dumps(body.figures),
            person=body.person,
            reason=shelved.reason if shelved is not None and not body.reason else body.reason,
            shelved_until=self._shelved_until(booth, body, shelved, at),
        )
        store_power.save_alarm(connection, row)
        self._turn.effects.changed.add("alarms")

    def memory_replaced(self, booth: str) -> None:
        """A new memory counts its alarms anew and tells all that holds."""
        store_power.close_alarms(self._turn.connection, booth, MEMORY_REPLACED, self._turn.at)
        store_power.forget_power(self._turn.connection, booth)
        self._turn.effects.changed.add("alarms")

    # --- what people ask -------------------------------------------------------------------------------

    def asked(self, item: PowerAsked) -> str | None:
        """A person's wish; answers why it is refused, or None when it is on its way."""
        row = self._known(item.booth)
        if row is None:
            return f"there is no booth {item.booth}"
        body = item.body
        reason = asking.refusal(item.booth, self._asked(item.booth, row, body), body)
        if not reason and asking.fields(body) in store_power.under_way(self._turn.connection, item.booth, body.kind):
            reason = asking.UNDER_WAY
        if reason:
            self._commands.refuse(item.booth, body, body.person, reason)
            return reason
        self._commands.give(item.booth, body, asking.ASKED_EXPIRES_S, person=body.person)
        return None

    def identify(self, item: Identify) -> str | None:
        """Blink and beep; answers why it cannot be done, or None."""
        row = self._known(item.booth)
        if row is None:
            return f"there is no booth {item.booth}"
        body, person = IdentifyCommand(), item.person[:500]
        if not row["online"]:
            reason = f"the booth {item.booth} is offline"
            self._commands.refuse(item.booth, body, person, reason)
            return reason
        self._commands.give(item.booth, body, IDENTIFY_EXPIRES_S, person=person)
        return None

    # --- rows ------------------------------------------------------------------------------------------

    def _known(self, booth: str) -> dict[str, Any] | None:
        return self._turn.booths.get(booth) or store_ingest.booths(self._turn.connection, [booth]).get(booth)

    def _asked(self, booth: str, row: dict[str, Any], body: PowerCommand) -> asking.Asked:
        phase, _ = store_power.phase(self._turn.connection, booth)
        fed = Supply(row["supply"])
        alarm = store_power.alarm(self._turn.connection, booth, body.alarm) if isinstance(body, AlarmCommand) else None
        return asking.Asked(
            online=row["online"],
            off=fleet.is_off(row["online"], fed, store_power.committed(self._turn.connection, booth)),
            supply=fed,
            phase=None if phase is None else GensetPhase(phase),
            alarm=None if alarm is None else (alarm.occurrence, AlarmState(alarm.state)),
        )

    def _shelved_until(self, booth: str, body: AlarmChanged, before: AlarmRow | None, at: float) -> float | None:
        """The booth says that it is shelved; for how long the person who asked has said here. `before`: it was already.

        While it is shelved it may rise and return; only a person's new word changes the time.
        """
        if body.state is not AlarmState.SHELVED:
            return None
        if before is not None and (before.active is not body.active or before.occurrence != body.occurrence):
            return before.shelved_until
        for said in store_power.asked(self._turn.connection, booth, "alarm"):
            if (said.get("action"), said.get("alarm")) != ("shelve", body.alarm):
                continue
            if said.get("occurrence") == str(body.occurrence):
                return at + 60.0 * int(said.get("minutes", "0"))
        return None

    def _moment(self, at: float) -> float:
        """A booth's time as far as it can be believed: what has come has happened."""
        return at if at <= self._turn.at + supply.AHEAD_S else self._turn.at

    def _next(self, booth: str, at: float) -> float:
        """In order of the events' numbers, also when the booth's clock was set back between them."""
        last = store_power.supply_since(self._turn.connection, booth)
        return at if last is None or at > last else last + 0.001
