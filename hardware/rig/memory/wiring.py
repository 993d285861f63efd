"""What a plan means for the booth program: its settings, its drivers, and who has which contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from contract.messages import Modality
from edge.core.settings import EnergySettings, GensetSettings, Settings
from edge.devices import Device
from edge.devices.evolis import Evolis
from edge.devices.megatec import Megatec
from edge.devices.sbi import Sbi
from edge.devices.scanner import Scanner
from edge.devices.topaz import Topaz
from hardware.rig.memory.store import MemoryStore
from hardware.rig.scenario.stage import BoothPlan, contacts_of, power_of

NAME = "memory-1"
_KINDS = {"ups": "megatec", "scanner": "scanner", "pad": "topaz", "printer": "evolis"} | dict.fromkeys(
    ("face", "finger", "iris"), "sbi"
)
_TAKES = {
    Modality.PHOTO: "face",
    Modality.SIGNATURE: "pad",
    Modality.RIGHT_FOUR: "finger",
    Modality.LEFT_FOUR: "finger",
    Modality.THUMBS: "finger",
    Modality.IRIS: "iris",
}
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
    kinds = dict(_KINDS)
    if booth.genset == "dse":
        kinds["genset"] = "dse"
    if booth.board:
        kinds["board"] = "powerboard"
    made = GensetSettings(device="genset" if booth.genset == "dse" else None)
    base = Settings(NAME, MemoryStore.epoch, kinds, _TAKES, ups="ups", printer="printer")
    return replace(
        base,
        board="board" if booth.board else None,
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


def drivers_of(booth: BoothPlan) -> list[Device]:
    """The real drivers."""
    drivers: list[Device] = [
        Megatec("ups", poll_s=float(booth.power.get("ups_poll_s", POLL_S))),
        Scanner("scanner", mode="text"),
        Topaz("pad"),
        Evolis("printer"),
        Sbi("face", port=4501, takes=(Modality.PHOTO,)),
        Sbi("finger", port=4502, takes=(Modality.RIGHT_FOUR, Modality.LEFT_FOUR, Modality.THUMBS)),
        Sbi("iris", port=4503, takes=(Modality.IRIS,)),
    ]
    if booth.genset == "dse":
        from edge.devices.dse import Dse

        drivers.append(Dse("genset", poll_s=float(booth.power.get("genset_poll_s", POLL_S))))
    if booth.board:
        from edge.devices.powerboard import PowerBoard

        drivers.append(PowerBoard("board"))
    return drivers
