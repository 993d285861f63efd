"""The coordinator beside a bare paho subscriber on the same broker, and a fleet's backlog drained by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import get_args

from hardware.rig import files
from tests.bench.process import memory
from tests.bench.result import Budget, Figure, at_least, at_most, paired
from tests.bench.stage import Broker, NotMeasured, Talker, broker, start
from tests.chaos.programs import Program, free_port, python

BOOTHS = 10


def coordinator(folder: Path, broker_port: int, booths: int) -> tuple[Program, int]:
    """A coordinator with an empty database, not started; and its console's port."""
    files.make_keys(folder / "keys")
    console = free_port()
    tables = {
        "coordinator": {"id": "bench", "data": folder / "data"},
        "broker": {"port": broker_port},
        "keys": {
            "seal_private": folder / "keys" / "seal.private",
            "command_private": folder / "keys" / "command.private",
        },
        "centre": {"url": f"http://127.0.0.1:{free_port()}"},
        "console": {"port": console},
        "booth": [{"id": f"bench-{number}"} for number in range(1, booths + 1)],
    }
    config = folder / "central.toml"
    config.write_text(files.toml(tables).lstrip(), encoding="utf-8")
    return Program("coordinator", python("central", str(config)), folder / "central.log", {}), console


def _publisher(port: int, booths: int, each: int, paced: str, judge: str) -> Talker:
    return Talker("tests.bench.publisher", str(port), str(booths), str(each), paced, judge)


def _bare(kind: Broker, folder: Path, each: int) -> float:
    """Events per second of the bare subscriber; the hellos before the start are counted, too."""
    port = free_port()
    program = start(broker(kind, folder, port), port)
    total = BOOTHS * (each + 1)
    subscriber = Talker("tests.bench.subscriber", str(port), str(total))
    try:
        subscriber.hear()
        publisher = _publisher(port, BOOTHS, each, "puback", "none")
        try:
            publisher.hear()
            publisher.say("go")
            times = publisher.hear()
            ended = float(subscriber.hear())
        finally:
            publisher.end()
    finally:
        subscriber.end()
        program.end()
    return BOOTHS * each / (ended - float(times["began"]))


def _central(kind: Broker, folder: Path, each: int) -> tuple[float, float]:
    """Events per second until the last acknowledgement after a commit; and how fast the broker took them."""
    port = free_port()
    program = start(broker(kind, folder, port), port)
    central, console = coordinator(folder, port, BOOTHS)
    try:
        start(central, console)
        publisher = _publisher(port, BOOTHS, each, "puback", "coordinator")
        try:
            publisher.hear()
            publisher.say("go")
            times = publisher.hear()
        finally:
            publisher.end()
    finally:
        central.end()
        program.end()
    _all_there(folder, BOOTHS * each)
    total = BOOTHS * each
    return total / (times["ended"] - times["began"]), total / (times["taken"] - times["began"])


def _all_there(folder: Path, expected: int) -> None:
    """What was acknowledged is in the database, or the figure means nothing."""
    with closing(sqlite3.connect(folder / "data" / "central.sqlite3")) as db:
        found = db.execute("SELECT count(*) FROM event WHERE refused = ''").fetchone()[0]
    if found != expected:
        raise NotMeasured(f"the coordinator acknowledged {expected} events, and its database holds {found}")


def measure(folder: Path, quick: bool) -> list[Figure]:
    """Both brokers; pairs in turn, everything fresh in each run."""
    figures = []
    each, rounds = (500, 1) if quick else (2_000, 3)
    for kind in get_args(Broker):
        pairs, offered = [], []
        for number in range(rounds):
            here = folder / f"{kind}-{number}"
            bare = _bare(kind, here / "bare", each) if number % 2 == 0 else 0.0
            ours, rate = _central(kind, here / "central", each)
            offered.append(rate)
            pairs.append((ours, bare or _bare(kind, here / "bare", each)))
        note = f"offered {min(offered):,.0f}/s"
        budget: Budget = at_least(0.7)
        figures.append(paired(f"coordinator ingest, committed and acknowledged ({kind})", "1/s", pairs, budget, note))
    return figures


def backlog(folder: Path, quick: bool) -> list[Figure]:
    """Many booths come back at once, each with a thousand events and its window of 20; memory on the way."""
    booths, each = (20, 200) if quick else (100, 1_000)
    ingest, _ = _central("embedded", folder / "ingest", 500 if quick else 2_000)
    here, port = folder / "backlog", free_port()
    program = start(broker("embedded", here, port), port)
    central, console = coordinator(here, port, booths)
    try:
        start(central, console)
        publisher = _publisher(port, booths, each, "ack", "coordinator")
        try:
            publisher.hear()
            publisher.say("go")
            publisher.hear()
            assert central.process is not None
            early = memory(central.process.pid).rss
            times = publisher.hear()
            late = memory(central.process.pid).rss
        finally:
            publisher.end()
    finally:
        central.end()
        program.end()
    _all_there(here, booths * each)
    rate = booths * each / (times["ended"] - times["began"])
    what = f"backlog of {booths * each:,} events from {booths} booths"
    return [
        Figure(f"{what}, drained", rate, "1/s", ingest, at_least(0.8)),
        Figure(f"{what}, coordinator's memory", late, "MiB", early, at_most(1.1, "ratio"), note="baseline: at a fifth"),
    ]
