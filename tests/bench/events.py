"""Valid events of a booth's ordinary work, prebuilt: recordings that are cancelled, with the supply and the door."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from contract import messages
from contract.messages import KINDS, Message
from edge.runtime import uuid7


def bodies(epoch: str) -> Iterator[Message]:
    """One applicant after the other; twelve events each."""
    number = 0
    while True:
        number += 1
        name, nik = f"{epoch}-{number}", f"{3526010000000000 + number:016}"
        battery = number % 2 == 1
        yield messages.EnrolmentOpened(enrolment=name, nik=nik, kk="3526010101100001")
        yield messages.EnrolmentStarted(enrolment=name)
        for modality in messages.Modality:
            yield messages.AttemptMade(
                enrolment=name, modality=modality, attempt=1, accepted=True, quality={"one": 91.5, "two": 88.0}
            )
        yield messages.SupplyChanged(
            supply=messages.Supply.ON_BATTERY if battery else messages.Supply.ON_MAINS,
            mains_contact=not battery,
            input_v=228.0,
            battery_v=26.4,
            load_pct=31.0,
            charge_pct=80.0,
            ups_status="OB" if battery else "OL",
        )
        yield messages.DoorChanged(open=battery)
        yield messages.DeviceChanged(
            device="scanner",
            kind="scanner",
            state=messages.DeviceState.LOST if battery else messages.DeviceState.OK,
            error="the port was unplugged" if battery else "",
            remedy="Plug the scanner in again" if battery else "",
        )
        yield messages.EnrolmentCancelled(enrolment=name, reason="the applicant went away")


def events(epoch: str, count: int) -> list[bytes]:
    """`count` events from number 1 on, as the booth writes them."""
    made, wall = [], time.time()
    for seq, body in enumerate(bodies(epoch), start=1):
        head = (
            f'{{"v":{messages.VERSION},"epoch":"{epoch}","seq":{seq},"id":"{uuid7(wall)}","boot":"aabbccddeeff",'
            f'"time":"{datetime.fromtimestamp(wall, UTC).isoformat()}","kind":"{KINDS[type(body)]}","body":'
        )
        made.append(f"{head}{body.model_dump_json()}}}".encode())
        if seq >= count:
            return made
    raise AssertionError("the bodies never end")
