"""The print journal: what is printed, what is settled by the counter, what waits for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contract.messages import CommandDone, Outcome, PrintChanged, PrintState, SettleCommand
from edge.core.events import (
    CardPrinted,
    CommandForged,
    CommandReceived,
    Contact,
    ContactChanged,
    PrinterReady,
    PrintFailed,
    WokeUp,
)
from edge.core.printing import raster_fault
from edge.core.requests import CheckPrinter, PrintCard
from tests.unit.edge.core.booth import PANEL, T0, Booth, asked, print_command, requests


@pytest.fixture
def booth() -> Booth:
    booth = Booth()
    booth.see(ContactChanged(Contact.MAINS, True))
    return booth


def states(booth: Booth) -> list[PrintState]:
    return [body.state for body in booth.heard(PrintChanged)]


def test_a_job_is_accepted_begun_and_printed(booth: Booth) -> None:
    assert requests(booth.command(print_command()), CheckPrinter)
    card = asked(booth.see(PrinterReady("printer", 7)), PrintCard)
    assert (card.job, card.counter) == ("job-1", 7)
    booth.see(CardPrinted("printer", "job-1", 8), 6.0)
    assert states(booth) == [PrintState.ACCEPTED, PrintState.PRINTING, PrintState.PRINTED]
    assert not booth.state.printing.live


def test_the_same_command_twice_prints_once(booth: Booth) -> None:
    booth.start_print()
    booth.see(CardPrinted("printer", "job-1", 8), 6.0)
    said = len(booth.said)
    booth.command(print_command(), "c-job-1")
    assert len(booth.said) == said


def test_the_same_job_in_another_command_is_told_how_it_stands_and_not_printed_again(booth: Booth) -> None:
    booth.start_print()
    booth.see(CardPrinted("printer", "job-1", 8), 6.0)
    commands = booth.command(print_command(), "c-other")
    assert not requests(commands, CheckPrinter) and not requests(commands, PrintCard)
    assert states(booth)[-1] is PrintState.PRINTED
    assert booth.heard(CommandDone)[-1].outcome is Outcome.DONE


def test_a_power_cut_before_a_card_was_touched_prints_the_same_job_by_itself(booth: Booth) -> None:
    booth.start_print(counter=7)
    booth.power_cut()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.see(PrinterReady("printer", 7), 1.0)
    assert states(booth)[-1] is PrintState.ACCEPTED
    card = asked(booth.see(PrinterReady("printer", 7), 1.0), PrintCard)
    assert card.job == "job-1"


def test_a_power_cut_with_a_card_inside_waits_for_a_person(booth: Booth) -> None:
    booth.start_print(counter=7)
    booth.power_cut()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.see(PrinterReady("printer", 8), 1.0)
    assert states(booth)[-1] is PrintState.UNCERTAIN
    for _ in range(5):
        assert not requests(booth.see(WokeUp(), 60.0), PrintCard)
        assert not requests(booth.see(PrinterReady("printer", 8)), PrintCard)


@pytest.mark.parametrize(
    ("found", "state"),
    [("printed", PrintState.PRINTED), ("spoiled", PrintState.SPOILED), ("not-begun", PrintState.ACCEPTED)],
)
def test_a_person_settles_an_uncertain_card(booth: Booth, found: str, state: PrintState) -> None:
    booth.start_print(counter=7)
    booth.power_cut()
    booth.see(PrinterReady("printer", 8))
    booth.command(SettleCommand(job="job-1", attempt=1, found=found, person="Siti"), "c-settle")  # type: ignore[arg-type]
    assert states(booth)[-1] is state
    assert booth.heard(CommandDone)[-1].outcome is Outcome.DONE


def test_a_card_that_is_not_uncertain_is_not_settled(booth: Booth) -> None:
    booth.start_print()
    booth.see(CardPrinted("printer", "job-1", 8))
    booth.command(SettleCommand(job="job-1", attempt=1, found="spoiled", person="Siti"), "c-settle")
    assert booth.heard(CommandDone)[-1].outcome is Outcome.REFUSED
    assert states(booth)[-1] is PrintState.PRINTED


def test_after_a_spoiled_card_the_next_attempt_of_the_same_job_is_printed(booth: Booth) -> None:
    booth.start_print(counter=7)
    booth.see(PrintFailed("printer", "job-1", 8, "media-jam", "open the cover"))
    assert states(booth)[-1] is PrintState.UNCERTAIN
    booth.command(SettleCommand(job="job-1", attempt=1, found="spoiled", person="Siti"), "c-settle")
    booth.command(print_command(attempt=2), "c-2")
    card = asked(booth.see(PrinterReady("printer", 8), 9.0), PrintCard)
    assert (card.job, card.counter) == ("job-1", 8)


def test_no_second_attempt_begins_while_the_first_is_not_known_to_be_spoiled(booth: Booth) -> None:
    booth.start_print(counter=7)
    booth.command(print_command(attempt=2), "c-2")
    assert booth.heard(CommandDone)[-1].outcome is Outcome.REFUSED


def test_a_failure_that_touched_no_card_is_tried_again_later(booth: Booth) -> None:
    booth.start_print(counter=7)
    commands = booth.see(PrintFailed("printer", "job-1", 7, "media-empty", "refill"))
    assert states(booth)[-1] is PrintState.ACCEPTED and not requests(commands, CheckPrinter)
    assert requests(booth.see(WokeUp(), booth.settings.print_poll_s), CheckPrinter)


def test_a_printer_that_falls_silent_is_settled_by_its_counter_when_it_is_back(booth: Booth) -> None:
    booth.start_print(counter=7)
    booth.see(PrintFailed("printer", "job-1", None, "the port is gone", "plug it in"))
    assert states(booth)[-1] is PrintState.PRINTING
    booth.see(PrinterReady("printer", 8), 30.0)
    assert states(booth)[-1] is PrintState.UNCERTAIN


def test_no_card_is_begun_on_battery_and_the_job_waits_for_the_mains(booth: Booth) -> None:
    booth.see(ContactChanged(Contact.MAINS, False))
    booth.see(WokeUp(), 1.0)
    assert not requests(booth.command(print_command()), CheckPrinter)
    assert not requests(booth.see(PrinterReady("printer", 7)), PrintCard)
    booth.see(ContactChanged(Contact.MAINS, True))
    assert not requests(booth.see(WokeUp(), 1.0), CheckPrinter), "mains that have just come back may go again"
    assert requests(booth.see(WokeUp(), booth.settings.energy.steady_s), CheckPrinter)


def test_an_uncertain_card_does_not_block_the_next_applicant(booth: Booth) -> None:
    booth.start_print("job-1", 7)
    booth.see(PrintFailed("printer", "job-1", 8, "media-jam", ""))
    booth.command(print_command("job-2"), "c-2")
    card = asked(booth.see(PrinterReady("printer", 8), 9.0), PrintCard)
    assert card.job == "job-2"


def test_an_expired_command_prints_nothing(booth: Booth) -> None:
    from contract import messages

    command = messages.Command(id="c1", booth="b1", issued=T0, expires=T0, body=print_command())
    commands = booth.see(CommandReceived(command, late=True))
    assert not requests(commands, CheckPrinter)
    assert booth.heard(CommandDone)[-1].outcome is Outcome.EXPIRED


def test_forged_commands_are_told_but_cannot_fill_the_outbox(booth: Booth) -> None:
    for n in range(1_000):
        booth.see(CommandForged(f"c{n} /../", "wrong signature"))
    forged = [body for body in booth.heard(CommandDone) if body.outcome is Outcome.FORGED]
    assert 1 <= len(forged) <= 20 and booth.state.printing.forged == 1_000


def test_a_job_older_than_the_booths_memory_is_refused_and_never_printed_again() -> None:
    booth = Booth(jobs_kept=3)
    booth.see(ContactChanged(Contact.MAINS, True))
    for n in range(6):
        created = T0 + timedelta(seconds=n)
        booth.command(print_command(f"job-{n}", created=created), f"c-{n}")
        booth.see(PrinterReady("printer", n), 9.0)
        booth.see(CardPrinted("printer", f"job-{n}", n + 1), 6.0)
    booth.command(print_command("job-9", created=T0 + timedelta(seconds=9)), "c-9")
    booth.power_cut()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.command(print_command("job-0"), "again")
    assert booth.heard(CommandDone)[-1].outcome is Outcome.REFUSED
    assert len([row for row in booth.rows if row.startswith("job/")]) <= 5


@pytest.mark.parametrize("panels", [{}, {"k": "!"}, {"k": "AAAA"}, {"q": PANEL}, {"c": PANEL}])
def test_a_raster_that_the_printer_cannot_take_is_refused(panels: dict[str, str]) -> None:
    assert raster_fault(panels)


def test_a_right_raster_is_taken() -> None:
    assert raster_fault({"k": PANEL}) == ""
