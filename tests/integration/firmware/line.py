"""The controller's end of the power board's line, in a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import serial

from contract import power_wire as wire

PATIENCE_S = 60.0


class Line:
    """Opens the link as the booth does; keeps all frames that came."""

    def __init__(self, link: Path) -> None:
        self._port = serial.Serial(str(link), 115200, timeout=0.02)
        self._decoder = wire.Decoder()
        self._seq = 0
        self.reports: list[wire.Report] = []
        self.identities: list[wire.Identity] = []

    def send(self, data: bytes) -> None:
        self._port.write(data)

    def drive(self, relays: int) -> int:
        """Returns its sequence."""
        self._seq += 1
        self.send(wire.drive(self._seq, relays))
        return self._seq

    def listen(self) -> None:
        for frame in self._decoder.receive(self._port.read(4096)):
            if frame.kind == wire.IDENTITY:
                identity = wire.read_identity(frame.payload)
                assert identity is not None
                self.identities.append(identity)
            else:
                report = wire.read_report(frame.payload)
                assert report is not None
                self.reports.append(report)

    def until(self, condition: Callable[[], object], what: str, holding: int | None = None) -> None:
        """Listen until then, driving meanwhile when `holding` says what."""
        deadline, drove = time.monotonic() + PATIENCE_S, 0.0
        while not condition():
            assert time.monotonic() < deadline, f"{what}: it did not happen"
            if holding is not None and time.monotonic() - drove > 0.3:
                drove = time.monotonic()
                self.drive(holding)
            self.listen()

    def told(self, condition: Callable[[wire.Report], object], what: str, holding: int | None = None) -> wire.Report:
        """The first report from now on of which this is true."""
        past = len(self.reports)
        self.until(lambda: any(condition(report) for report in self.reports[past:]), what, holding)
        return next(report for report in self.reports[past:] if condition(report))

    def close(self) -> None:
        self._port.close()


def main(link: str, deadman_ms: str) -> None:
    """A controller of its own process: asks for the start for ever; prints the board's uptime of each report."""
    line = Line(Path(link))
    line.told(lambda _: True, "the board has started")
    line.send(wire.config(1, int(deadman_ms)))
    while True:
        line.drive(wire.GENSET_START | wire.ATS_INHIBIT)
        deadline = time.monotonic() + 0.2
        while time.monotonic() < deadline:
            line.listen()
        for report in line.reports:
            print(report.uptime_ms, *wire.words(report.relays, wire.RELAYS), flush=True)
        line.reports.clear()


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:])
