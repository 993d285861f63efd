"""A card is printed when an idle printer's counter says so; whatever else happens, the counter is told as it is."""

from __future__ import annotations

import pytest

from edge.core.events import (
    CardPrinted,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    FrameRejected,
    PrinterReady,
    PrintFailed,
)
from edge.core.requests import CheckPrinter, PrintCard
from edge.devices.evolis import Evolis
from edge.devices.evolis_wire import SIZES
from tests.unit.edge.devices.line import Line

RASTER = bytes(range(256)) * 321 + bytes(120)
JOB = PrintCard("job-7", 100, "print/job-7", {"k": RASTER})


class Printer:
    """Answers like the programming guide says; `faults` names what a command does instead."""

    def __init__(self) -> None:
        self.counter = 100
        self.information = self.warning = self.error = 0
        self.heard: list[bytes] = []
        self.faults: dict[bytes, bytes] = {}
        self.busy_polls = 0
        self.silent = False
        self.takes_card = True
        self.swallow = 0
        """Bytes of a raster that is still awaited."""

    def __call__(self, out: bytes) -> bytes:
        if self.silent:
            return b""
        reply = b""
        while out:
            if self.swallow:
                eaten = min(self.swallow, len(out))
                self.swallow -= eaten
                out = out[eaten:]
                reply += b"" if self.swallow else b"\x06"
                continue
            if not out.startswith(b"\x1b"):
                out = out[1:]
                continue
            out = out[1:]
            size = len(out.split(b";")[0]) + 5 + len(RASTER) if out.startswith(b"Db") else out.index(b"\r")
            reply += self.does(out[:size])
            out = out[size + 1 :]
        return reply

    def does(self, command: bytes) -> bytes:
        self.heard.append(command)
        word = command.split(b";")[0]
        if word in self.faults:
            return self.faults[word]
        if word == b"Rpst":
            busy = 1 if self.busy_polls > 0 else 0
            self.busy_polls -= 1
            return b"%08X%08X%08X%08X\r" % (0, self.information | busy, self.warning, self.error)
        if word == b"Rco":
            return b"%d\r" % self.counter
        if word in (b"Rtp", b"Rsn", b"Rfv"):
            return {b"Rtp": b"Primacy", b"Rsn": b"10000123", b"Rfv": b"2053"}[word] + b"\x00"
        if word == b"Scs":
            self.error = 0
        if word == b"Sr":
            self.counter += 1 if self.takes_card else 0
            self.busy_polls = 5
        return b"\x06"


def printer(device: Printer) -> Line:
    line = Line(Evolis("printer"), device).open()
    return line.ask(CheckPrinter()).wait(1)


def words(device: Printer) -> list[bytes]:
    return [command.split(b";")[0] for command in device.heard]


def test_a_printer_tells_who_it_is_and_manages_no_errors_by_itself() -> None:
    device = Printer()
    line = Line(Evolis("printer"), device).open().wait(0.1)
    assert line.one(DeviceOnline).details == {
        "maker": "Evolis",
        "model": "Primacy",
        "serial": "10000123",
        "firmware": "2053",
    }
    assert device.heard[0] == b"Pem;2"


def test_a_check_tells_the_counter() -> None:
    assert printer(Printer()).one(PrinterReady).counter == 100


def test_a_card_is_printed_and_its_raster_goes_down_before_anything_moves() -> None:
    device = Printer()
    line = printer(device)
    device.heard.clear()
    line.ask(JOB).wait(10)
    assert line.one(CardPrinted) == CardPrinted("printer", "job-7", 101)
    assert not line.heard(PrintFailed)
    job = [word for word in words(device) if word not in (b"Rpst", b"Rco")]
    assert job == [b"Pem", b"Pr", b"Ss", b"Db", b"Sr", b"Se"]
    assert b"Db;k;2;" + RASTER in device.heard
    assert len(RASTER) == SIZES["k"] == 82_296


def test_acknowledged_is_not_printed() -> None:
    device = Printer()
    line = printer(device)
    device.busy_polls = 0
    device.faults[b"Se"] = b"\x06"
    line.ask(JOB)
    assert not line.heard(CardPrinted), "it is still at work"
    assert line.wait(10).one(CardPrinted)


