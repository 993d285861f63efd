"""What booths say is counted once, in order, and never silently dropped."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from central.adapters.store import Store
from central.adapters.views import StoreViews
from central.core.items import LinkUp, Received
from contract import messages, topics
from contract.messages import DeviceState, Supply
from tests.unit.central.booth import KK, NIK, Booth, World, acks
from tests.unit.central.booth import settings as chosen


def supply(state: Supply) -> messages.SupplyChanged:
    return messages.SupplyChanged(supply=state, mains_contact=state is Supply.ON_MAINS)


def test_events_are_acknowledged_up_to_the_last_one_without_a_hole(world: World, booth: Booth) -> None:
    one, two, three = (booth.event(messages.DoorChanged(open=bool(n % 2))) for n in range(3))
    assert acks(world.give(one, three))[0].seq == 1
    assert acks(world.give(two))[0].seq == 3


def test_events_behind_a_hole_are_shown_only_when_the_hole_is_filled(
    world: World, booth: Booth, views: StoreViews
) -> None:
    closed, opened = booth.event(messages.DoorChanged(open=False)), booth.event(messages.DoorChanged(open=True))
    world.give(opened)
    world.restart()
    seen = views.booth("b1")
    assert seen is not None and seen.door_open is None
    world.give(closed)
    seen = views.booth("b1")
    assert seen is not None and seen.door_open is True


def test_an_event_that_comes_twice_counts_once(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.event(supply(Supply.ON_MAINS)))
    effects = world.give(booth.again(1), booth.again(1))
    assert acks(effects)[0].seq == 1
    assert [entry.seq for entry in views.timeline("b1")] == [1]
    assert views.totals().dead_letters == 0


def test_the_same_event_written_in_another_way_is_still_the_same(
    world: World, booth: Booth, views: StoreViews
) -> None:
    first = booth.event(supply(Supply.ON_MAINS))
    world.give(first)
    other = json.dumps(json.loads(first.payload), indent=1).encode()
    world.give(first._replace(payload=other))
    assert views.totals().dead_letters == 0


def test_another_event_with_a_used_number_is_kept_as_a_dead_letter(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.give(booth.event(supply(Supply.ON_MAINS)))
    other = json.loads(booth.sent[1]) | {"id": "another"}
    effects = world.give(booth.message(topics.EVENT, json.dumps(other).encode()))
    assert effects.pubacks and acks(effects)[0].seq == 1
    (letter,) = views.dead_letters()
    assert "has the number 1" in letter.reason
    assert [entry.id for entry in views.timeline("b1")] == ["b1-aaaaaaaaaaaa-1"]


def test_an_event_of_an_unknown_kind_is_parked_and_does_not_block_the_next(
    world: World, booth: Booth, views: StoreViews
) -> None:
    strange = json.loads(booth.event(messages.DoorChanged(open=True)).payload) | {"kind": "moon.rose"}
    effects = world.give(booth.message(topics.EVENT, json.dumps(strange).encode()))
    assert acks(effects)[0].seq == 1
    world.give(booth.event(messages.DoorChanged(open=True)))
    seen = views.booth("b1")
    assert seen is not None and seen.door_open is True
    assert "moon.rose" in views.dead_letters()[0].reason


def test_an_event_whose_body_or_envelope_does_not_fit_is_parked_and_counted(
    world: World, booth: Booth, views: StoreViews
) -> None:
    good = json.loads(booth.event(messages.DoorChanged(open=True)).payload)
    bodies = [good | {"body": {"open": "perhaps"}}, good | {"seq": 2, "time": "yesterday"}, good | {"seq": 3, "v": 9}]
    effects = world.give(*(booth.message(topics.EVENT, json.dumps(body).encode()) for body in bodies))
    assert acks(effects)[0].seq == 3
    assert views.totals().dead_letters == 3
    assert views.timeline("b1") == ()


def test_a_message_repeated_for_ever_is_one_dead_letter_that_tells_how_often(
    world: World, booth: Booth, views: StoreViews
) -> None:
    for _ in range(5):
        world.give(booth.message(topics.EVENT, b"\xff not json"))
    (letter,) = views.dead_letters()
    assert letter.payload == b"\xff not json" and "5 times" in letter.reason


def test_a_booth_that_is_not_listed_is_parked_with_what_to_do_unless_the_settings_take_it(world: World) -> None:
    stranger = Booth("b9")
    world.give(stranger.event(messages.DoorChanged(open=True)))
    views = StoreViews(world.store, lambda: world.wall)
    assert "add a [[booth]]" in views.dead_letters()[0].reason
    open_world = World(Store.memory(), chosen("b1", accept_unknown=True))
    open_world.give(stranger.again(1))
    seen = StoreViews(open_world.store, lambda: open_world.wall).booth("b9")
    assert seen is not None and seen.door_open is True


def test_a_hello_that_no_longer_holds_what_is_missing_shows_the_loss_and_goes_on(
    world: World, booth: Booth, views: StoreViews
) -> None:
    events = [booth.event(messages.DoorChanged(open=bool(n % 2))) for n in range(6)]
    world.give(events[0], events[3])
    effects = world.give(booth.hello(first=5, last=6))
    assert acks(effects)[0].seq == 4
    seen = views.booth("b1")
    assert seen is not None and seen.lost == 2 and seen.worst == "problem"
    assert views.totals().lost == 2
    assert acks(world.give(*events[4:]))[0].seq == 6
    world.give(booth.hello(first=5, last=6))
    assert views.totals().lost == 2


def test_a_hello_of_a_booth_that_holds_all_that_is_missing_loses_nothing(
    world: World, booth: Booth, views: StoreViews
) -> None:
    events = [booth.event(messages.DoorChanged(open=True)) for _ in range(5)]
    world.give(events[0], booth.hello(first=2, last=5), *events[1:])
    assert views.totals().lost == 0
    assert acks(world.give(booth.hello()))[0].seq == 5


def test_an_event_that_was_given_up_and_comes_after_all_is_no_longer_lost(
    world: World, booth: Booth, views: StoreViews
) -> None:
    events = [booth.event(messages.DoorChanged(open=True)) for _ in range(3)]
    world.give(booth.hello(first=4, last=3))
    assert views.totals().lost == 3
    world.give(events[1])
    assert views.totals().lost == 2
    assert [entry.seq for entry in views.timeline("b1")] == [2]


def test_a_new_memory_of_a_booth_counts_from_one_again(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.hello(), booth.event(messages.DoorChanged(open=True)))
    world.pass_time(60)
    fresh = Booth("b1", epoch="bbbbbbbbbbbb", boot="boot-2")
    effects = world.give(fresh.hello(), fresh.event(messages.DoorChanged(open=False)))
    assert [(ack.epoch, ack.seq) for ack in acks(effects)] == [("bbbbbbbbbbbb", 1)]
    assert len(views.timeline("b1")) == 2
    assert views.timeline("b1")[0].body == {"open": False}


def test_messages_are_confirmed_to_the_broker_in_the_order_of_receipt(world: World, booth: Booth) -> None:
    given = [booth.event(messages.DoorChanged(open=True)), booth.message(topics.EVENT, b"junk"), booth.hello()]
    assert world.give(*given).pubacks == [(1, 1), (1, 2), (1, 3)]


def test_nothing_is_confirmed_when_the_commit_fails_and_the_same_items_can_be_given_again(
    world: World, booth: Booth, views: StoreViews, monkeypatch
) -> None:
    event = booth.event(messages.DoorChanged(open=True))
    with monkeypatch.context() as patch:
        patch.setattr("central.deciding.turn.store_ingest.save_booths", _full_disk)
        try:
            world.give(event)
        except OSError:
            pass
        else:
            raise AssertionError("the turn pretended to be committed")
    assert views.timeline("b1") == ()
    assert acks(world.give(event))[0].seq == 1
    assert len(views.timeline("b1")) == 1


def _full_disk(*_: object) -> None:
    raise OSError("no space left on device")


def test_the_picture_of_a_booth_follows_its_events(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(
        booth.state("online"),
        booth.hello(),
        booth.event(supply(Supply.ON_BATTERY)),
        booth.printer("fault"),
        booth.event(messages.EnrolmentOpened(enrolment="aaaaaaaaaaaa-1", nik=NIK, kk=KK)),
        booth.message(topics.TELEMETRY, b'{"battery.charge": 87.5, "ups.status": "OB"}'),
    )
    seen = views.booth("b1")
    assert seen is not None
    assert (seen.online, seen.supply, seen.waiting, seen.worst) == (True, Supply.ON_BATTERY, 1, "problem")
    assert seen.figures["battery.charge"] == 87.5
    assert (seen.devices[0].name, seen.devices[0].state) == ("printer", DeviceState.FAULT)
    assert views.totals().outages == 1
    assert [one.id for one in views.booths()] == ["b1", "b2"]


def test_a_device_keeps_the_time_since_when_it_is_in_trouble(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(booth.printer("ok"), booth.printer("fault"))
    world.give(booth.printer("fault"))
    seen = views.booth("b1")
    assert seen is not None and seen.devices[0].since == views.timeline("b1")[1].time


def test_the_last_will_of_a_program_that_was_started_again_says_nothing(
    world: World, booth: Booth, views: StoreViews
) -> None:
    booth.boot = "boot-2"
    world.give(booth.state("online"), booth.state("offline", boot="boot-1"))
    seen = views.booth("b1")
    assert seen is not None and seen.online
    world.give(booth.state("offline"))
    seen = views.booth("b1")
    assert seen is not None and not seen.online


def test_after_a_new_connection_only_booths_that_are_heard_are_online(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.give(booth.state("online"))
    world.give(LinkUp(2))
    assert not any(one.online for one in views.booths())
    world.give(booth.state("online"))
    assert [one.id for one in views.booths() if one.online] == ["b1"]


def test_people_are_told_of_what_changed_and_of_nothing_else(world: World, booth: Booth) -> None:
    assert world.give(booth.event(messages.DoorChanged(open=True))).changed == {"booths", "booth:b1"}
    assert world.give(booth.again(1)).changed == set()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*topics.ALL, None]), st.binary(max_size=200)), max_size=8))
def test_no_bytes_from_outside_harm_the_coordinator(given_messages: list) -> None:
    world = World(Store.memory(), chosen("b1"))
    items = [
        Received("loket/v1/b1/up/nonsense" if topic is None else topics.of("b1", topic, "p-1"), data, 1, n, 1)
        for n, (topic, data) in enumerate(given_messages)
    ]
    assert len(world.give(*items).pubacks) == len(items)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_any_order_repetition_and_crash_gives_the_same_picture(data: st.DataObject) -> None:
    booth = Booth()
    events = [booth.event(messages.DoorChanged(open=bool(n % 3))) for n in range(8)]
    world = World(Store.memory(), chosen("b1"))
    for number in data.draw(st.lists(st.integers(0, 7), max_size=20)):
        world.give(events[number])
        if data.draw(st.booleans()):
            world.restart()
    for event in data.draw(st.permutations(events)):
        last = world.give(event)
    assert acks(last)[0].seq == 8
    views = StoreViews(world.store, lambda: world.wall)
    assert [entry.seq for entry in views.timeline("b1")] == list(range(8, 0, -1))
    seen = views.booth("b1")
    assert seen is not None and seen.door_open is True and seen.lost == 0
