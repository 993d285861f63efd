"""What each durable event of a booth changes in the coordinator's picture of it."""

from __future__ import annotations

import json

from central.adapters import store_ingest
from central.adapters.store_work import PRINTER
from central.core.supply import MAY_PRINT
from central.deciding.desk import Desk
from central.deciding.incoming import Incoming
from central.deciding.packets import Packets
from central.deciding.power import Power
from central.deciding.printing import Printing
from central.deciding.record import Record
from central.deciding.turn import Turn
from contract.desk import Deed
from contract.messages import (
    AlarmChanged,
    BoothStarted,
    CommandDone,
    DeviceChanged,
    DeviceState,
    DoorChanged,
    EnrolmentCancelled,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    GensetChanged,
    LoadShed,
    MainsDipped,
    Message,
    PrintChanged,
    ShutdownChanged,
    SupplyChanged,
    UpsTested,
)


class Projection:
    """Applies events in the order of their numbers."""

    def __init__(self, turn: Turn, packets: Packets, printing: Printing, power: Power, desk: Desk) -> None:
        self._turn = turn
        self._desk = desk
        self._record = Record(turn)
        self._packets = packets
        self._printing = printing
        self._power = power

    def apply(self, booth: str, epoch: str, event: Incoming, late: bool = False) -> None:
        """One event; one that could not be understood changes nothing.

        `late`: it was counted as lost, and newer ones have been applied.
        """
        body, turn = event.body, self._turn
        turn.touch(booth)
        at = event.time
        match body:
            case SupplyChanged():
                if self._power.supplied(booth, body, at, late) and body.supply in MAY_PRINT:
                    self._printing.unblocked(booth)
            case DeviceChanged():
                self._device(booth, body, at)
            case DoorChanged():
                turn.booth(booth)["door_open"] = body.open
            case BoothStarted():
                turn.booth(booth)["version"] = body.version
                self._record.key_told(booth, epoch, body.key, event.payload)
                if not late:
                    self._power.started(booth, at)
            case EnrolmentOpened():
                store_ingest.enrolment_opened(turn.connection, booth, body.enrolment, body.nik, body.kk, at)
                self._desk.opened(booth, body, late)
            case EnrolmentStarted():
                store_ingest.enrolment_moved(turn.connection, booth, body.enrolment, "started", at)
            case EnrolmentCompleted():
                store_ingest.enrolment_moved(turn.connection, booth, body.enrolment, "completed", at)
                self._desk.ended(booth, body.enrolment)
                self._packets.announced(booth, epoch, body)
            case EnrolmentCancelled():
                store_ingest.enrolment_moved(turn.connection, booth, body.enrolment, "cancelled", at)
                self._desk.ended(booth, body.enrolment)
            case PrintChanged():
                self._printing.changed(booth, body, event.payload)
            case CommandDone():
                self._printing.done(booth, body)
            case Deed():
                self._record.deed(booth, epoch, event.seq, body, event.payload)
            case _ if not self._desk.told(booth, body, at, late):
                self._of_power(booth, body, at, late)
        if not late:
            self._power.heard(booth, event)

    def _of_power(self, booth: str, body: Message | None, at: float, late: bool) -> None:
        power = self._power
        match body:
            case AlarmChanged():
                power.alarm(booth, body, at, late)
            case MainsDipped():
                power.dipped(booth, body, at)
            case GensetChanged() if not late:
                power.genset(booth, body, at)
            case LoadShed() if not late:
                power.shed(booth, body)
            case ShutdownChanged() if not late:
                power.shutdown(booth, body, at)
            case UpsTested() if not late:
                power.tested(booth, body, at)
            case _:
                pass

    def _device(self, booth: str, body: DeviceChanged, at: float) -> None:
        key = (booth, body.device)
        before = self._turn.devices.get(key)
        if before is not None and before["state"] == body.state.value:
            at = before["since"]
        elif before is not None:
            self._turn.flush_devices()
        self._turn.devices[key] = {
            "booth": booth,
            "name": body.device,
            "kind": body.kind,
            "state": body.state.value,
            "since": at,
            "error": body.error,
            "remedy": body.remedy,
            "reasons": json.dumps(body.reasons),
            "details": json.dumps(body.details),
        }
        if body.kind == PRINTER:
            self._turn.printers.add(booth)
            self._turn.effects.changed.add("print")
            if body.state is DeviceState.OK:
                self._printing.unblocked(booth)