def test_a_card_that_jams_after_it_was_taken_is_failed_with_the_counter_up() -> None:
    device = Printer()
    line = printer(device)
    device.faults[b"Se"] = b"\x15T"
    device.error = 0
    line.answer = lambda out: _jam(device, out)
    failed = line.ask(JOB).wait(30).one(PrintFailed)
    assert (failed.job, failed.counter) == ("job-7", 101)
    assert "jammed" in failed.reason
    assert line.one(DeviceFault).reasons == ("media-jam-error",)


def _jam(device: Printer, out: bytes) -> bytes:
    if b"\x1bSr\r" in out:
        device.error = 0x0100_0000
    return device(out)


def test_a_refusal_before_the_card_moves_leaves_the_counter() -> None:
    device = Printer()
    line = printer(device)
    device.faults[b"Db"] = b"\x152"
    failed = line.ask(JOB).wait(5).one(PrintFailed)
    assert failed.counter == 100
    assert b"Sr" not in words(device)


def test_a_download_that_is_never_acknowledged_moves_no_card() -> None:
    device = Printer()
    line = printer(device)
    device.faults[b"Db"] = b""
    failed = line.ask(JOB).wait(140).one(PrintFailed)
    assert failed.counter == 100
    assert "Db" in failed.reason
    assert b"Sr" not in words(device)


def test_words_of_a_printer_without_ack_mode_are_understood() -> None:
    device = Printer()
    device.faults = {b"Pem": b"OK\x00", b"Ss": b"OK\x00", b"Scs": b"OK\x00", b"Pr": b"ERROR PARAMETRES\x00"}
    failed = printer(device).ask(JOB).wait(5).one(PrintFailed)
    assert "ERROR PARAMETRES" in failed.reason


def test_an_unmoved_counter_is_believed_only_after_a_long_wait() -> None:
    device = Printer()
    line = printer(device)
    device.takes_card = False
    line.ask(JOB).wait(20)
    assert not line.heard(PrintFailed), "the printer may be about to take the card"
    device.counter += 1
    assert line.wait(5).one(CardPrinted).counter == 101


def test_a_printer_that_takes_no_card_at_all_is_failed_with_the_counter_as_it_was() -> None:
    device = Printer()
    line = printer(device)
    device.takes_card = False
    assert line.ask(JOB).wait(120).one(PrintFailed).counter == 100


def test_a_counter_that_moved_since_the_check_stops_the_job() -> None:
    device = Printer()
    line = printer(device)
    device.counter = 101
    device.heard.clear()
    failed = line.ask(JOB).wait(1).one(PrintFailed)
    assert failed.counter == 101
    assert set(words(device)) <= {b"Rpst", b"Rco"}


@pytest.mark.parametrize("panels", [{}, {"k": RASTER[:-1]}, {"z": RASTER}, {"y": RASTER}])
def test_a_raster_of_a_wrong_size_never_reaches_the_printer(panels: dict[str, bytes]) -> None:
    device = Printer()
    line = printer(device)
    device.heard.clear()
    failed = line.ask(PrintCard("job-7", 100, "b", panels)).wait(1).one(PrintFailed)
    assert (failed.counter, "raster" in failed.reason) == (100, True)
    assert set(words(device)) <= {b"Rpst", b"Rco"}


def test_the_same_job_asked_twice_is_printed_once() -> None:
    device = Printer()
    line = printer(device)
    line.ask(JOB).ask(JOB).wait(20)
    assert line.one(CardPrinted)
    assert words(device).count(b"Sr") == 1


def test_another_job_meanwhile_is_refused_untouched() -> None:
    line = printer(Printer()).ask(JOB).ask(PrintCard("job-8", 100, "b", {"k": RASTER}))
    assert line.one(PrintFailed).job == "job-8"
    assert line.wait(10).one(CardPrinted).job == "job-7"


