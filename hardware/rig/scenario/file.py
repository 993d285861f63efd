"""The scenario file: TOML that a technician can read, checked in full before anything starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from contract.messages import BODIES, GensetPhase, Supply
from edge.config_base import MisfitError
from edge.config_power import Power
from hardware.rig.scenario import words
from hardware.rig.scenario.stage import PLANT, BoothPlan, Facts, power_of

#: Each scenario guards one of these; a wrong policy of a family is caught by one of its scenarios.
FAMILIES = ("supply", "debounce", "genset", "admission", "shutdown", "alarms", "link", "staleness")

#: What `count` may name beside the numbers of `Facts`: made from the booth's events.
COUNTS = ("dips", "outages", "supply_changes", "prints_begun", "printed", "spoiled", "uncertain", "recorded", "sheds")

FACTS = tuple(Facts.__dataclass_fields__)

#: Keys of an [[expect]]; each has exactly one of them.
SUBJECTS = (
    "supply",
    "genset",
    "final",
    "final_genset",
    "alarm",
    "only_alarms",
    "count",
    "fact",
    "telemetry",
    "told",
    "not_told",
    "no_print_while",
)


class ScenarioError(Exception):
    """The file is no scenario; the text names each mistake and the remedy."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Both(_Table):
    """A text in Indonesian and English."""

    id: Annotated[str, Field(min_length=3)]
    en: Annotated[str, Field(min_length=3)]


class Head(_Table):
    """What it is about. `lasts`: seconds until the verdict; the booth then still has time to deliver its events."""

    family: Literal["supply", "debounce", "genset", "admission", "shutdown", "alarms", "link", "staleness"]
    title: Both
    about: Both
    lasts: Annotated[float, Field(gt=0, le=7200)]
    permits: tuple[Literal["cut_in_print", "dark", "uncertain", "untrue"], ...] = ()
    """General rules that this scenario breaks on purpose."""


class Setting(_Table):
    """The booth. See `BoothPlan`."""

    genset: Literal["none", "contacts", "dse"] = "none"
    board: bool = False
    printer: Literal["ups", "mains"] = "ups"
    power: dict[str, Any] = Field(default_factory=dict)
    plant: dict[str, float] = Field(default_factory=dict)

    @field_validator("plant")
    @classmethod
    def _known(cls, plant: dict[str, float]) -> dict[str, float]:
        strange = sorted(set(plant) - set(PLANT))
        if strange:
            raise ValueError(f"no such physical figure: {', '.join(strange)}; there are: {', '.join(PLANT)}")
        return plant


class Act(_Table):
    """Something done at `s` seconds."""

    s: Annotated[float, Field(ge=0)]
    do: str

    @field_validator("do")
    @classmethod
    def _known(cls, do: str) -> str:
        words.parse(do)
        return do


class Expect(_Table):
    """One thing that must hold, see `hardware/rig/scenarios/README.md`. Exactly one of SUBJECTS is given."""

    supply: tuple[Supply, ...] | None = None
    genset: tuple[GensetPhase, ...] | None = None
    exactly: bool = False
    final: Supply | None = None
    final_genset: GensetPhase | None = None
    alarm: str | None = None
    ends: bool | None = None
    only_alarms: tuple[str, ...] | None = None
    count: str | None = None
    fact: str | None = None
    telemetry: str | None = None
    told: str | None = None
    not_told: str | None = None
    no_print_while: Supply | None = None
    where: dict[str, Any] = Field(default_factory=dict)
    contains: str = ""
    at_s: float | None = None
    after_s: float | None = None
    by_s: float | None = None
    equals: bool | float | str | None = Field(default=None, alias="is")
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> Expect:
        given = [name for name in SUBJECTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"an [[expect]] has exactly one of: {', '.join(SUBJECTS)}")
        if self.count is not None and self.count not in (*COUNTS, *FACTS):
            raise ValueError(f"count = {self.count!r}: there are: {', '.join((*COUNTS, *FACTS))}")
        if self.fact is not None and self.fact not in FACTS:
            raise ValueError(f"fact = {self.fact!r}: there are: {', '.join(FACTS)}")
        for kind in (self.told, self.not_told):
            if kind is not None and kind not in BODIES:
                raise ValueError(f"{kind!r} is no event; there are: {', '.join(BODIES)}")
        limits = (self.equals, self.at_least, self.at_most)
        if given[0] in ("count", "fact", "telemetry") and all(each is None for each in limits) and not self.contains:
            raise ValueError(f"{given[0]}: say what it must be: is, at_least, at_most or contains")
        return self

    @property
    def subject(self) -> str:
        """Which of SUBJECTS it is about."""
        return next(name for name in SUBJECTS if getattr(self, name) is not None)


class Scenario(_Table):
    """A whole file."""

    scenario: Head
    booth: Setting = Setting()
    at: tuple[Act, ...] = ()
    expect: Annotated[tuple[Expect, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Scenario:
        moments = [act.s for act in self.at]
        if moments != sorted(moments):
            raise ValueError("the [[at]] stand in the order of their seconds")
        if moments and moments[-1] > self.scenario.lasts:
            raise ValueError(
                f"the last [[at]] is at {moments[-1]:g} s, after the end (lasts = {self.scenario.lasts:g})"
            )
        for expect in self.expect:
            if expect.at_s is not None and expect.at_s > self.scenario.lasts:
                raise ValueError(f"at_s = {expect.at_s:g} is after the end (lasts = {self.scenario.lasts:g})")
        return self

    @property
    def plan(self) -> BoothPlan:
        """The booth as a bench wants it."""
        booth = self.booth
        return BoothPlan(booth.genset, booth.board, booth.printer, booth.power, booth.plant)


def load(path: Path) -> Scenario:
    """Read a scenario. Raises ScenarioError with every mistake."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror}); give the path of a scenario file") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: not TOML in UTF-8: {error}; correct that line") from error
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise ScenarioError(_lines(path, "", error)) from error
    try:
        Power.model_validate(power_of(scenario.plan))
    except ValidationError as error:
        raise ScenarioError(_lines(path, "booth.power.", error)) from error
    return scenario


def _lines(path: Path, head: str, error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        where = head + ".".join(str(each + 1) if isinstance(each, int) else each for each in item["loc"])
        cause = item.get("ctx", {}).get("error")
        remedy = f". {cause.remedy}" if isinstance(cause, MisfitError) else ""
        lines.append(f"{path}: {where + ': ' if where else ''}{item['msg'].removeprefix('Value error, ')}{remedy}")
    return "\n".join(lines)
