"""A packet is acknowledged as whole only when all of it is kept and checked."""

from __future__ import annotations

from typing import cast

from central.adapters.centre import Centre
from central.adapters.views import StoreViews
from central.core.items import CentreAnswered
from central.runtime import perform
from tests.unit.central.booth import SEAL_PRIVATE, Booth, World, acks, packet

NAME = "aaaaaaaaaaaa-1"


def wanted(effects: object) -> int:
    return acks(effects)[0].packets[NAME]  # type: ignore[arg-type]


def test_a_packet_arrives_in_parts_and_is_whole_at_the_end(world: World, booth: Booth) -> None:
    data = packet(NAME)
    parts = booth.parts(NAME, data)
    assert wanted(world.give(booth.completed(NAME, data))) == 0
    assert wanted(world.give(parts[0])) == 1
    assert wanted(world.give(*parts[1:])) == len(parts)


def test_after_a_break_the_booth_is_told_where_to_go_on(world: World, booth: Booth) -> None:
    data = packet(NAME)
    world.give(booth.completed(NAME, data), *booth.parts(NAME, data)[:2])
    world.restart()
    assert wanted(world.give(booth.hello())) == 2


def test_parts_that_come_twice_or_out_of_order_do_no_harm(world: World, booth: Booth, views: StoreViews) -> None:
    data = packet(NAME)
    parts = booth.parts(NAME, data)
    world.give(booth.completed(NAME, data))
    assert wanted(world.give(parts[1], parts[0], parts[0])) == 1
    assert wanted(world.give(*parts)) == len(parts)
    assert wanted(world.give(parts[-1])) == len(parts)
    assert views.totals().dead_letters == 0


def test_a_packet_is_not_whole_before_its_recording_is_known(world: World, booth: Booth) -> None:
    data = packet(NAME)
    parts = booth.parts(NAME, data)
    assert wanted(world.give(*parts)) == len(parts) - 1
    assert wanted(world.give(booth.completed(NAME, data))) == len(parts)


def test_damaged_parts_are_asked_for_again(world: World, booth: Booth) -> None:
    data = packet(NAME)
    broken = bytes([data[0], data[1] ^ 1]) + data[2:]
    world.give(booth.completed(NAME, data))
    assert wanted(world.give(*booth.parts(NAME, broken))) == 0
    assert wanted(world.give(*booth.parts(NAME, data))) == len(booth.parts(NAME, data))


def test_a_packet_that_stays_damaged_is_kept_for_a_person_and_blocks_nothing(
    world: World, booth: Booth, views: StoreViews
) -> None:
    data = packet(NAME)
    broken = data[:-1] + bytes([data[-1] ^ 1])
    world.give(booth.completed(NAME, data))
    for _ in range(3):
        effects = world.give(*booth.parts(NAME, broken))
    assert wanted(effects) == len(booth.parts(NAME, data))
    (seen,) = views.encodings()
    assert seen.state == "ENROLL_FAILURE_AT_REGIONAL" and "SHA-256" in seen.error
    assert "it is kept" in views.dead_letters()[0].reason
    assert [call.method for call in world.calls] == ["LOOK"]
    call = world.calls.pop()
    answer = perform(call, world.store, cast(Centre, None), SEAL_PRIVATE)
    world.give(CentreAnswered(call.enrolment, answer))
    assert "photo.1" in views.encodings()[0].error and world.wait(3600.0).calls == []


def test_a_booth_cannot_write_into_the_packet_of_another(world: World, booth: Booth, views: StoreViews) -> None:
    data = packet(NAME)
    world.give(booth.completed(NAME, data))
    other = Booth("b2")
    world.give(*other.parts(NAME, data))
    assert "is of the booth b1" in views.dead_letters()[0].reason
    assert wanted(world.give(booth.hello())) == 0