def test_a_port_lost_while_printing_leaves_the_counter_unknown() -> None:
    device = Printer()
    line = printer(device)
    device.silent = True
    line.ask(JOB).close()
    assert line.one(PrintFailed).counter is None
    assert line.one(DeviceLost)


def test_a_printer_that_falls_silent_leaves_the_counter_unknown() -> None:
    device = Printer()
    line = printer(device)
    device.faults[b"Se"] = b"\x06"
    line.ask(JOB)
    device.silent = True
    assert line.wait(300).one(PrintFailed).counter is None


def test_a_printer_that_was_off_in_between_has_not_printed_beyond_doubt() -> None:
    device = Printer()
    line = printer(device).ask(JOB).wait(0.4)
    device.silent = True
    line.wait(10)
    device.silent, device.busy_polls = False, 0
    failed = line.wait(20).one(PrintFailed)
    assert failed.counter == 101
    assert "off while printing" in failed.reason


def test_a_printer_that_says_it_just_started_has_not_printed_beyond_doubt() -> None:
    device = Printer()
    line = printer(device).ask(JOB).wait(0.4)
    device.information = 0x0001_0000
    device.heard.clear()
    assert "off while printing" in line.wait(20).one(PrintFailed).reason
    assert b"Pem;2" in device.heard, "the restart forgot who manages errors"


def test_a_card_that_stays_inside_is_not_printed() -> None:
    device = Printer()
    line = printer(device).ask(JOB).wait(0.4)
    device.information = 0x0200_0000
    assert "inside" in line.wait(200).one(PrintFailed).reason


def test_a_job_never_begins_on_a_card_that_is_inside() -> None:
    device = Printer()
    line = printer(device)
    device.information = 0x0200_0000
    failed = line.ask(JOB).wait(1).one(PrintFailed)
    assert (failed.counter, "inside" in failed.reason) == (100, True)
    assert b"Ss" not in words(device)


def test_a_card_that_a_cut_left_inside_is_rejected_before_the_printer_is_ready() -> None:
    device = Printer()
    device.information = 0x0200_0000
    line = Line(Evolis("printer"), lambda out: _rejects(device, out)).open().ask(CheckPrinter()).wait(2)
    assert line.one(PrinterReady).counter == 100
    assert b"Ser" in device.heard
    assert b"Se" not in device.heard, "a half printed card does not go to the good ones"


def _rejects(device: Printer, out: bytes) -> bytes:
    if b"\x1bSer\r" in out:
        device.information = 0
    return device(out)


def test_a_card_that_cannot_be_rejected_waits_for_a_person() -> None:
    device = Printer()
    device.information = 0x0200_0000
    line = Line(Evolis("printer"), device).open().wait(0.1)
    line.heard(DeviceOnline)
    line.ask(CheckPrinter()).wait(10)
    assert line.one(DeviceFault).reasons == ("media-jam-warning",)
    assert not line.heard(PrinterReady)
    device.information = 0
    assert line.wait(2).one(DeviceOnline)
    assert line.ask(CheckPrinter()).wait(2).one(PrinterReady)


def test_a_failed_job_is_cleared_by_the_next_check_at_once() -> None:
    device = Printer()
    line = printer(device)
    device.faults[b"Sr"] = b"\x15T"
    line.answer = lambda out: _jam(device, out)
    line.ask(JOB).wait(2)
    assert line.one(PrintFailed).counter == 100
    device.heard.clear()
    line.wait(2)
    assert set(words(device)) == {b"Rpst"}, "until then it is only looked at"
    device.faults.clear()
    line.answer = device
    line.heard(PrinterReady)
    assert line.ask(CheckPrinter()).wait(5).one(PrinterReady).counter == 100
    assert b"Scs" in device.heard


def test_a_printer_that_was_mended_is_ready_without_a_check() -> None:
    device = Printer()
    line = printer(device)
    device.error, device.warning = 0x0200_0000, 0x0002_0000
    device.heard.clear()
    line.wait(30)
    assert line.said and b"Scs" not in device.heard, "the cover is still open"
    device.warning = 0
    line.said.clear()
    line.wait(10)
    assert line.one(DeviceOnline)


