"""The console with an invented coordinator, to look at its pages: `python -m tests.tools.console_demo [PORT]`."""

from __future__ import annotations

import itertools
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from central.console.app import ConsoleSettings
from central.console.server import Server
from central.core.views import DeadLetterView, EncodingView
from contract.messages import (
    AttemptMade,
    BoothStarted,
    DeviceChanged,
    DeviceState,
    DoorChanged,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    Modality,
    PrintChanged,
    PrintState,
    Supply,
    SupplyChanged,
)
from tests.tools.console_world import BOOTH, World, a_job, calm_booth

MAINS = SupplyChanged(supply=Supply.ON_MAINS, mains_contact=True, input_v=227.0, load_pct=34, charge_pct=81)
BATTERY = SupplyChanged(supply=Supply.ON_BATTERY, mains_contact=False, input_v=0.0, load_pct=36, charge_pct=87)
JAM = DeviceChanged(
    device="printer",
    kind="evolis",
    state=DeviceState.FAULT,
    reasons=("media-jam-error",),
    error="a card is jammed",
    remedy="Open the cover, take the jammed card out, close it.",
)


def troubled_world() -> World:
    """Three booths: one in an outage with a jammed printer, one offline, one calm; something of everything."""
    world = World(centre_up=True)
    now = datetime.now(UTC)
    world.boards[BOOTH] = calm_booth()
    world.boards["bangkalan-2"] = calm_booth(
        "bangkalan-2", "Loket 2, MPP Bangkalan", printing="job-3c00aa41b7d2-16", waiting=0
    )
    world.boards["kamal-1"] = calm_booth(
        "kamal-1",
        "Loket Kecamatan Kamal",
        online=False,
        worst="problem",
        last_heard=now - timedelta(minutes=42),
        figures_at=now - timedelta(minutes=42),
        waiting=0,
    )
    first = "3c00aa41b7d2-17"
    for ago, body in (
        (86000, BoothStarted(version="0.1.0")),
        (85990, MAINS),
        (61000, BATTERY),
        (56500, MAINS),
        (20100, DoorChanged(open=True)),
        (20050, DoorChanged(open=False)),
        (9000, BATTERY),
        (8200, MAINS),
        (420, EnrolmentOpened(enrolment=first, nik="3526015708990001", kk="3526012004110007")),
        (400, EnrolmentStarted(enrolment=first)),
        (390, AttemptMade(enrolment=first, modality=Modality.PHOTO, attempt=1, accepted=True, quality={"Face": 93})),
        (371, AttemptMade(enrolment=first, modality=Modality.SIGNATURE, attempt=1, accepted=True)),
        (
            352,
            AttemptMade(
                enrolment=first,
                modality=Modality.RIGHT_FOUR,
                attempt=1,
                accepted=False,
                quality={"Right RingFinger": 31, "Right IndexFinger": 77},
                reason="below 40: Right RingFinger",
            ),
        ),
        (
            340,
            AttemptMade(
                enrolment=first, modality=Modality.RIGHT_FOUR, attempt=2, accepted=True, quality={"Right Ring": 58}
            ),
        ),
        (300, EnrolmentCompleted(enrolment=first, packet=first, size=231_400, parts=4, sha256="0" * 64)),
        (200, PrintChanged(job=f"job-{first}", attempt=1, state=PrintState.ACCEPTED)),
        (190, PrintChanged(job=f"job-{first}", attempt=1, state=PrintState.PRINTING, counter_before=1482)),
        (150, JAM),
        (149, PrintChanged(job=f"job-{first}", attempt=1, state=PrintState.UNCERTAIN, cause="media-jam")),
        (95, BATTERY),
    ):
        world.happen(body, ago=ago)
    figures = world.boards[BOOTH].figures | {"input.voltage": 0.0, "battery.charge": 87.0, "ups.status": "OB"}
    world.boards[BOOTH] = replace(
        world.boards[BOOTH], worst="problem", uncertain=1, figures=figures, last_heard=now, figures_at=now
    )
    jobs = (
        a_job(
            f"job-{first}",
            "processing-stopped",
            why="the power failed, the program was ended, or the printer fell silent",
        ),
        a_job("job-3c00aa41b7d2-16", "processing", booth="bangkalan-2"),
        a_job("job-3c00aa41b7d2-15", why="mains are out: a card is not begun on battery"),
        a_job("job-3c00aa41b7d2-9", why="the card printer needs a person", attempt=2, due=now - timedelta(minutes=4)),
        *(a_job(f"job-3c00aa41b7d2-{n}", "completed") for n in range(1, 9)),
    )
    world.jobs = {job.job: job for job in jobs}
    world.sent = [
        EncodingView(first, BOOTH, "PRINT_READY_RECORD", now, now, 1, None, ""),
        EncodingView("3c00aa41b7d2-18", BOOTH, "SENT_FOR_ENROLLMENT", now, now, 4, now + timedelta(seconds=32), "503"),
        EncodingView("3c00aa41b7d2-14", BOOTH, "DUPLICATE_RECORD", now, now, 1, None, "NIK is recorded already"),
    ]
    payload = b'{"v":1,"epoch":"3c00aa41b7d2","seq":41,"kind":"lamp.changed"\x00<script>alert(1)</script>'
    world.letters = [
        DeadLetterView(1, now, f"loket/v1/{BOOTH}/up/event", "the kind 'lamp.changed' is not known", payload)
    ]
    return world


def calm_world() -> World:
    """One booth with nothing wrong."""
    world = World()
    world.boards[BOOTH] = calm_booth()
    world.happen(MAINS, ago=4000)
    return world


def main(port: int) -> None:
    """Serve until Ctrl-C; mains come and go every few seconds."""
    world = troubled_world()
    server = Server(world, world, world, ConsoleSettings(port=port))
    server.start()
    print(f"console {server.address}", flush=True)
    waiting = threading.Event()
    try:
        for body in itertools.cycle((MAINS, BATTERY)):
            waiting.wait(6)
            world.happen(body)
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
