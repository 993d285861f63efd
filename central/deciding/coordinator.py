"""The coordinator's decisions: a batch of items becomes one transaction and the effects that follow its commit.

No clock, no thread, no socket: `now` (monotonic seconds) and `wall` are arguments, so that a simulation drives it with
virtual time. When `handle` raises, nothing was committed and nothing may be acknowledged; the same items can be given
again. A new Coordinator on the same store goes on where the last commit left it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from central.adapters import store_desk, store_ingest, store_work
from central.adapters.store import Store
from central.core import encoding, nik, print_queue
from central.core.items import (
    BundleTaken,
    CentreAnswered,
    CentreCall,
    CentreHealth,
    Effects,
    Identify,
    Item,
    LinkUp,
    NikAnswered,
    PowerAsked,
    Publish,
    Received,
    Settle,
)
from central.deciding.commands import Commands
from central.deciding.desk import Desk
from central.deciding.ingest import Ingest
from central.deciding.packets import Packets
from central.deciding.power import Power
from central.deciding.printing import Printing
from central.deciding.turn import Settings, Turn
from contract import topics
from contract.messages import Ack


class Coordinator:
    """Holds only what can be forgotten: when a command was last published, which calls are under way."""

    def __init__(self, store: Store, settings: Settings, now: float, wall: datetime) -> None:
        self._store = store
        self._settings = settings
        self._sent: dict[str, float] = {}
        self._calling: set[str] = set()
        self._asking: set[str] = set()
        self._repeat_at: float | None = now
        self._encode_at: float | None = wall.timestamp()
        self._ask_at: float | None = wall.timestamp()
        self._later_at: float | None = wall.timestamp()
        with store.write() as connection:
            store_ingest.list_booths(connection, settings.listed)
            store_work.call_again(connection, wall.timestamp())
            store_desk.ask_again(connection, wall.timestamp())

    def next_wakeup(self, now: float, wall: datetime) -> float | None:
        """Monotonic time at which `handle` wants to be called without items; None: only when something comes."""
        at = wall.timestamp()
        moments = [moment for moment in (self._encode_at, self._ask_at, self._later_at) if moment is not None]
        # A millisecond late rather than a rounding error early, which would be woken for nothing again and again.
        times = [now if moment <= at else now + (moment - at) + 0.001 for moment in moments]
        if self._repeat_at is not None:
            times.append(self._repeat_at)
        return min(times, default=None)

    def handle(self, items: Sequence[Item], now: float, wall: datetime) -> Effects:
        """One turn. Raises StoreTrouble when the database cannot be written now."""
        try:
            with self._store.write() as connection:
                turn = Turn(connection, self._settings, now, wall.timestamp())
                self._decide(turn, items)
        except BaseException:
            self._forget(now, wall)
            raise
        turn.effects.pubacks = [
            (item.generation, item.mid) for item in items if isinstance(item, Received) and item.qos == 1
        ]
        return turn.effects

    def _forget(self, now: float, wall: datetime) -> None:
        """The turn was rolled back: look at everything again."""
        self._sent.clear()
        self._calling.clear()
        self._asking.clear()
        self._repeat_at, self._encode_at, self._later_at = now, wall.timestamp(), wall.timestamp()
        self._ask_at = wall.timestamp()

    def _decide(self, turn: Turn, items: Sequence[Item]) -> None:
        packets, commands = Packets(turn), Commands(turn, self._sent)
        printing, power, desk = Printing(turn, commands), Power(turn, commands), Desk(turn, commands)
        ingest = Ingest(turn, packets, printing, power, desk)
        messages: list[Received] = []
        others: list[Item] = []
        for item in items:
            if isinstance(item, Received):
                messages.append(item)
            elif isinstance(item, LinkUp):
                ingest.take(messages)
                messages.clear()
                turn.flush_booths()
                for booth in store_ingest.all_offline(turn.connection):
                    turn.touch(booth)
            else:
                others.append(item)
        ingest.take(messages)
        self._others(turn, printing, power, desk, others)
        for item in others:
            if isinstance(item, BundleTaken):
                store_desk.save_key(turn.connection, item.booth, item.epoch, item.key, turn.at)
                ingest.exported(item.booth, item.epoch, item.first)
                turn.effects.replies.append((item.reply, None))
        self._acknowledge(turn, ingest)
        self._encode(turn)
        self._ask(turn, desk)
        turn.flush()
        self._print(turn, printing, commands)
        turn.flush()

    def _others(self, turn: Turn, printing: Printing, power: Power, desk: Desk, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item, Settle):
                turn.effects.replies.append((item.reply, printing.settle(item)))
            elif isinstance(item, Identify):
                turn.effects.replies.append((item.reply, power.identify(item)))
            elif isinstance(item, PowerAsked):
                turn.effects.replies.append((item.reply, power.asked(item)))
            elif isinstance(item, CentreHealth):
                store_ingest.set_fact(turn.connection, "centre_up", "1" if item.up else "", turn.at)
                turn.effects.changed.add("booths")
            elif isinstance(item, CentreAnswered):
                self._answered(turn, printing, desk, item)
            elif isinstance(item, NikAnswered):
                self._asking.discard(item.enrolment)
                turn.asking = True
                desk.answered(item)

    def _acknowledge(self, turn: Turn, ingest: Ingest) -> None:
        for (booth, epoch), seq in ingest.acknowledged().items():
            ack = Ack(epoch=epoch, seq=seq, packets=turn.wanted[booth, epoch])
            topic = topics.of(booth, topics.ACK)
            turn.effects.publishes.append(
                Publish(topic, ack.model_dump_json().encode(), topics.ACK.qos, topics.ACK.retain)
            )
        ingest.save()

    def _answered(self, turn: Turn, printing: Printing, desk: Desk, item: CentreAnswered) -> None:
        self._calling.discard(item.enrolment)
        turn.encoding = True
        found = store_work.encoding(turn.connection, item.enrolment)
        if found is None or found.next_try is None:
            if found is not None and found.state == encoding.BAD_PACKET and item.answer.bad:
                self._looked(turn, found, item.answer.bad)
            return
        if item.answer.nik_said is not None:
            desk.learned(found.enrolment, found.booth, item.answer.nik_said)
        moved = encoding.answered(found, item.answer, turn.at, self._settings.jitter())
        store_work.save_encoding(turn.connection, moved)
        turn.effects.changed.update(("print", "booths"))
        if item.answer.bad:
            turn.dead(f"packet {found.packet} of {found.booth}", item.answer.bad, b"")
        elif not item.answer.refused:
            up = "" if item.answer.error else "1"
            store_ingest.set_fact(turn.connection, "centre_up", up, turn.at)
        if moved.state == encoding.READY:
            printing.create(moved)
            store_work.drop_parts(turn.connection, moved.packet)

    def _looked(self, turn: Turn, found: encoding.Encoding, reason: str) -> None:
        """Which entry of a damaged packet was altered."""
        store_work.save_encoding(turn.connection, encoding.damaged(found, reason, turn.at))
        turn.dead(f"packet {found.packet} of {found.booth}", reason, b"")
        turn.effects.changed.add("print")

    def _encode(self, turn: Turn) -> None:
        """Commit and make the calls to the centre that are due."""
        if not turn.encoding and (self._encode_at is None or turn.at < self._encode_at):
            return
        room = self._settings.calls - len(self._calling)
        if room > 0:
            for due in store_work.due_encodings(turn.connection, turn.at, room):
                method = encoding.method(due)
                called = encoding.calling(due, turn.at)
                store_work.save_encoding(turn.connection, called)
                self._calling.add(due.enrolment)
                turn.effects.calls.append(CentreCall(due.enrolment, due.packet, due.booth, method))
                turn.effects.changed.add("print")
        # With no room the next answer looks again; a call that is never answered is due again after its lease.
        self._encode_at = store_work.next_encoding(turn.connection)
        if len(self._calling) >= self._settings.calls and self._encode_at is not None:
            self._encode_at = max(self._encode_at, turn.at + 1.0)

    def _ask(self, turn: Turn, desk: Desk) -> None:
        """Commit and put the questions about NIKs that are due."""
        if not turn.asking and (self._ask_at is None or turn.at < self._ask_at):
            return
        room = nik.CALLS - len(self._asking)
        if room > 0:
            due = desk.due(room)
            self._asking.update(call.enrolment for call in due)
            turn.effects.asks += due
        self._ask_at = store_desk.next_question(turn.connection)
        if len(self._asking) >= nik.CALLS and self._ask_at is not None:
            self._ask_at = max(self._ask_at, turn.at + 1.0)

    def _print(self, turn: Turn, printing: Printing, commands: Commands) -> None:
        """Back-offs that are over, jobs for free printers, commands that nobody has answered."""
        later = self._later_at is not None and turn.at >= self._later_at
        if later:
            turn.printers.update(store_work.later_booths(turn.connection, turn.at))
        dirty = bool(turn.printers) or later
        if (self._repeat_at is not None and turn.now >= self._repeat_at) or turn.resend:
            self._repeat_at = commands.repeat(printing.given_up)
            dirty = dirty or bool(turn.printers)
        printing.dispatch()
        if commands.published:
            soon = turn.now + print_queue.RESEND_S
            self._repeat_at = soon if self._repeat_at is None else min(self._repeat_at, soon)
        if dirty:
            self._later_at = store_work.next_later(turn.connection, turn.at)