def test_a_check_waits_until_the_printer_is_idle() -> None:
    device = Printer()
    device.busy_polls = 20
    line = Line(Evolis("printer"), device).open().ask(CheckPrinter()).wait(5)
    assert not line.heard(PrinterReady)
    assert b"Scs" not in device.heard, "a card that is being printed is not disturbed"
    assert line.wait(10).one(PrinterReady)


@pytest.mark.parametrize(
    ("warning", "error", "reasons", "remedy"),
    [
        (0x0100_0000, 0, ("media-empty-warning",), "Fill the feeder"),
        (0x0010_0000, 0, ("output-area-full-warning",), "Take the cards out"),
        (0x0008_0000, 0, ("marker-supply-empty-warning",), "new ribbon"),
        (0x0002_0000, 0, ("cover-open-warning",), "Close"),
        (0x0001_0000, 0, ("marker-supply-missing-warning",), "ribbon"),
        (0x0800_0000, 0, ("output-area-full-warning",), "reject box"),
        (0, 0x0100_0000, ("media-jam-error",), "jammed card"),
        (0, 0x0200_0000, ("cover-open-error",), "Close"),
        (0, 0x0400_0000, ("marker-supply-missing-error",), "ribbon"),
        (0, 0x0800_0000, ("media-jam-error",), "Fan the cards"),
        (0, 0x0020_0000, ("marker-supply-empty-error",), "new ribbon"),
        (0, 0x0000_0001, ("other-error",), "panel"),
        (0x0102_0000, 0x0100_0000, ("media-jam-error", "cover-open-warning", "media-empty-warning"), "jammed card"),
    ],
)
def test_each_trouble_has_its_word_and_its_remedy(
    warning: int, error: int, reasons: tuple[str, ...], remedy: str
) -> None:
    device = Printer()
    line = Line(Evolis("printer"), device).open().wait(0.1)
    assert line.one(DeviceOnline)
    device.warning, device.error = warning, error
    fault = line.wait(3).one(DeviceFault)
    assert fault.reasons == reasons
    assert remedy in fault.remedy
    device.warning = device.error = 0
    assert line.wait(2).one(DeviceOnline)


def test_a_check_of_a_printer_in_trouble_is_answered_each_time() -> None:
    device = Printer()
    device.warning = 0x0100_0000
    line = Line(Evolis("printer"), device).open().wait(0.1)
    line.heard(DeviceFault)
    assert line.ask(CheckPrinter()).wait(2).one(DeviceFault)
    assert line.ask(CheckPrinter()).wait(2).one(DeviceFault)
    assert not line.heard(PrinterReady)


def test_a_silent_printer_is_lost_and_found() -> None:
    device = Printer()
    line = printer(device)
    line.heard(DeviceOnline)
    device.silent = True
    assert "Pcom" in line.wait(20).one(DeviceLost).remedy
    assert line.ask(CheckPrinter()).wait(15).heard(DeviceLost)
    device.silent = False
    assert line.wait(15).one(DeviceOnline)


def test_a_download_that_was_cut_is_completed_and_no_card_moves() -> None:
    device = Printer()
    device.swallow = 40_000
    line = Line(Evolis("printer"), device).open().ask(CheckPrinter()).wait(30)
    assert line.heard(DeviceOnline)
    assert line.one(PrinterReady).counter == 100
    assert b"Scs" in device.heard
    assert b"Sr" not in device.heard


def test_a_late_reply_is_not_taken_for_another_question_s() -> None:
    device = Printer()
    line = printer(device)
    line.heard(PrinterReady)
    device.faults[b"Rco"] = b"%032X\r" % 0
    line.ask(CheckPrinter()).wait(10)
    assert not line.heard(PrinterReady), "a status is no counter"
    assert line.heard(FrameRejected)


def test_a_check_without_a_port_says_so() -> None:
    line = printer(Printer()).close()
    line.heard(DeviceLost)
    assert line.ask(CheckPrinter()).one(DeviceLost)
    assert line.ask(JOB).one(PrintFailed).counter is None
