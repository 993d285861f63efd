"""Power at the coordinator: history that stays true, alarms that are the booth's, and a fleet in its right order."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from central.adapters import schema
from central.adapters.store import Store, sqlite_url
from central.adapters.views import StoreViews
from central.core.views import BoothView
from contract import topics
from contract.messages import (
    AlarmChanged,
    AlarmState,
    BoothStarted,
    GensetChanged,
    GensetPhase,
    LoadShed,
    MainsDipped,
    Message,
    Priority,
    ShutdownChanged,
    Supply,
    SupplyChanged,
    UpsTested,
)
from tests.unit.central.booth import START, Booth, World, settings

HOUR = timedelta(hours=1)


def fed(supply: Supply) -> SupplyChanged:
    return SupplyChanged(supply=supply, mains_contact=supply is Supply.ON_MAINS)


def rose(
    alarm: str = "ups.lost",
    priority: Priority = Priority.HIGH,
    state: AlarmState = AlarmState.UNACKNOWLEDGED,
    occurrence: int = 1,
    **more: Any,
) -> AlarmChanged:
    values: dict[str, Any] = {"active": state is not AlarmState.RETURNED, **more}
    return AlarmChanged(alarm=alarm, occurrence=occurrence, priority=priority, state=state, **values)


class Day:
    """Tells what a booth says, hour by hour since `START`, while the coordinator's clock goes along."""

    def __init__(self, world: World, booth: Booth) -> None:
        self.world, self.booth = world, booth

    def at(self, hours: float, *bodies: Message, told: float | None = None) -> None:
        """What happened at an hour, told at once or at a later hour."""
        moment = START + hours * HOUR
        self.world.wall = START + (hours if told is None else told) * HOUR
        self.world.give(*(self.booth.event(body, at=moment) for body in bodies))

    def alive(self, hours: float, **figures: Any) -> None:
        """Telemetry of a booth that is online."""
        self.world.wall = START + hours * HOUR
        payload = json.dumps({name.replace("_", "."): value for name, value in figures.items()})
        self.world.give(self.booth.message(topics.TELEMETRY, payload.encode()))

    def silent(self, hours: float) -> None:
        self.world.wall = START + hours * HOUR
        self.world.give(self.booth.state("offline"))


@pytest.fixture
def day(world: World, booth: Booth) -> Day:
    world.give(booth.state("online"))
    return Day(world, booth)


def seen(views: StoreViews) -> BoothView:
    found = views.booth("b1")
    assert found is not None
    return found


def history(views: StoreViews, since: float = 0.0) -> list[tuple[str, float, float | None]]:
    """Supply, begin and end in hours since `START`."""

    def hours(moment: datetime | None) -> float | None:
        return None if moment is None else round((moment - START) / HOUR, 2)

    spans = views.supply_history("b1", START + since * HOUR)
    return [(span.supply.value, hours(span.start) or 0.0, hours(span.end)) for span in spans]


# --- the supply's history ------------------------------------------------------------------------------


