"""A wrong policy of each family is caught by one of its scenarios, so that their silence means something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from contract.messages import AlarmChanged
from edge.__main__ import Core
from edge.core import commands as do
from edge.core import controller
from edge.core import requests as ask
from edge.core.controller import State
from edge.core.events import DeviceLost, Event, UpsReading
from edge.core.settings import Settings
from hardware.rig.memory.stage import MemoryBench
from hardware.rig.scenario.file import FAMILIES, load
from hardware.rig.scenario.run import run_file
from hardware.rig.scenario_command import FOLDER


class BelievesTheContactAlone(Core):
    """Takes no word of the UPS about its input."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        if isinstance(event, UpsReading):
            event = replace(event, utility_fail=False)
        return controller.step(state, event, now)


class DebouncesNothing(Core):
    """Believes every edge of a contact at once."""

    @staticmethod
    def restore(settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: object = None) -> State:
        return controller.restore(replace(settings, mains_debounce_s=0.0), rows, first, last)


class CranksForEver(Core):
    """Does not count its attempts."""

    @staticmethod
    def restore(settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: object = None) -> State:
        genset = replace(settings.genset, attempts=99) if settings.genset is not None else None
        return controller.restore(replace(settings, genset=genset), rows, first, last)


class GoesBackAtOnce(Core):
    """Trusts mains that have been back for a moment."""

    @staticmethod
    def restore(settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: object = None) -> State:
        genset = replace(settings.genset, mains_steady_s=0.2) if settings.genset is not None else None
        return controller.restore(replace(settings, genset=genset), rows, first, last)


class AdmitsWithoutEnergy(Core):
    """Begins a card whatever the battery holds."""

    @staticmethod
    def restore(settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: object = None) -> State:
        energy = replace(settings.energy, margin=0.0, reserve_s=0.0, shutdown_s=0.0)
        return controller.restore(replace(settings, energy=energy), rows, first, last)


class HaltsWithoutThePromise(Core):
    """Halts the controller and leaves the UPS alone: nothing will ever cycle its power."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        state, commands = controller.step(state, event, now)
        return state, [_halt(command) for command in commands]


def _halt(command: do.Command) -> do.Command:
    if isinstance(command, do.Ask) and isinstance(command.request, ask.CutAndRestore):
        return do.HaltController("the battery is low")
    return command


class RaisesNoAlarm(Core):
    """Tells every alarm as if its condition were over."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        state, commands = controller.step(state, event, now)
        return state, [_calm(command) for command in commands]


def _calm(command: do.Command) -> do.Command:
    if isinstance(command, do.Record) and isinstance(command.body, AlarmChanged):
        return replace(command, body=command.body.model_copy(update={"active": False}))
    return command


class TakesALostLinkForAnOutage(Core):
    """Makes an outage of a UPS that does not answer."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        known: Any = state.plant.power.ups.reading
        if isinstance(event, DeviceLost) and event.device == state.settings.ups and known is not None:
            event = replace(known, utility_fail=True, status="OB")
        return controller.step(state, event, now)


class BelievesOldFigures(Core):
    """Goes on with the UPS's last word for ever."""

    @staticmethod
    def restore(settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: object = None) -> State:
        return controller.restore(replace(settings, ups_stale_s=1e6), rows, first, last)

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        if isinstance(event, DeviceLost) and event.device == state.settings.ups:
            return state, []
        return controller.step(state, event, now)


#: The wrong policy, and the scenario that catches it.
CAUGHT: list[tuple[type[Core], str]] = [
    (BelievesTheContactAlone, "mains-brownout"),
    (DebouncesNothing, "mains-bounce"),
    (GoesBackAtOnce, "mains-flapping"),
    (CranksForEver, "genset-no-start"),
    (AdmitsWithoutEnergy, "print-without-energy"),
    (HaltsWithoutThePromise, "shutdown-mains-back-late"),
    (RaisesNoAlarm, "ups-overload"),
    (TakesALostLinkForAnOutage, "ups-link-lost-on-mains"),
    (BelievesOldFigures, "ups-silent"),
]


@pytest.mark.parametrize(("wrong", "name"), CAUGHT, ids=[wrong.__name__ for wrong, _ in CAUGHT])
def test_the_wrong_policy_is_caught(wrong: type[Core], name: str) -> None:
    path = FOLDER / f"{name}.toml"
    assert run_file(path, MemoryBench).verdict.held
    assert not run_file(path, lambda: MemoryBench(wrong)).verdict.held


def test_every_family_has_a_wrong_policy_that_is_caught() -> None:
    assert {load(FOLDER / f"{name}.toml").scenario.family for _, name in CAUGHT} == set(FAMILIES)
