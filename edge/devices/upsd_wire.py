"""NUT's network protocol, line by line, and what a list of NUT's variables says of the UPS.

Source: NUT developer guide, "Network protocol information" and "NUT command and variable naming scheme".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from edge.core.events import UpsReading
from edge.core.requests import CancelCut, CancelUpsTest, Request, SetBeeper, TestUps

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_ESCAPED = re.compile(r"\\(.)")


def words(line: str) -> list[str]:
    """The words of a line; a word in quotes may hold spaces, and quotes behind a backslash."""
    found = []
    for quoted, plain in _WORD.findall(line):
        found.append(plain or _ESCAPED.sub(r"\1", quoted))
    return found


def quote(text: str) -> str:
    """A word for `upsd`, in quotes."""
    text = "".join(letter for letter in text if letter.isprintable())
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def instant(request: Request, known: frozenset[str]) -> str:
    """The instant command for a request, of those that the UPS has; if it has none, what it should have had."""
    match request:
        case TestUps(length="quick"):
            wanted: tuple[str, ...] = ("test.battery.start.quick",)
        case TestUps(length="deep"):
            wanted = ("test.battery.start.deep",)
        case TestUps():
            wanted = ("test.battery.start",)
        case CancelUpsTest():
            wanted = ("test.battery.stop",)
        case SetBeeper(on=on):
            wanted = ("beeper.enable" if on else "beeper.disable", "beeper.toggle")
        case CancelCut():
            wanted = ("shutdown.stop",)
        case _:
            wanted = ("shutdown.return",)
    name = next((name for name in wanted if name in known), wanted[0])
    return f"{name} 120" if name == "test.battery.start" else name


def details(told: Mapping[str, str]) -> dict[str, str]:
    """Maker, model, firmware, serial, and NUT's driver, those that it tells."""
    names = {
        "maker": ("device.mfr", "ups.mfr"),
        "model": ("device.model", "ups.model"),
        "firmware": ("ups.firmware",),
        "serial": ("device.serial", "ups.serial"),
        "driver": ("driver.name",),
    }
    found = {key: next((told[name] for name in ways if told.get(name)), "") for key, ways in names.items()}
    return {key: value[:100] for key, value in found.items() if value}


class _Figures:
    """Numbers among the variables, and the names of those that are missing or cannot be."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._told = told
        self.unknown: set[str] = set()

    def maybe(self, most: float, *variables: str) -> float | None:
        """The first of these variables that is a number between 0 and `most`."""
        for variable in variables:
            try:
                value = float(self._told[variable])
            except (KeyError, ValueError):
                continue
            if math.isfinite(value) and 0 <= value <= most:
                return value
        return None

    def figure(self, name: str, instead: float, most: float, *variables: str) -> float:
        """The same, or `instead`, and the figure is unknown."""
        value = self.maybe(most, *variables)
        if value is None:
            self.unknown.add(name)
            return instead
        return value


def read_vars(device: str, told: Mapping[str, str]) -> UpsReading | None:
    """The reading in one `LIST VAR`; None while NUT has no status yet.

    NUT asks for the status oftener than for the volts. Volts that contradict the status are of an older moment.
    """
    said = told.get("ups.status", "").split()
    if not said or "WAIT" in said:
        return None
    out, cut = "OB" in said, "OFF" in said
    alarm = told.get("ups.alarm", "").lower()
    test = told.get("ups.test.result", "").lower()
    figures = _Figures(told)
    nominal = figures.maybe(500, "input.voltage.nominal", "output.voltage.nominal") or 230.0
    input_v = figures.figure("input_v", 0.0 if out else nominal, 500, "input.voltage")
    if out and 0.85 * nominal <= input_v <= 1.15 * nominal:
        figures.unknown.add("input_v")
        input_v = 0.0
    elif "OL" in said and input_v < 0.5 * nominal:
        figures.unknown.add("input_v")
        input_v = nominal
    runtime = figures.maybe(1e7, "battery.runtime")
    charge = figures.maybe(100, "battery.charge")
    if runtime == 0 and (charge is None or charge > 10) and "LB" not in said:
        runtime = None  # Some units tell 0 for "not known".
    return UpsReading(
        device=device,
        input_v=input_v,
        fault_v=figures.figure("fault_v", 0.0, 500, "input.voltage.fault"),
        output_v=figures.figure("output_v", 0.0 if cut else nominal, 500, "output.voltage"),
        load_pct=_load(figures),
        frequency_hz=figures.figure("frequency_hz", 50.0, 100, "input.frequency", "output.frequency"),
        battery_v=figures.figure("battery_v", 0.0, 1000, "battery.voltage"),
        temperature_c=figures.figure("temperature_c", 25.0, 110, "ups.temperature", "battery.temperature"),
        utility_fail=out,
        battery_low="LB" in said,
        bypass=not {"BYPASS", "TRIM", "BOOST"}.isdisjoint(said),
        failed="fail" in alarm or "fault" in alarm or "error" in test or "fail" in test,
        offline_type="offline" in told.get("ups.type", ""),
        testing="CAL" in said or "progress" in test,
        shutting_down="FSD" in said or bool(figures.maybe(1e7, "ups.timer.shutdown")),
        beeper=told.get("ups.beeper.status") == "enabled",
        charge_pct=charge,
        status=" ".join(said)[:100],
        runtime_s=runtime,
        unknown=frozenset(figures.unknown),
    )


def _load(figures: _Figures) -> float:
    """Per cent of the rating; a UPS that does not tell is taken as fully loaded."""
    watts, rated = figures.maybe(1e6, "ups.realpower"), figures.maybe(1e6, "ups.realpower.nominal")
    load = figures.maybe(250, "ups.load")
    if load is None and watts is not None and rated:
        load = min(250.0, 100 * watts / rated)
    return load if load is not None else figures.figure("load_pct", 100.0, 250, "ups.load")