def test_the_history_has_no_holes_and_its_last_span_lasts(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    day.at(2, fed(Supply.ON_BATTERY))
    day.at(2.5, fed(Supply.ON_GENSET))
    day.at(5, fed(Supply.MAINS_RETURNING), fed(Supply.ON_MAINS))
    assert history(views) == [
        ("UNKNOWN", 0.0, 1.0),
        ("ON_MAINS", 1.0, 2.0),
        ("ON_BATTERY", 2.0, 2.5),
        ("ON_GENSET", 2.5, 5.0),
        ("MAINS_RETURNING", 5.0, 5.0),
        ("ON_MAINS", 5.0, None),
    ]
    assert history(views, since=3) == [
        ("ON_GENSET", 3.0, 5.0),
        ("MAINS_RETURNING", 5.0, 5.0),
        ("ON_MAINS", 5.0, None),
    ]


def test_what_feeds_a_silent_booth_is_not_known_until_it_tells_with_its_own_times(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    day.alive(3)
    day.silent(3.1)
    assert history(views, since=1) == [("ON_MAINS", 1.0, 3.0), ("UNKNOWN", 3.0, None)]
    day.at(4, fed(Supply.ON_BATTERY), told=8)
    day.at(6, fed(Supply.ON_MAINS), told=8)
    day.alive(8)
    assert history(views, since=1) == [("ON_MAINS", 1.0, 4.0), ("ON_BATTERY", 4.0, 6.0), ("ON_MAINS", 6.0, None)]


def test_the_time_in_which_a_booth_was_dark_is_not_called_mains(day: Day, views: StoreViews) -> None:
    day.at(1, BoothStarted(version="1"), fed(Supply.ON_MAINS))
    day.alive(3)
    day.silent(3)
    day.booth.boot = "boot-2"
    day.world.wall = START + 5 * HOUR
    day.world.give(day.booth.state("online"), day.booth.hello(day.booth.seq + 1, day.booth.seq + 1))
    day.alive(5.01)
    day.at(5, BoothStarted(version="1"), told=5.02)
    assert history(views, since=1) == [("ON_MAINS", 1.0, 3.0), ("UNKNOWN", 3.0, 5.0), ("ON_MAINS", 5.0, None)]


def test_a_program_that_starts_again_within_seconds_leaves_no_mark(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    day.alive(3)
    day.at(3.002, BoothStarted(version="2"))
    assert history(views, since=1) == [("ON_MAINS", 1.0, None)]


def test_a_clock_that_was_set_back_does_not_turn_the_order_round(day: Day, views: StoreViews) -> None:
    day.at(5, fed(Supply.ON_MAINS))
    day.at(3, fed(Supply.ON_BATTERY), told=6)
    assert history(views, since=4) == [("UNKNOWN", 4.0, 5.0), ("ON_MAINS", 5.0, 5.0), ("ON_BATTERY", 5.0, None)]
    assert seen(views).supply is Supply.ON_BATTERY


def test_an_event_that_was_counted_as_lost_mends_the_history_and_not_the_present(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    lost = day.booth.event(fed(Supply.ON_BATTERY), at=START + 2 * HOUR)
    later = day.booth.event(fed(Supply.ON_MAINS), at=START + 3 * HOUR)
    day.world.wall = START + 4 * HOUR
    day.world.give(day.booth.hello(3, 3), later)
    assert history(views, since=1) == [("ON_MAINS", 1.0, None)]
    day.world.give(lost)
    assert history(views, since=1) == [("ON_MAINS", 1.0, 2.0), ("ON_BATTERY", 2.0, 3.0), ("ON_MAINS", 3.0, None)]
    assert seen(views).supply is Supply.ON_MAINS


def test_an_outage_is_one_from_the_mains_to_the_mains(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    day.at(2, fed(Supply.ON_BATTERY))
    day.at(3, fed(Supply.ON_GENSET))
    day.at(6, fed(Supply.ON_MAINS))
    day.at(7, fed(Supply.ON_BATTERY))
    day.alive(7.5)
    now, before = views.outages("b1", START)
    assert (now.start, now.end) == (START + 7 * HOUR, None)
    assert now.seconds == {Supply.ON_BATTERY: 1800.0}
    assert (before.start, before.end) == (START + 2 * HOUR, START + 6 * HOUR)
    assert before.seconds == {Supply.ON_BATTERY: 3600.0, Supply.ON_GENSET: 3 * 3600.0}
    assert views.totals().outages == 1


def test_an_outage_that_began_before_is_shown_with_its_true_beginning(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    day.at(2, fed(Supply.ON_BATTERY))
    day.at(3, fed(Supply.OFF))
    day.silent(3.1)
    day.world.wall = START + 30 * HOUR
    (outage,) = views.outages("b1", START + 6 * HOUR)
    assert (outage.start, outage.end) == (START + 2 * HOUR, None)
    assert outage.seconds == {Supply.ON_BATTERY: 3600.0, Supply.OFF: 27 * 3600.0}


def test_short_dips_are_listed_and_are_no_outage(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    day.at(2, MainsDipped(seconds=0.3, lowest_v=161.0))
    day.at(3, MainsDipped(seconds=0.1))
    assert [(dip.at, dip.seconds, dip.lowest_v) for dip in views.dips("b1", START)] == [
        (START + 3 * HOUR, 0.1, None),
        (START + 2 * HOUR, 0.3, 161.0),
    ]
    assert views.outages("b1", START) == () and views.totals().outages == 0


def test_a_booth_that_went_off_is_off_and_not_lost(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    day.at(2, fed(Supply.SHUTTING_DOWN), ShutdownChanged(stage="announced", cause="3 minutes are left"))
    assert (seen(views).shutdown, seen(views).shutdown_cause) == ("announced", "3 minutes are left")
    day.at(2.1, ShutdownChanged(stage="committed"), fed(Supply.OFF))
    day.silent(2.2)
    assert seen(views).off and seen(views).worst == "problem"
    assert history(views, since=2.1) == [("OFF", 2.1, None)]
    day.booth.boot = "boot-2"
    day.world.give(day.booth.state("online"))
    day.at(9, BoothStarted(version="1"), fed(Supply.ON_MAINS))
    assert history(views, since=2.1) == [("OFF", 2.1, 9.0), ("ON_MAINS", 9.0, None)]
    assert not seen(views).off and seen(views).shutdown == "" and seen(views).worst == "good"


def test_a_shutdown_that_is_taken_back_is_over(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.SHUTTING_DOWN), ShutdownChanged(stage="closing"))
    day.at(1.01, ShutdownChanged(stage="cancelled", cause="the mains are back"), fed(Supply.ON_MAINS))
    assert seen(views).shutdown == "" and seen(views).shutdown_since is None
    day.silent(2)
    assert not seen(views).off


# --- genset, loads, battery test -----------------------------------------------------------------------


def test_the_gensets_phase_is_shown_since_it_began(day: Day, views: StoreViews) -> None:
    assert views.genset("b1") is None and seen(views).genset is None
    day.at(1, GensetChanged(phase=GensetPhase.CRANKING, attempt=2, cause="outage"))
    day.at(2, GensetChanged(phase=GensetPhase.LOADED, attempt=2, verified=True, fuel_pct=80.0))
    day.at(3, GensetChanged(phase=GensetPhase.LOADED, attempt=2, verified=True, fuel_pct=61.5, fuel_hours=9.8))
    genset = views.genset("b1")
    assert genset is not None and genset == seen(views).genset
    assert (genset.phase, genset.since, genset.verified) == (GensetPhase.LOADED, START + 2 * HOUR, True)
    assert (genset.fuel_pct, genset.fuel_hours, genset.run_hours) == (61.5, 9.8, None)


def test_shed_loads_and_the_last_battery_test_are_shown(day: Day, views: StoreViews) -> None:
    day.at(1, LoadShed(stage=2, cause="10 minutes are left"), UpsTested(passed=None, cause="the mains went away"))
    assert (seen(views).shed, seen(views).shed_cause) == (2, "10 minutes are left")
    test = seen(views).ups_test
    assert test is not None and (test.passed, test.cause, test.at) == (None, "the mains went away", START + HOUR)
    day.at(2, LoadShed(stage=0), UpsTested(passed=True))
    assert seen(views).shed == 0
    assert (test := seen(views).ups_test) is not None and test.passed is True


# --- alarms --------------------------------------------------------------------------------------------


def test_alarms_are_listed_worst_first_over_all_booths(world: World, views: StoreViews) -> None:
    one, two = Booth("b1"), Booth("b2")
    world.give(
        one.event(rose("genset.service-due", Priority.LOW)),
        one.event(rose("ups.failed", Priority.CRITICAL, AlarmState.ACKNOWLEDGED)),
        one.event(rose("ups.lost", Priority.HIGH, AlarmState.RETURNED)),
        one.event(rose("board.lost", Priority.HIGH, AlarmState.SHELVED)),
        two.event(rose("battery.low", Priority.HIGH)),
        two.event(rose("mains.out", Priority.MEDIUM, AlarmState.NORMAL)),
    )
    assert [(alarm.booth, alarm.alarm) for alarm in views.alarms()] == [
        ("b2", "battery.low"),
        ("b1", "genset.service-due"),
        ("b1", "ups.lost"),
        ("b1", "ups.failed"),
        ("b1", "board.lost"),
    ]
    assert [alarm.alarm for alarm in views.alarms("b2")] == ["battery.low"]
    assert len(views.alarms(limit=2)) == 2
    assert views.totals().unacknowledged == 3
    assert next(alarm.alarm for alarm in seen(views).alarms) == "genset.service-due"


def test_an_alarm_keeps_its_beginning_and_figures_until_it_rises_again(day: Day, views: StoreViews) -> None:
    day.at(1, rose("battery.low", cause="the battery lasts 8 min", figures={"minutes": 8.0}))
    day.at(2, rose("battery.low", state=AlarmState.ACKNOWLEDGED, person="Sari"))
    (alarm,) = views.alarms()
    assert (alarm.since, alarm.changed) == (START + HOUR, START + 2 * HOUR)
    assert (alarm.person, alarm.figures) == ("Sari", {"minutes": 8.0})
    day.at(3, rose("battery.low", state=AlarmState.NORMAL, active=False, person="Sari"))
    assert views.alarms() == ()
    day.at(4, rose("battery.low", occurrence=2, figures={"minutes": 5.0}))
    (alarm,) = views.alarms()
    assert (alarm.occurrence, alarm.since, alarm.person) == (2, START + 4 * HOUR, "")


def test_a_late_word_does_not_wake_an_alarm_that_is_over(day: Day, views: StoreViews) -> None:
    day.at(1, fed(Supply.ON_MAINS))
    lost = day.booth.event(rose(), at=START + 2 * HOUR)
    over = day.booth.event(rose(state=AlarmState.NORMAL, active=False), at=START + 3 * HOUR)
    day.world.give(day.booth.hello(3, 3), over)
    day.world.give(lost)
    assert views.alarms() == ()


def test_alarms_are_told_to_whoever_watches_them(day: Day) -> None:
    changed = day.world.give(day.booth.event(rose())).changed
    assert {"alarms", "booths", "booth:b1"} <= changed


def test_a_booth_with_a_new_memory_tells_its_alarms_anew(day: Day, views: StoreViews) -> None:
    day.at(1, rose("ups.lost", occurrence=7), LoadShed(stage=1))
    fresh = Booth(epoch="bbbbbbbbbbbb", boot="boot-2")
    effects = day.world.give(fresh.hello(1, 0))
    assert views.alarms() == () and "alarms" in effects.changed and seen(views).shed == 0
    day.world.give(fresh.event(rose("ups.lost", occurrence=1)))
    assert [(alarm.alarm, alarm.occurrence) for alarm in views.alarms()] == [("ups.lost", 1)]


# --- the order of the fleet ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supply", "figures", "worst"),
    [
        (Supply.ON_MAINS, {"energy_seconds": 30}, "good"),
        (Supply.ON_BATTERY, {"energy_seconds": 601, "battery_charge": 10}, "attention"),
        (Supply.ON_BATTERY, {"energy_seconds": 599, "battery_charge": 90}, "problem"),
        (Supply.GENSET_STARTING, {"energy_seconds": 120}, "problem"),
        (Supply.ON_BATTERY, {"energy_seconds": None, "battery_charge": 29}, "problem"),
        (Supply.ON_BATTERY, {}, "attention"),
        (Supply.ON_GENSET, {"energy_seconds": 120}, "attention"),
        (Supply.MAINS_RETURNING, {}, "attention"),
        (Supply.SHUTTING_DOWN, {}, "problem"),
        (Supply.OFF, {}, "problem"),
    ],
)
def test_what_feeds_a_booth_and_for_how_long_decides_its_place(
    day: Day, views: StoreViews, supply: Supply, figures: dict[str, Any], worst: str
) -> None:
    day.at(1, fed(supply))
    day.alive(1.001, **figures)
    assert seen(views).worst == worst


@pytest.mark.parametrize(
    ("alarm", "worst"),
    [
        (rose(priority=Priority.CRITICAL), "problem"),
        (rose(priority=Priority.HIGH), "problem"),
        (rose(priority=Priority.MEDIUM), "attention"),
        (rose(priority=Priority.CRITICAL, state=AlarmState.RETURNED), "attention"),
        (rose(priority=Priority.CRITICAL, state=AlarmState.ACKNOWLEDGED), "attention"),
        (rose(priority=Priority.LOW, state=AlarmState.ACKNOWLEDGED), "good"),
        (rose(priority=Priority.CRITICAL, state=AlarmState.SHELVED), "good"),
    ],
    ids=lambda value: f"{value.priority}-{value.state}" if isinstance(value, AlarmChanged) else value,
)
def test_an_alarm_that_nobody_has_seen_to_brings_its_booth_to_the_front(
    day: Day, views: StoreViews, alarm: AlarmChanged, worst: str
) -> None:
    day.at(1, fed(Supply.ON_MAINS), alarm)
    assert seen(views).worst == worst
    assert views.booths()[0].id == ("b2" if worst != "problem" else "b1")


# --- a large database ----------------------------------------------------------------------------------


def test_the_pages_of_one_booth_read_by_index_and_never_the_whole_tables(tmp_path: Any) -> None:
    store = Store.open(sqlite_url(tmp_path))
    world, booth = World(store, settings("b1")), Booth()
    world.give(booth.event(fed(Supply.ON_MAINS)), booth.event(rose()))
    views = StoreViews(store, lambda: world.wall)
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    sqlalchemy_event.listen(store._reader, "before_cursor_execute", note)
    views.supply_history("b1", START)
    views.outages("b1", START)
    views.dips("b1", START)
    views.genset("b1")
    views.alarms("b1")
    views.commands("b1")
    sqlalchemy_event.remove(store._reader, "before_cursor_execute", note)
    tables = set(schema.metadata.tables)
    with store.read() as connection:
        plans = [
            row[3]
            for statement, parameters in statements
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    store.close()
    assert len(statements) >= 8 and plans
    assert not [plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] in tables]
