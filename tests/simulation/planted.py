"""Cores with one planted fault each: what the verdict must notice, so that its silence means something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contract.messages import PrintState
from edge.__main__ import Core
from edge.core import commands as do
from edge.core import controller, journal
from edge.core.applicant import Counter
from edge.core.controller import State
from edge.core.events import Event
from edge.core.printing import Job


class PrunesWhenSent(Core):
    """Takes the broker's taking of an event for the coordinator's having it."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        state, commands = controller.step(state, event, now)
        for command in commands:
            if isinstance(command, do.SendEvents):
                state = replace(state, outbox=replace(state.outbox, first=command.last + 1))
                commands = [*commands, do.Prune(command.last)]
        return state, commands


class ForgetsThatItPrints(Core):
    """Tells the printer first and writes it down later."""

    @staticmethod
    def changes(old: State, new: State) -> Mapping[str, object | None]:
        return {
            key: row
            for key, row in journal.changes(old, new).items()
            if not (isinstance(row, Job) and row.state is PrintState.PRINTING)
        }


class PrintsAgainWhenInDoubt(Core):
    """Takes a doubtful card for one that was never begun."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        state, commands = controller.step(state, event, now)
        saved: dict[str, Any] = dict(state.printing.saved)
        doubtful = {
            key: replace(row, state=PrintState.ACCEPTED)
            for key, row in saved.items()
            if isinstance(row, Job) and row.state is PrintState.UNCERTAIN
        }
        if doubtful:
            state = replace(state, printing=replace(state.printing, saved=saved | doubtful, ask_at=now))
        return state, commands


class LosesItsCounter(Core):
    """Does not keep how many enrolments it has opened."""

    @staticmethod
    def changes(old: State, new: State) -> Mapping[str, object | None]:
        return {key: row for key, row in journal.changes(old, new).items() if not isinstance(row, Counter)}


PLANTED = (PrunesWhenSent, ForgetsThatItPrints, PrintsAgainWhenInDoubt, LosesItsCounter)
