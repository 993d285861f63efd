"""What people ask of a booth's power: sent signed, written down with who and what became of it, or refused with why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from central.adapters.views import StoreViews
from central.core import asking
from central.core.items import Effects, Identify, PowerAsked
from central.core.views import CommandView
from central.runtime import Inbox
from contract.messages import (
    AlarmChanged,
    AlarmCommand,
    AlarmState,
    CommandDone,
    GensetChanged,
    GensetPhase,
    MuteCommand,
    Outcome,
    PowerCommand,
    Priority,
    Supply,
    SupplyChanged,
    TestGensetCommand,
    TestUpsCommand,
)
from tests.unit.central.booth import START, Booth, World, commands

QUICK = TestUpsCommand(person="Sari")
EXERCISE = TestGensetCommand(person="Sari")
MUTE = MuteCommand(person="Sari")


def fed(supply: Supply) -> SupplyChanged:
    return SupplyChanged(supply=supply, mains_contact=supply is Supply.ON_MAINS)


def rose(state: AlarmState = AlarmState.UNACKNOWLEDGED, occurrence: int = 1, **more: Any) -> AlarmChanged:
    values: dict[str, Any] = {"active": True, **more}
    return AlarmChanged(alarm="ups.lost", occurrence=occurrence, priority=Priority.HIGH, state=state, **values)


def about(action: str, occurrence: int = 1, **more: Any) -> AlarmCommand:
    return AlarmCommand.model_validate(
        {"action": action, "alarm": "ups.lost", "occurrence": occurrence, "person": "Sari", **more}
    )


@pytest.fixture
def site(world: World, booth: Booth) -> World:
    """A booth that is online, on mains, with a genset at rest."""
    world.give(booth.state("online"))
    world.give(booth.event(fed(Supply.ON_MAINS)), booth.event(GensetChanged(phase=GensetPhase.STOPPED)))
    return world


def ask(world: World, body: PowerCommand, booth: str = "b1") -> tuple[str | None, Effects]:
    effects = world.give(PowerAsked(booth, body, lambda _: None))
    return effects.replies[0][1], effects


def newest(views: StoreViews) -> CommandView:
    return views.commands("b1")[0]


@pytest.mark.parametrize("body", [QUICK, EXERCISE, MUTE], ids=lambda body: body.kind)
def test_a_wish_goes_to_the_booth_signed_and_is_over_after_a_minute(site: World, body: PowerCommand) -> None:
    refused, effects = ask(site, body)
    (command,) = commands(effects)
    assert refused is None and command.body == body
    assert command.expires - command.issued == timedelta(seconds=60)
    assert "booth:b1" in effects.changed


def test_every_wish_is_written_down_with_who_when_and_what_became_of_it(
    site: World, booth: Booth, views: StoreViews
) -> None:
    _, effects = ask(site, QUICK)
    (command,) = commands(effects)
    asked = newest(views)
    assert (asked.kind, asked.person, asked.fields) == ("test-ups", "Sari", {"length": "quick"})
    assert (asked.outcome, asked.answered, asked.issued) == ("pending", None, START)
    site.pass_time(3)
    answer = CommandDone(command=command.id, outcome=Outcome.REFUSED, reason="the battery is at 40 %")
    assert "booth:b1" in site.give(booth.event(answer)).changed
    told = newest(views)
    assert (told.outcome, told.reason) == ("refused", "the battery is at 40 %")
    assert told.answered == START + timedelta(seconds=3)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.EXPIRED, Outcome.FORGED])
def test_the_booths_own_word_is_shown(site: World, booth: Booth, views: StoreViews, outcome: Outcome) -> None:
    (command,) = commands(ask(site, MUTE)[1])
    site.give(booth.event(CommandDone(command=command.id, outcome=outcome)))
    assert newest(views).outcome == outcome.value


def test_a_wish_that_nobody_answers_is_asked_again_for_a_minute_and_then_expired(
    site: World, booth: Booth, views: StoreViews
) -> None:
    (command,) = commands(ask(site, MUTE)[1])
    again = commands(site.wait(59))
    assert len(again) == 5 and {one.id for one in again} == {command.id}
    assert commands(site.wait(600)) == []
    assert (newest(views).outcome, newest(views).reason) == ("expired", "the booth did not answer in time")
    site.give(booth.event(CommandDone(command=command.id, outcome=Outcome.DONE)))
    assert newest(views).outcome == "done"


def test_the_same_wish_twice_is_sent_once(site: World, booth: Booth) -> None:
    (command,) = commands(ask(site, QUICK)[1])
    assert ask(site, QUICK)[0] == asking.UNDER_WAY
    assert ask(site, TestUpsCommand(length="deep", person="Sari"))[0] is None
    site.give(booth.event(CommandDone(command=command.id, outcome=Outcome.DONE)))
    assert ask(site, QUICK)[0] is None


def test_a_refused_wish_is_written_down_and_not_sent(site: World, booth: Booth, views: StoreViews) -> None:
    site.give(booth.event(fed(Supply.ON_BATTERY)))
    refused, effects = ask(site, EXERCISE)
    assert refused == asking.NOT_ON_MAINS_GENSET and commands(effects) == []
    told = newest(views)
    assert (told.kind, told.person, told.outcome, told.reason) == ("test-genset", "Sari", "refused", refused)
    assert commands(site.wait(30)) == []


def test_nothing_is_asked_of_a_booth_that_is_not_there(site: World, booth: Booth) -> None:
    site.give(booth.state("offline"))
    assert ask(site, MUTE)[0] == "the booth b1 is offline"
    assert ask(site, MUTE, "b9")[0] == "there is no booth b9"
    site.give(booth.event(fed(Supply.OFF)), booth.state("offline"))
    assert ask(site, MUTE)[0] == "the booth b1 is off: it comes back with the mains"


@pytest.mark.parametrize("supply", [Supply.ON_BATTERY, Supply.GENSET_STARTING, Supply.ON_GENSET, Supply.UNKNOWN])
def test_no_test_begins_while_the_mains_do_not_carry_the_booth(site: World, booth: Booth, supply: Supply) -> None:
    site.give(booth.event(fed(supply)))
    assert ask(site, QUICK)[0] == asking.NOT_ON_MAINS_UPS
    assert ask(site, EXERCISE)[0] == asking.NOT_ON_MAINS_GENSET
    assert ask(site, TestUpsCommand(length="cancel", person="Sari"))[0] is None


def test_a_test_of_the_genset_begins_from_rest_and_is_ended_while_it_runs(site: World, booth: Booth) -> None:
    stop = TestGensetCommand(action="stop", person="Sari")
    assert ask(site, stop)[0] == asking.GENSET_RESTS
    site.give(booth.event(GensetChanged(phase=GensetPhase.EXERCISING, verified=True)))
    assert ask(site, EXERCISE)[0] == asking.GENSET_BUSY
    assert ask(site, stop)[0] is None
    site.give(booth.event(GensetChanged(phase=GensetPhase.FAILED)))
    assert ask(site, EXERCISE)[0] is None


def test_an_alarm_is_acknowledged_by_the_booth_and_shown_with_who_did_it(
    site: World, booth: Booth, views: StoreViews
) -> None:
    site.give(booth.event(rose()))
    (command,) = commands(ask(site, about("acknowledge"))[1])
    assert views.alarms()[0].state is AlarmState.UNACKNOWLEDGED
    site.give(
        booth.event(rose(AlarmState.ACKNOWLEDGED, person="Sari")),
        booth.event(CommandDone(command=command.id, outcome=Outcome.DONE)),
    )
    (alarm,) = views.alarms()
    assert (alarm.state, alarm.person) == (AlarmState.ACKNOWLEDGED, "Sari")
    assert newest(views).fields == {"action": "acknowledge", "alarm": "ups.lost", "occurrence": "1"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (about("acknowledge", occurrence=3), asking.NO_ALARM),
        (about("acknowledge", occurrence=1), asking.ROSE_AGAIN),
        (about("shelve", occurrence=2, minutes=60), asking.NO_REASON),
        (about("shelve", occurrence=2, minutes=60, reason="  "), asking.NO_REASON),
        (about("shelve", occurrence=2, reason="a new one is coming"), asking.NO_MINUTES),
        (about("unshelve", occurrence=2), asking.NOT_SHELVED),
        (about("acknowledge", occurrence=1, alarm="board.lost"), asking.NO_ALARM),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.action}-{value.occurrence}",
)
def test_a_word_about_an_alarm_that_is_not_so_is_refused(
    site: World, booth: Booth, body: AlarmCommand, reason: str
) -> None:
    site.give(booth.event(rose(occurrence=2)))
    refused, effects = ask(site, body)
    assert refused == reason and commands(effects) == []


def test_what_is_acknowledged_or_over_is_not_acknowledged_again(site: World, booth: Booth) -> None:
    site.give(booth.event(rose(AlarmState.ACKNOWLEDGED)))
    assert ask(site, about("acknowledge"))[0] == asking.SEEN_TO
    site.give(booth.event(rose(AlarmState.NORMAL, active=False)))
    assert ask(site, about("acknowledge"))[0] == asking.OVER


def test_a_shelved_alarm_shows_until_when_and_why(site: World, booth: Booth, views: StoreViews) -> None:
    moment = START + timedelta(minutes=5)
    site.give(booth.event(rose()))
    assert ask(site, about("shelve", minutes=90, reason="a new one is coming"))[0] is None
    shelved = rose(AlarmState.SHELVED, person="Sari", reason="a new one is coming")
    site.give(booth.event(shelved, at=moment))
    (alarm,) = views.alarms()
    assert (alarm.person, alarm.reason) == ("Sari", "a new one is coming")
    assert alarm.shelved_until == moment + timedelta(minutes=90)
    # It comes and goes on the shelf, and stays there.
    site.give(booth.event(rose(AlarmState.SHELVED, active=False, person="Sari"), at=moment + timedelta(minutes=1)))
    again = rose(AlarmState.SHELVED, occurrence=2, person="Sari")
    site.give(booth.event(again, at=moment + timedelta(minutes=2)))
    (alarm,) = views.alarms()
    assert (alarm.occurrence, alarm.reason) == (2, "a new one is coming")
    assert alarm.shelved_until == moment + timedelta(minutes=90)
    site.give(booth.event(rose(occurrence=2)))
    (alarm,) = views.alarms()
    assert (alarm.shelved_until, alarm.reason) == (None, "")


def test_who_made_a_booth_blink_is_written_down_too(site: World, booth: Booth, views: StoreViews) -> None:
    site.give(Identify("b1", "Budi", lambda _: None))
    site.give(booth.state("offline"))
    site.give(Identify("b1", "Sari", lambda _: None))
    found = {(one.kind, one.person, one.outcome) for one in views.commands("b1")}
    assert found == {("identify", "Budi", "pending"), ("identify", "Sari", "refused")}


class Answering(Inbox):
    """An inbox whose coordinator answers at once."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.put = self._handle
        self._world = world

    def _handle(self, item: Any) -> None:
        for reply, answer in self._world.give(item).replies:
            reply(answer)


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (lambda desk: desk.test_ups("b1", "two-minutes", "Sari"), None),
        (lambda desk: desk.test_genset("b1", "start", "Sari"), None),
        (lambda desk: desk.mute("b1", "ups", "Sari"), None),
        (lambda desk: desk.alarm("b1", "ups.lost", 1, "shelve", "Sari", 30, "waiting for a part"), None),
        (lambda desk: desk.alarm("b1", "ups.lost", 1, "acknowledge", "S" * 900), None),
        (lambda desk: desk.alarm("b1", "ups.lost", 1, "shelve", "Sari", 99_999, "for ever"), "this cannot be asked: "),
        (lambda desk: desk.alarm("b1", "no such/alarm", 1, "acknowledge", "Sari"), "this cannot be asked: "),
        (lambda desk: desk.test_ups("b1", "for ever", "Sari"), "this cannot be asked: "),
    ],
    ids=["test-ups", "test-genset", "mute", "shelve", "long-name", "too-long", "bad-alarm", "bad-length"],
)
def test_the_consoles_actions_ask_what_they_say(
    site: World, booth: Booth, views: StoreViews, act: Callable[[Inbox], str | None], answer: str | None
) -> None:
    site.give(booth.event(rose()))
    found = act(Answering(site))
    if answer is None:
        assert found is None and newest(views).outcome == "pending"
    else:
        assert found is not None and found.startswith(answer) and views.commands("b1") == ()
