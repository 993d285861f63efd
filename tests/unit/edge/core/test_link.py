"""Outbox and packets: sent until the coordinator itself says that it has them."""

from __future__ import annotations

from contract.messages import DoorChanged
from edge.core import controller
from edge.core.commands import Command, DropBlob, Prune, SendEvents, SendHello, SendParts
from edge.core.events import Acked, Contact, ContactChanged, LinkDown, LinkUp, WokeUp
from edge.core.packets import Packet
from tests.unit.edge.core.booth import Booth

EPOCH = "aa11bb22cc33"


def sent(commands: list[Command]) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in commands if isinstance(one, SendEvents)]


def chatter(booth: Booth, events: int) -> list[Command]:
    commands: list[Command] = []
    for n in range(events):
        booth.see(ContactChanged(Contact.DOOR, n % 2 == 0))
        commands += booth.see(WokeUp(), 1.0)
    return commands


def test_after_a_reconnect_hello_comes_first_and_then_the_tail() -> None:
    booth = Booth()
    chatter(booth, 5)
    commands = booth.see(LinkUp(1))
    assert SendHello(1, 6) in commands and sent(commands) == [(1, 6)]
    assert not sent(booth.see(LinkDown(1, "")))
    assert sent(booth.see(LinkUp(2))) == [(1, 6)]


def test_at_most_the_window_is_in_flight() -> None:
    booth = Booth(window=20)
    chatter(booth, 50)
    assert sent(booth.see(LinkUp(1))) == [(1, 20)]
    assert sent(booth.see(Acked(EPOCH, 5, {}))) == [(21, 25)]


def test_only_the_coordinators_acknowledgement_prunes() -> None:
    booth = Booth()
    booth.see(LinkUp(1))
    assert not [command for command in chatter(booth, 5) if isinstance(command, Prune)]
    assert Prune(4) in booth.see(Acked(EPOCH, 4, {}))
    assert Prune(4) not in booth.see(Acked(EPOCH, 4, {}))


def test_an_acknowledgement_of_another_epoch_or_of_the_future_prunes_nothing() -> None:
    booth = Booth()
    chatter(booth, 5)
    booth.see(LinkUp(1))
    for ack in (Acked("other", 4, {}), Acked(EPOCH, 99, {}), Acked(EPOCH, 0, {})):
        assert not [command for command in booth.see(ack) if isinstance(command, Prune)]


def test_after_silence_the_unacknowledged_tail_goes_again_and_the_booth_sleeps_between() -> None:
    booth = Booth(resend_s=3.0)
    booth.see(LinkUp(1))
    chatter(booth, 3)
    booth.see(Acked(EPOCH, 2, {}))
    assert sent(booth.see(WokeUp(), 2.9)) == []
    assert sent(booth.see(WokeUp(), 0.2)) == [(3, 4)]
    due = controller.next_wakeup(booth.state)
    assert due is not None and due > booth.now


def test_numbers_go_on_after_a_restart_with_everything_acknowledged() -> None:
    booth = Booth()
    booth.see(LinkUp(1))
    chatter(booth, 3)
    booth.see(Acked(EPOCH, booth.last, {}))
    booth.outbox.clear()
    before = booth.last
    booth.power_cut()
    assert min(booth.outbox) == before + 1


def test_a_packet_goes_in_parts_resumes_where_the_coordinator_says_and_is_dropped_when_whole() -> None:
    booth = Booth()
    booth.rows["packet/p1"] = Packet(64 * 1024 * 9 + 1, 1)
    booth.power_cut()
    assert SendParts("p1", 0, 3) in booth.see(LinkUp(1))
    assert SendParts("p1", 7, 9) in booth.see(Acked(EPOCH, 0, {"p1": 7}))
    assert SendParts("p1", 8, 9) in [*booth.see(Acked(EPOCH, 0, {"p1": 8})), *booth.see(WokeUp(), 4.0)]
    assert DropBlob("p1") in booth.see(Acked(EPOCH, 0, {"p1": 10}))
    assert "packet/p1" not in booth.rows


def test_damaged_parts_are_sent_again_from_the_beginning() -> None:
    booth = Booth()
    booth.rows["packet/p1"] = Packet(64 * 1024 * 2, 1)
    booth.power_cut()
    booth.see(LinkUp(1))
    booth.see(Acked(EPOCH, 0, {"p1": 1}))
    assert SendParts("p1", 0, 1) in booth.see(Acked(EPOCH, 0, {"p1": 0}))


def test_a_bouncing_door_is_told_once() -> None:
    booth = Booth()
    booth.see(ContactChanged(Contact.DOOR, False))
    for n in range(20):
        booth.see(ContactChanged(Contact.DOOR, n % 2 == 0), 0.005)
    booth.see(ContactChanged(Contact.DOOR, True), 0.005)
    booth.see(WokeUp(), 1.0)
    assert [body.open for body in booth.heard(DoorChanged)] == [False, True]
