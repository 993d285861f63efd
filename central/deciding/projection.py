"""What each durable event of a booth changes in the coordinator's picture of it."""

from __future__ import annotations

import json

from central.adapters import store_ingest
from central.adapters.store_work import PRINTER
from central.deciding.incoming import Incoming
from central.deciding.packets import Packets
from central.deciding.printing import Printing
from central.deciding.turn import Turn
from contract.messages import (
    BoothStarted,
    CommandDone,
    DeviceChanged,
    DeviceState,
    DoorChanged,
    EnrolmentCancelled,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    PrintChanged,
    Supply,
    SupplyChanged,
)


class Projection:
    """Applies events in the order of their numbers."""

    def __init__(self, turn: Turn, packets: Packets, printing: Printing) -> None:
        self._turn = turn
        self._packets = packets
        self._printing = printing

    def apply(self, booth: str, event: Incoming) -> None:
        """One event; one that could not be understood changes nothing."""
        body, turn = event.body, self._turn
        turn.touch(booth)
        at = event.time
        match body:
            case SupplyChanged():
                self._supply(booth, body, at)
            case DeviceChanged():
                self._device(booth, body, at)
            case DoorChanged():
                turn.booth(booth)["door_open"] = body.open
            case BoothStarted():
                turn.booth(booth)["version"] = body.version
            case EnrolmentOpened():
                store_ingest.enrolment_opened(turn.connection, booth, body.enrolment, body.nik, body.kk, at)
            case EnrolmentStarted():
                store_ingest.enrolment_moved(turn.connection, booth, body.enrolment, "started", at)
            case EnrolmentCompleted():
                store_ingest.enrolment_moved(turn.connection, booth, body.enrolment, "completed", at)
                self._packets.announced(booth, body)
            case EnrolmentCancelled():
                store_ingest.enrolment_moved(turn.connection, booth, body.enrolment, "cancelled", at)
            case PrintChanged():
                self._printing.changed(booth, body, event.payload)
            case CommandDone():
                self._printing.done(booth, body)
            case _:
                pass

    def _supply(self, booth: str, body: SupplyChanged, at: float) -> None:
        row = self._turn.booth(booth)
        if row["supply"] != body.supply.value or row["supply_since"] is None:
            row["supply"], row["supply_since"] = body.supply.value, at
            if body.supply is Supply.ON_MAINS:
                self._printing.unblocked(booth)

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
