"""Messages of booths: checked, counted once, applied in order; what cannot be accepted becomes a dead letter.

The rule of the prefix: events of one (booth, epoch) are applied in the order of their numbers and only when all before
them are here. A hole is waited for; it is closed as lost only when the booth itself says that it no longer holds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from central.adapters import store_ingest
from central.core.items import Received
from central.deciding.desk import Desk
from central.deciding.incoming import Incoming, read_event, reason_of
from central.deciding.packets import Packets
from central.deciding.power import Power
from central.deciding.printing import Printing
from central.deciding.projection import Projection
from central.deciding.turn import Turn
from contract import topics
from contract.messages import BoothState, Hello, Info, Telemetry
from contract.topics import Topic

_TELEMETRY: TypeAdapter[Telemetry] = TypeAdapter(Telemetry)
#: More figures than this are no telemetry of a booth.
_FIGURES = 200


@dataclass(slots=True)
class Stream:
    """One epoch of one booth during a turn."""

    booth: str
    epoch: str
    prefix: int = 0
    highest: int = 0
    opened: float = 0.0
    begun: int = 0
    """`highest` in the database when the turn began."""
    fresh: bool = True
    """Not in the database yet."""
    rows: dict[int, Incoming] = field(default_factory=dict)
    """New in this turn."""
    known: dict[int, store_ingest.StoredEvent] = field(default_factory=dict)
    """In the database already and sent again."""
    waiting: dict[int, Incoming] = field(default_factory=dict)
    """Stored here, waits for earlier ones."""


_Work = tuple[Topic, str, str, Received, Any]


@lru_cache(maxsize=20_000)
def _parse(topic: str) -> tuple[str, Topic, str | None] | None:
    return topics.parse(topic)


class Ingest:
    """The messages of one turn."""

    def __init__(self, turn: Turn, packets: Packets, printing: Printing, power: Power, desk: Desk) -> None:
        self._turn = turn
        self._packets = packets
        self._printing = printing
        self._power = power
        self._desk = desk
        self._projection = Projection(turn, packets, printing, power, desk)
        self._streams: dict[tuple[str, str], Stream] = {}

    def take(self, messages: Iterable[Received]) -> None:
        """All messages of the turn, in receipt order."""
        work = [item for message in messages if (item := self._read(message)) is not None]
        if not work:
            return
        self._turn.load({item[1] for item in work})
        self._load(work)
        for topic, booth, epoch, message, content in work:
            self._turn.booth(booth)["last_heard"] = self._turn.at
            if topic is topics.EVENT:
                self._event(self._stream(booth, epoch), message, content)
            elif topic is topics.PACKET:
                self._packets.part(booth, epoch, message)
            elif topic is topics.HELLO:
                self._hello(self._stream(booth, epoch), content)
            elif topic is topics.TELEMETRY:
                self._telemetry(booth, content)
            elif topic is topics.STATE:
                self._state(booth, content)
            else:
                self._info(booth, content)

    def exported(self, booth: str, epoch: str, first: int) -> None:
        """A signed export says what the booth holds: what is before `first` and not here is lost.

        A memory that is first heard of this way may be an earlier one than the booth's present, and its clock proves
        nothing: it counts as the oldest (0) until the booth itself says hello with it.
        """
        self._turn.load([booth])
        self._load_streams([booth])
        unheard = (booth, epoch) not in self._streams
        stream = self._stream(booth, epoch)
        stream.fresh = False
        if unheard:
            stream.opened = 0.0
        if first > stream.prefix + 1:
            self._lost(stream, first)

    def acknowledged(self) -> dict[tuple[str, str], int]:
        """Prefix of every stream that is to be acknowledged."""
        for booth, epoch in self._turn.wanted:
            if (booth, epoch) not in self._streams:
                self._load_streams([booth])
                self._stream(booth, epoch)
        return {key: self._streams[key].prefix for key in self._turn.wanted}

    def save(self) -> None:
        """Write events and numbers."""
        rows, numbers = [], []
        for stream in self._streams.values():
            rows += [
                {
                    "booth": stream.booth,
                    "epoch": stream.epoch,
                    "seq": row.seq,
                    "id": row.id,
                    "kind": row.kind,
                    "time": row.time,
                    "received": self._turn.at,
                    "payload": row.payload,
                    "refused": row.refused,
                }
                for row in stream.rows.values()
            ]
            if not stream.fresh or stream.highest or stream.prefix:
                numbers.append(
                    {
                        "booth": stream.booth,
                        "epoch": stream.epoch,
                        "prefix": stream.prefix,
                        "highest": stream.highest,
                        "opened": stream.opened,
                    }
                )
        store_ingest.save_events(self._turn.connection, rows)
        store_ingest.save_streams(self._turn.connection, numbers)

    # --- reading ---------------------------------------------------------------------------------------

    def _read(self, message: Received) -> _Work | None:
        """Topic, booth, epoch (or packet), message, content; None when it became a dead letter."""
        parsed = _parse(message.topic)
        if parsed is None:
            self._turn.dead(message.topic, "not a topic of a booth", message.payload)
            return None
        booth, topic, item = parsed
        settings = self._turn.settings
        if booth not in settings.listed and not settings.accept_unknown:
            self._turn.dead(
                message.topic,
                f"the booth {booth} is not listed in the coordinator's configuration: add a [[booth]] for it",
                message.payload,
            )
            return None
        if topic is topics.EVENT:
            read = read_event(message.payload)
            if isinstance(read, str):
                self._turn.dead(message.topic, read, message.payload)
                return None
            return topic, booth, read[0], message, read[1]
        if topic is topics.PACKET:
            return topic, booth, item or "", message, None
        return self._read_other(topic, booth, message)

    def _read_other(self, topic: Topic, booth: str, message: Received) -> _Work | None:
        content: Any
        try:
            if topic is topics.HELLO:
                content = Hello.model_validate_json(message.payload)
                if content.first > content.last + 1:
                    self._turn.dead(message.topic, "first is beyond last + 1", message.payload)
                    return None
                return topic, booth, content.epoch, message, content
            if topic is topics.TELEMETRY:
                content = _TELEMETRY.validate_json(message.payload)
                if len(content) > _FIGURES:
                    self._turn.dead(message.topic, f"more than {_FIGURES} figures", message.payload)
                    return None
            elif topic is topics.STATE:
                content = BoothState.model_validate_json(message.payload)
            elif topic is topics.INFO:
                content = Info.model_validate_json(message.payload)
            else:
                self._turn.dead(message.topic, "not a topic that a booth speaks on", message.payload)
                return None
        except ValidationError as error:
            self._turn.dead(message.topic, f"not a message of {topic.leaf}: {reason_of(error)}", message.payload)
            return None
        return topic, booth, "", message, content

    def _load(self, work: list[_Work]) -> None:
        """Numbers of all streams, and the stored events that are sent again, with few queries."""
        self._load_streams({item[1] for item in work})
        again: dict[tuple[str, str], set[int]] = {}
        for topic, booth, epoch, _, content in work:
            if topic is topics.EVENT and content.seq <= self._stream(booth, epoch).begun:
                again.setdefault((booth, epoch), set()).add(content.seq)
        for (booth, epoch), seqs in again.items():
            stream = self._streams[booth, epoch]
            stream.known.update(store_ingest.stored(self._turn.connection, booth, epoch, seqs))

    def _load_streams(self, booths: Iterable[str]) -> None:
        for key, row in store_ingest.streams(self._turn.connection, list(booths)).items():
            if key in self._streams:
                continue
            stream = Stream(*key, row.prefix, row.highest, row.opened, row.highest, fresh=False)
            if row.highest > row.prefix:
                for seq, event in store_ingest.beyond(self._turn.connection, *key, row.prefix).items():
                    read = read_event(event.payload.encode())
                    if not isinstance(read, str):
                        stream.waiting[seq] = read[1]
            self._streams[key] = stream

    def _stream(self, booth: str, epoch: str) -> Stream:
        stream = self._streams.get((booth, epoch))
        if stream is None:
            stream = self._streams[booth, epoch] = Stream(booth, epoch, opened=self._turn.at)
        return stream

    # --- events ----------------------------------------------------------------------------------------

    def _event(self, stream: Stream, message: Received, event: Incoming) -> None:
        self._turn.wanted.setdefault((stream.booth, stream.epoch), {})
        if stream.epoch != self._turn.booth(stream.booth)["epoch"]:
            self._told_by(stream)
        present = stream.rows.get(event.seq) or stream.known.get(event.seq)
        if present is not None:
            if not _same(present, event):
                reason = f"another event has the number {event.seq} of {stream.epoch} already: {present.id}"
                self._turn.dead(message.topic, reason, message.payload)
            return
        stream.rows[event.seq] = event
        stream.highest = max(stream.highest, event.seq)
        if event.refused:
            self._turn.dead(message.topic, event.refused, message.payload)
        if event.seq == stream.prefix + 1:
            stream.prefix = event.seq
            self._projection.apply(stream.booth, stream.epoch, event)
            if stream.waiting:
                self._advance(stream)
        elif event.seq > stream.prefix:
            stream.waiting[event.seq] = event
        else:
            store_ingest.found_again(self._turn.connection, stream.booth, stream.epoch, event.seq)
            self._projection.apply(stream.booth, stream.epoch, event, late=True)

    def _advance(self, stream: Stream) -> None:
        while (event := stream.waiting.pop(stream.prefix + 1, None)) is not None:
            stream.prefix = event.seq
            self._projection.apply(stream.booth, stream.epoch, event)

    # --- the other messages ----------------------------------------------------------------------------

    def _hello(self, stream: Stream, hello: Hello) -> None:
        turn, booth = self._turn, stream.booth
        row = turn.booth(booth)
        turn.wanted.setdefault((booth, stream.epoch), {})
        if hello.first > stream.prefix + 1:
            self._lost(stream, hello.first)
        stream.opened = stream.opened or turn.at
        if stream.epoch != row["epoch"]:
            current = self._streams.get((booth, row["epoch"]))
            if current is not None and current.opened > stream.opened:
                return
            self._remembers(stream)
            stream.highest = max(stream.highest, stream.prefix)
            stream.fresh = False
        self._runs(row, hello.boot)
        row["online"] = True
        for packet in self._packets.unfinished(booth):
            turn.want(booth, packet.packet, min(packet.wanted, packet.parts - 1))
        turn.resend.add(booth)
        turn.printers.add(booth)
        turn.touch(booth)

    def _told_by(self, stream: Stream) -> None:
        """An event shows the memory too (the hello may have been missed); one of an older memory shows nothing."""
        current = self._streams.get((stream.booth, self._turn.booth(stream.booth)["epoch"]))
        if current is None or current.opened < stream.opened:
            self._remembers(stream)

    def _remembers(self, stream: Stream) -> None:
        """The booth has this memory now."""
        row = self._turn.booth(stream.booth)
        if row["epoch"]:
            self._printing.memory_replaced(stream.booth)
            self._power.memory_replaced(stream.booth)
            self._desk.memory_replaced(stream.booth)
        row["epoch"] = stream.epoch
        self._turn.touch(stream.booth)

    def _lost(self, stream: Stream, first: int) -> None:
        """The booth holds nothing before `first` any more: what is missing of it is lost for ever."""
        there = sorted(seq for seq in stream.waiting if seq < first)
        row = {
            "booth": stream.booth,
            "epoch": stream.epoch,
            "first": stream.prefix + 1,
            "last": first - 1,
            "lost": first - 1 - stream.prefix - len(there),
            "seen": self._turn.at,
        }
        store_ingest.save_gaps(self._turn.connection, [row])
        for seq in there:
            self._projection.apply(stream.booth, stream.epoch, stream.waiting.pop(seq))
        stream.prefix = first - 1
        stream.highest = max(stream.highest, stream.prefix)
        self._advance(stream)

    def _telemetry(self, booth: str, figures: Telemetry) -> None:
        row = self._turn.booth(booth)
        if figures.get("may.print") == "" and json.loads(row["figures"]).get("may.print"):
            self._printing.unblocked(booth)
        row["figures"] = json.dumps(figures)
        row["figures_at"] = self._turn.at
        if not row["restarted"]:
            row["told"] = max(row["told"] or 0.0, self._turn.at)
        self._online(booth)
        self._turn.touch(booth)

    def _runs(self, row: dict[str, Any], boot: str) -> None:
        """The start that this booth's words come from."""
        if boot == "unknown" or boot == row["boot"]:
            return
        row["restarted"] = bool(row["boot"])
        row["boot"] = boot

    def _online(self, booth: str) -> None:
        row = self._turn.booth(booth)
        if not row["online"]:
            row["online"] = True
            self._turn.printers.add(booth)
            self._turn.resend.add(booth)

    def _state(self, booth: str, state: BoothState) -> None:
        row = self._turn.booth(booth)
        online = state.state == "online"
        if not online and row["online"] and "unknown" not in (state.boot, row["boot"]) and row["boot"] != state.boot:
            return  # The last will of a program that has been started again since.
        if online:
            self._online(booth)
            self._runs(row, state.boot)
        row["online"] = online
        self._turn.touch(booth)
        self._turn.effects.changed.add("print")

    def _info(self, booth: str, info: Info) -> None:
        row = self._turn.booth(booth)
        row["version"] = info.version
        self._runs(row, info.boot)
        if not row["listed"]:
            row["name"] = info.name
        self._turn.touch(booth)


def _same(present: Incoming | store_ingest.StoredEvent, event: Incoming) -> bool:
    """Whether it is the same event sent again, even if its JSON is written in another way."""
    if present.payload == event.payload:
        return True
    if present.id != event.id or present.refused or event.refused:
        return False
    return bool(json.loads(present.payload)["body"] == json.loads(event.payload)["body"])
