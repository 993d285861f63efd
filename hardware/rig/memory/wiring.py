"""What a plan means for the booth program: its settings, its drivers, and who has which contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from contract.messages import Modality
from edge.core.settings import DEFAULT_ORDER, EnergySettings, GensetSettings, Settings
from edge.devices import Device
from edge.devices.dse import Dse
from edge.devices.evolis import Evolis
from edge.devices.megatec import Megatec
from edge.devices.powerboard import PowerBoard
from edge.devices.sbi import Sbi
from edge.devices.scanner import Scanner
from edge.devices.topaz import Topaz
from hardware.rig.memory.store import MemoryStore
from hardware.rig.scenario.stage import BoothPlan, contacts_of, figure, power_of

NAME = "memory-1"
_RECORDERS = {
    "face": (Modality.PHOTO,),
    "finger": (Modality.RIGHT_FOUR, Modality.LEFT_FOUR, Modality.THUMBS),
    "iris": (Modality.IRIS,),
}
SELDOM_S = 60.0
_RELAYS = frozenset({"genset_start", "ats_inhibit", "shed_1", "shed_2"})
POLL_S = 1.0
T = TypeVar("T", EnergySettings, GensetSettings)


def on_pins(booth: BoothPlan) -> frozenset[str]:
    """Contacts and relays that are wired to the controller's pins."""
    own = frozenset({"mains", "door"})
    if booth.board:
        return own
    return own | _RELAYS | contacts_of(booth)


def on_board(booth: BoothPlan) -> frozenset[str]:
    """Contacts that are wired to the power board."""
    return contacts_of(booth) if booth.board else frozenset()


def settings_of(booth: BoothPlan) -> Settings:
    """The booth file's settings. Raises ValueError for a key that [power] does not have."""
    power = power_of(booth)
    genset: Mapping[str, Any] = power.pop("genset", {})
    energy: Mapping[str, Any] = power.pop("energy", {})
    power.pop("ups_poll_s", None)
    power.pop("genset_poll_s", None)
    made = GensetSettings(device="genset" if booth.genset == "dse" else None)
    takes = {one: name for name, several in recorders_of(booth).items() for one in several}
    takes[Modality.SIGNATURE] = "pad"
    base = Settings(NAME, MemoryStore.epoch, kinds_of(booth), takes, ups="ups", printer="printer")
    return replace(
        base,
        board="board" if booth.board else None,
        order=tuple(one for one in DEFAULT_ORDER if one in takes),
        wired=on_pins(booth),
        genset=None if booth.genset == "none" else _with(made, genset, "power.genset"),
        energy=_with(EnergySettings(), energy, "power.energy"),
        **{key: value for key, value in power.items() if _known(base, key, "power")},
    )


def _with(settings: T, given: Mapping[str, Any], where: str) -> T:
    changed: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    for key in changed:
        _known(settings, key, where)
    return replace(settings, **changed)


def _known(settings: Any, key: str, where: str) -> bool:
    names = [each.name for each in fields(settings)]
    if key not in names:
        raise ValueError(f"[{where}] has no key {key!r}; there are: {', '.join(names)}")
    return True


def kinds_of(booth: BoothPlan) -> dict[str, str]:
    """Every device of the booth: name -> kind."""
    kinds = {"ups": "megatec", "scanner": "scanner", "pad": "topaz", "printer": "evolis"}
    kinds |= dict.fromkeys(recorders_of(booth), "sbi")
    if booth.genset == "dse":
        kinds["genset"] = "dse"
    if booth.board:
        kinds["board"] = "powerboard"
    return kinds


def recorders_of(booth: BoothPlan) -> dict[str, tuple[Modality, ...]]:
    """SBI devices and what they take. A light booth has a camera alone."""
    if figure(booth, "light"):
        return {"face": (Modality.PHOTO,)}
    return _RECORDERS


def drivers_of(booth: BoothPlan) -> list[Device]:
    """The real drivers. Those of a light booth ask seldom: nothing but a job wants to know."""
    light = figure(booth, "light") > 0
    drivers: list[Device] = [
        Megatec("ups", poll_s=float(booth.power.get("ups_poll_s", POLL_S))),
        Scanner("scanner", mode="text"),
        Topaz("pad"),
        Evolis("printer", poll_s=SELDOM_S) if light else Evolis("printer"),
    ]
    for port, (name, takes) in enumerate(recorders_of(booth).items(), start=4501):
        drivers.append(Sbi(name, port, takes, poll_s=SELDOM_S) if light else Sbi(name, port, takes))
    if booth.genset == "dse":
        drivers.append(Dse("genset", poll_s=float(booth.power.get("genset_poll_s", POLL_S))))
    if booth.board:
        drivers.append(PowerBoard("board"))
    return drivers
