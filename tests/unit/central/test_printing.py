"""The print queue keeps its promise: one job per printer, one card per job, a person where only a person can know."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.adapters import store_work
from central.adapters.store import Store
from central.adapters.views import StoreViews
from central.core.items import Effects, Identify, Received, Settle
from contract import topics
from contract.messages import (
    FORGOTTEN,
    Command,
    CommandDone,
    Outcome,
    PrintChanged,
    PrintCommand,
    PrintState,
    SettleCommand,
    Supply,
    SupplyChanged,
)
from tests.unit.central.booth import Booth, World, commands
from tests.unit.central.booth import settings as chosen

ONE, TWO = "aaaaaaaaaaaa-1", "aaaaaaaaaaaa-2"
JOB = f"job-{ONE}"


def online(world: World, booth: Booth) -> Effects:
    return world.give(booth.state("online"), booth.hello(), booth.printer())


def told(state: PrintState, job: str = JOB, attempt: int = 1, cause: str = "") -> PrintChanged:
    return PrintChanged(job=job, attempt=attempt, state=state, cause=cause, counter_before=5, counter_after=6)


def sent(effects: Effects) -> list[tuple[str, int]]:
    return [(c.body.job, c.body.attempt) for c in commands(effects) if isinstance(c.body, PrintCommand)]


def only(effects: Effects) -> Command:
    (command,) = commands(effects)
    return command


def state(views: StoreViews, job: str = JOB) -> tuple[str, int, str]:
    (found,) = (one for one in views.print_jobs() if one.job == job)
    return found.state, found.attempt, found.why


def test_a_registered_enrolment_is_printed_at_its_booth(world: World, booth: Booth, views: StoreViews) -> None:
    online(world, booth)
    assert sent(world.ready(booth, ONE)) == [(JOB, 1)]
    assert state(views)[0] == "processing"
    world.give(booth.event(told(PrintState.ACCEPTED)), booth.event(told(PrintState.PRINTING)))
    world.give(booth.event(told(PrintState.PRINTED)))
    assert state(views)[0] == "completed"
    assert views.totals().printed_today == 1
    assert views.blanks()["b1"] == {"given": 500, "printed": 1, "spoiled": 0}


def test_a_job_waits_for_a_booth_that_is_there_with_a_printer_that_is_well(
    world: World, booth: Booth, views: StoreViews
) -> None:
    assert sent(world.ready(booth, ONE)) == []
    assert state(views) == ("pending", 1, "the booth is offline")
    assert sent(world.give(booth.state("online"), booth.hello())) == []
    assert state(views)[2] == "the booth has told of no card printer"
    assert sent(world.give(booth.printer("fault"))) == []
    assert state(views)[2] == "the card printer needs a person"
    assert sent(world.give(booth.printer("ok"))) == [(JOB, 1)]


def test_a_printer_has_one_job_at_a_time_and_the_earliest_due_comes_first(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.ready(booth, ONE)
    world.pass_time(60)
    world.ready(booth, TWO)
    assert sent(online(world, booth)) == [(JOB, 1)]
    assert state(views, f"job-{TWO}")[2] == "the card printer is busy"
    assert sent(world.give(booth.event(told(PrintState.ACCEPTED)))) == []
    assert sent(world.give(booth.event(told(PrintState.PRINTED)))) == [(f"job-{TWO}", 1)]


def test_the_database_itself_refuses_a_second_job_in_one_printer(world: World, booth: Booth) -> None:
    online(world, booth)
    world.ready(booth, ONE)
    world.ready(booth, TWO)
    with world.store.write() as connection:
        second = store_work.job(connection, f"job-{TWO}")
    assert second is not None
    with pytest.raises(Exception, match="UNIQUE"), world.store.write() as connection:
        store_work.save_job(connection, replace(second, state="processing"))


def test_a_spoiled_card_is_printed_again_as_the_next_attempt_of_the_same_job(
    world: World, booth: Booth, views: StoreViews
) -> None:
    online(world, booth)
    world.ready(booth, ONE)
    assert sent(world.give(booth.event(told(PrintState.SPOILED, cause="misprint")))) == [(JOB, 2)]
    world.give(booth.event(told(PrintState.PRINTED, attempt=2)))
    assert state(views)[:2] == ("completed", 2)
    assert views.blanks()["b1"] == {"given": 500, "printed": 1, "spoiled": 1}


def test_an_unanswered_command_is_repeated_as_it_was_and_never_becomes_another_attempt(
    world: World, booth: Booth
) -> None:
    online(world, booth)
    first = only(world.ready(booth, ONE))
    assert commands(world.wait(35.0)) == [first, first, first]
    assert commands(world.give(booth.hello())) == [first]
    world.restart()
    assert commands(world.give(booth.state("online"))) == [first]
    later = [c for c in commands(world.wait(700.0)) if c.id != first.id]
    assert later and all(isinstance(c.body, PrintCommand) and (c.body.job, c.body.attempt) == (JOB, 1) for c in later)


def test_an_answered_command_is_not_repeated(world: World, booth: Booth) -> None:
    online(world, booth)
    command = only(world.ready(booth, ONE))
    done = CommandDone(command=command.id, outcome=Outcome.DONE)
    world.give(booth.event(told(PrintState.ACCEPTED)), booth.event(done))
    assert commands(world.wait(3600.0)) == []


def test_a_refused_job_is_offered_again_after_a_while_and_says_why(
    world: World, booth: Booth, views: StoreViews
) -> None:
    online(world, booth)
    command = only(world.ready(booth, ONE))
    refused = CommandDone(command=command.id, outcome=Outcome.REFUSED, reason="on battery: no card is begun")
    assert sent(world.give(booth.event(refused))) == []
    assert state(views) == ("pending", 1, "on battery: no card is begun")
    assert sent(world.wait(4.0)) == []
    assert sent(world.wait(2.0)) == [(JOB, 1)]


def test_a_job_that_the_booth_may_have_printed_and_forgotten_waits_for_a_person(
    world: World, booth: Booth, views: StoreViews
) -> None:
    online(world, booth)
    command = only(world.ready(booth, ONE))
    refused = CommandDone(command=command.id, outcome=Outcome.REFUSED, reason=FORGOTTEN)
    assert sent(world.give(booth.event(refused))) == []
    assert state(views) == ("processing-stopped", 1, FORGOTTEN)
    assert sent(world.wait(3600.0)) == [] and views.totals().uncertain == 1
    world.give(booth.state("online"))
    again = only(world.give(Settle(JOB, "not-begun", "Siti", lambda _: None)))
    assert isinstance(again.body, PrintCommand) and isinstance(command.body, PrintCommand)
    assert again.body.attempt == 1 and again.body.created > command.body.created


def refuse_often(world: World, booth: Booth) -> None:
    """The booth refuses the job until its back-off is minutes long."""
    online(world, booth)
    for seq in range(6):
        command = commands(world.wait(301.0) if seq else world.ready(booth, ONE))[-1]
        world.give(booth.event(CommandDone(command=command.id, outcome=Outcome.REFUSED, reason="on battery")))


@pytest.mark.parametrize("supply", [Supply.ON_MAINS, Supply.ON_GENSET])
def test_when_the_mains_or_a_genset_feed_the_booth_a_refused_job_need_not_wait(
    world: World, booth: Booth, supply: Supply
) -> None:
    refuse_often(world, booth)
    back = SupplyChanged(supply=supply, mains_contact=True)
    assert sent(world.give(booth.event(back))) == [(JOB, 1)]


def telemetry(booth: Booth, may_print: str) -> Received:
    return booth.message(topics.TELEMETRY, json.dumps({"may.print": may_print}).encode())


def test_when_the_booth_may_print_again_a_refused_job_need_not_wait(
    world: World, booth: Booth, views: StoreViews
) -> None:
    refuse_often(world, booth)
    assert sent(world.give(telemetry(booth, "the battery lasts 4 min, a card needs 6"))) == []
    assert state(views) == ("pending", 1, "the battery lasts 4 min, a card needs 6")
    assert sent(world.give(telemetry(booth, ""))) == [(JOB, 1)]


def test_a_job_of_a_booth_that_went_off_waits_for_the_mains_and_for_nobody(
    world: World, booth: Booth, views: StoreViews
) -> None:
    online(world, booth)
    world.give(booth.event(SupplyChanged(supply=Supply.OFF, mains_contact=False)), booth.state("offline"))
    world.ready(booth, ONE)
    assert state(views) == ("pending", 1, "the booth is off until the mains return")


def test_an_uncertain_job_waits_for_a_person_whose_word_goes_to_the_booth(
    world: World, booth: Booth, views: StoreViews
) -> None:
    online(world, booth)
    world.ready(booth, ONE)
    world.give(booth.event(told(PrintState.UNCERTAIN, cause="power cut; inserted cards 5 -> 6")))
    assert state(views) == ("processing-stopped", 1, "power cut; inserted cards 5 -> 6")
    assert views.totals().uncertain == 1
    assert sent(world.wait(7200.0)) == []
    answers: list[str | None] = []
    body = only(world.give(Settle(JOB, "printed", "Siti", answers.append))).body
    assert body == SettleCommand(job=JOB, attempt=1, found="printed", person="Siti")
    world.give(booth.event(told(PrintState.PRINTED)))
    assert state(views)[0] == "completed"
    assert views.totals().uncertain == 0


def test_a_person_who_found_the_card_spoiled_gets_a_new_one_printed(world: World, booth: Booth) -> None:
    online(world, booth)
    world.ready(booth, ONE)
    world.give(booth.event(told(PrintState.UNCERTAIN)))
    world.give(Settle(JOB, "spoiled", "Siti", lambda _: None))
    assert sent(world.give(booth.event(told(PrintState.SPOILED)))) == [(JOB, 2)]


def test_a_persons_word_is_taken_once_and_only_where_it_is_asked_for(world: World, booth: Booth) -> None:
    online(world, booth)
    world.ready(booth, ONE)

    def ask(job: str) -> str | None:
        (reply,) = world.give(Settle(job, "printed", "Siti", lambda _: None)).replies
        return reply[1]

    assert ask("job-x") == "there is no job job-x"
    assert "does not wait for a person" in (ask(JOB) or "")
    world.give(booth.event(told(PrintState.UNCERTAIN)))
    assert ask(JOB) is None
    assert "on its way" in (ask(JOB) or "")


def test_the_job_of_a_booth_that_lost_its_memory_waits_for_a_person(
    world: World, booth: Booth, views: StoreViews
) -> None:
    online(world, booth)
    world.ready(booth, ONE)
    world.give(booth.event(told(PrintState.PRINTING)))
    fresh = Booth("b1", epoch="bbbbbbbbbbbb", boot="boot-2")
    world.pass_time(60)
    assert sent(online(world, fresh)) == []
    assert state(views)[0] == "processing-stopped"
    assert sent(world.give(Settle(JOB, "not-begun", "Siti", lambda _: None))) == [(JOB, 1)]


def test_a_lost_memory_is_noticed_by_the_events_when_the_hellos_were_missed(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.give(booth.state("online"), booth.printer())
    world.ready(booth, ONE)
    world.give(booth.event(told(PrintState.PRINTING)))
    fresh = Booth("b1", epoch="bbbbbbbbbbbb", boot="boot-2")
    world.pass_time(60)
    assert sent(world.give(fresh.printer())) == []
    assert state(views)[0] == "processing-stopped"
    world.pass_time(1)
    assert sent(world.ready(fresh, f"{fresh.epoch}-1")) == [(f"job-{fresh.epoch}-1", 1)]
    # What is left of the old memory on its way does not bring it back.
    world.give(booth.event(told(PrintState.PRINTED)))
    assert state(views)[0] == "completed"
    assert state(views, f"job-{fresh.epoch}-1")[0] == "processing"


def test_a_booth_that_tells_of_a_job_it_never_had_is_not_believed(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.ready(booth, ONE)
    world.give(Booth("b2").event(told(PrintState.PRINTED)))
    assert state(views)[0] == "pending"
    assert "never given" in views.dead_letters()[0].reason


def test_two_jobs_that_a_booth_claims_at_once_leave_the_begun_one_in_the_printer(
    world: World, booth: Booth, views: StoreViews
) -> None:
    online(world, booth)
    world.ready(booth, ONE)
    world.ready(booth, TWO)
    world.give(booth.event(told(PrintState.PRINTING, f"job-{TWO}")))
    assert state(views, f"job-{TWO}")[0] == "processing"
    assert state(views)[0] == "pending"
    world.give(booth.event(told(PrintState.ACCEPTED)))
    assert state(views)[0] == "pending"


def test_a_technician_finds_a_booth_by_its_sound_unless_it_is_offline(world: World, booth: Booth) -> None:
    def ask() -> Effects:
        return world.give(Identify("b1", "Siti", lambda _: None))

    assert ask().replies[0][1] == "the booth b1 is offline"
    online(world, booth)
    effects = ask()
    assert effects.replies[0][1] is None and only(effects).body.kind == "identify"
    assert commands(world.wait(60.0)) == [only(effects)] * 2


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_a_booth_says_and_whenever_we_crash_a_new_attempt_needs_a_spoiled_card(data: st.DataObject) -> None:
    world, booth = World(Store.memory(), chosen("b1")), Booth()
    online(world, booth)
    allowed = {(JOB, 1), (f"job-{TWO}", 1)}
    printed = set[str]()
    asked = sent(world.ready(booth, ONE)) + sent(world.ready(booth, TWO))
    for _ in range(data.draw(st.integers(0, 8))):
        job = data.draw(st.sampled_from([JOB, f"job-{TWO}"]))
        said = data.draw(st.sampled_from(list(PrintState)))
        attempt = data.draw(st.integers(1, 3))
        allowed.add((job, attempt + 1 if said is PrintState.SPOILED else attempt))
        if said is PrintState.PRINTED:
            printed.add(job)
        asked = sent(world.give(booth.event(told(said, job, attempt))))
        if data.draw(st.booleans()):
            world.restart()
            asked += sent(world.give(booth.state("online")))
        asked += sent(world.wait(data.draw(st.sampled_from([0.0, 11.0, 700.0]))))
        assert set(asked) <= allowed
        assert not {name for name, _ in asked} & printed
