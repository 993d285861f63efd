"""A UPS behind NUT: one list is one reading, a lost UPS is no outage, a command is proved by the status."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.core.events import (
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    FrameRejected,
    RequestConfirmed,
    RequestFailed,
    UpsReading,
    UpsTestEnded,
)
from edge.core.requests import CancelCut, CancelUpsTest, CheckPrinter, CutAndRestore, Request, SetBeeper, TestUps
from edge.devices.upsd import Upsd
from edge.devices.upsd_wire import quote, read_vars, words
from tests.unit.edge.devices.line import Line

PLAIN = {
    "battery.charge": "100",
    "battery.runtime": "1800",
    "battery.voltage": "27.30",
    "device.mfr": "EATON",
    "device.model": "5P 1150",
    "driver.name": "usbhid-ups",
    "input.frequency": "50.1",
    "input.voltage": "229.8",
    "output.voltage": "230.1",
    "ups.beeper.status": "enabled",
    "ups.delay.shutdown": "20",
    "ups.load": "23",
    "ups.status": "OL CHRG",
    "ups.temperature": "31.5",
    "ups.type": "offline / line interactive",
}
COMMANDS = (
    "test.battery.start.quick",
    "test.battery.start.deep",
    "test.battery.stop",
    "beeper.enable",
    "beeper.disable",
    "shutdown.return",
    "shutdown.stop",
)


class Server:
    """A stand-in for `upsd`. `on`: what an instant command does; `errors`: answers by the beginning of a question."""

    def __init__(self, login: bool = True, **told: str) -> None:
        self.told = {**PLAIN, **{name.replace("_", "."): value for name, value in told.items()}}
        self.commands: tuple[str, ...] = COMMANDS
        self.on: dict[str, Callable[[], object]] = {}
        self.errors: dict[str, str] = {}
        self.asked: list[str] = []
        self.silent = False
        user = ("booth", 'a "b" \\c') if login else ("", "")
        self.line = Line(Upsd("ups", "eaton", 1.0, *user), self.answer)

    def open(self) -> Server:
        self.line.open().wait(0.1)
        return self

    def answer(self, out: bytes) -> bytes:
        assert out.endswith(b"\n")
        return b"" if self.silent else b"".join(self.one(line) for line in out.decode().splitlines())

    def one(self, question: str) -> bytes:
        if not question.startswith("LIST"):
            self.asked.append(question)
        for beginning, error in self.errors.items():
            if question.startswith(beginning):
                return f"ERR {error}\n".encode()
        match words(question):
            case ["LIST", kind, ups]:
                told = [f"VAR {ups} {name} {quote(value)}" for name, value in self.told.items()]
                lines = told if kind == "VAR" else [f"CMD {ups} {name}" for name in self.commands]
                return "\n".join([f"BEGIN LIST {kind} {ups}", *lines, f"END LIST {kind} {ups}", ""]).encode()
            case ["INSTCMD", _, command, *_]:
                if command not in self.commands:
                    return b"ERR CMD-NOT-SUPPORTED\n"
                self.on.get(command, lambda: None)()
        return b"OK\n"

    def becomes(self, **told: str) -> Callable[[], None]:
        return lambda: self.told.update({name.replace("_", "."): value for name, value in told.items()})

    def reading(self) -> UpsReading:
        return self.line.wait(1.1).heard(UpsReading)[-1]

    def failed(self) -> RequestFailed:
        assert not self.line.heard(RequestConfirmed)
        return self.line.one(RequestFailed)

    def confirmed(self) -> list[str]:
        return [event.request for event in self.line.heard(RequestConfirmed)]


def test_one_list_is_one_reading() -> None:
    server = Server().open()
    assert server.line.one(DeviceOnline).details == {"maker": "EATON", "model": "5P 1150", "driver": "usbhid-ups"}
    reading = server.line.one(UpsReading)
    assert (reading.input_v, reading.output_v, reading.load_pct, reading.frequency_hz) == (229.8, 230.1, 23.0, 50.1)
    assert (reading.battery_v, reading.temperature_c, reading.status) == (27.3, 31.5, "OL CHRG")
    assert (reading.charge_pct, reading.runtime_s) == (100.0, 1800.0)
    assert (reading.utility_fail, reading.beeper, reading.offline_type) == (False, True, True)
    assert reading.unknown == {"fault_v"}
    assert server.asked == ['USERNAME "booth"', 'PASSWORD "a \\"b\\" \\\\c"']


def test_a_reading_comes_with_every_poll_and_may_come_in_pieces() -> None:
    server = Server().open()
    server.line.heard(UpsReading)
    server.line.wait(10)
    assert 9 <= len(server.line.heard(UpsReading)) <= 11
    answer, server.line.answer = server.line.answer, None
    server.line.wait(1)
    assert answer is not None
    for byte in answer(b"LIST VAR eaton\n"):
        server.line.feed(bytes([byte]))
    assert len(server.line.heard(UpsReading)) == 1 and not server.line.heard(FrameRejected)


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("OB DISCHRG", {"utility_fail"}),
        ("OB LB", {"utility_fail", "battery_low"}),
        ("OL TRIM", {"bypass"}),
        ("OL BOOST CHRG", {"bypass"}),
        ("OL BYPASS", {"bypass"}),
        ("OL CAL DISCHRG", {"testing"}),
        ("FSD OB", {"utility_fail", "shutting_down"}),
        ("OL OVER RB", set()),
        ("OFF", set()),
    ],
)
def test_words_of_nut_become_bits(status: str, meant: set[str]) -> None:
    reading = Server(ups_status=status).open().reading()
    bits = {"utility_fail", "battery_low", "bypass", "testing", "shutting_down", "failed"}
    assert {bit for bit in bits if getattr(reading, bit)} == meant
    assert reading.status == status


def test_what_is_not_told_is_named_as_unknown_and_looks_like_no_outage() -> None:
    reading = read_vars("ups", {"ups.status": "OL"})
    assert reading is not None
    assert reading.unknown >= {"input_v", "output_v", "load_pct", "battery_v", "temperature_c", "frequency_hz"}
    assert reading.input_v == 230.0 and reading.charge_pct is None and reading.runtime_s is None
    assert reading.load_pct == 100.0, "an unknown load is reckoned as the heaviest"


@pytest.mark.parametrize("nonsense", ["", "n/a", "nan", "inf", "-5", "1e9"])
def test_figures_that_cannot_be_are_unknown(nonsense: str) -> None:
    told = dict.fromkeys(
        ("input.voltage", "ups.load", "battery.charge", "battery.runtime", "ups.temperature"), nonsense
    )
    reading = read_vars("ups", {**PLAIN, **told})
    assert reading is not None
    assert reading.unknown >= {"input_v", "load_pct", "temperature_c"}
    assert reading.charge_pct is None and reading.runtime_s is None


def test_volts_of_before_the_outage_are_not_shown_beside_its_status() -> None:
    torn = Server(ups_status="OB", input_voltage="229.8").open().reading()
    assert torn.utility_fail and torn.input_v == 0.0 and "input_v" in torn.unknown
    back = Server(ups_status="OL", input_voltage="0.0").open().reading()
    assert not back.utility_fail and back.input_v == 230.0 and "input_v" in back.unknown
    brown = Server(ups_status="OB", input_voltage="150.0").open().reading()
    assert brown.input_v == 150.0 and "input_v" not in brown.unknown


def test_load_is_reckoned_from_watts_where_only_they_are_told() -> None:
    server = Server(ups_realpower="90", ups_realpower_nominal="360")
    del server.told["ups.load"]
    assert server.open().reading().load_pct == 25.0


def test_a_runtime_of_nought_beside_a_full_battery_is_no_runtime() -> None:
    assert Server(battery_runtime="0").open().reading().runtime_s is None
    assert Server(battery_runtime="0", battery_charge="3").open().reading().runtime_s == 0.0


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("DATA-STALE", "cable"),
        ("DRIVER-NOT-CONNECTED", "upsdrvctl"),
        ("UNKNOWN-UPS", "upsc -l"),
        ("ACCESS-DENIED", "upsd.users"),
        ("SOMETHING-NEW", "nut-server"),
    ],
)
def test_a_ups_that_nut_has_lost_is_lost_and_not_on_battery(code: str, word: str) -> None:
    server = Server().open()
    server.line.heard(DeviceOnline), server.line.heard(UpsReading)
    server.errors["LIST VAR"] = code
    server.line.wait(20)
    lost = server.line.one(DeviceLost)
    assert code in lost.error and word in lost.remedy
    assert not server.line.heard(UpsReading)
    server.errors.clear()
    server.line.wait(3)
    assert server.line.one(DeviceOnline) and server.line.heard(UpsReading)


def test_nut_that_has_no_status_yet_has_no_reading_yet() -> None:
    server = Server(ups_status="WAIT").open()
    server.line.wait(10)
    assert "waits" in server.line.one(DeviceLost).error and not server.line.heard(UpsReading)


def test_a_silent_server_is_lost_and_found_again() -> None:
    server = Server().open()
    server.line.heard(DeviceOnline)
    server.silent = True
    server.line.wait(20)
    assert "does not answer" in server.line.one(DeviceLost).error
    server.silent = False
    server.line.wait(4)
    assert server.line.one(DeviceOnline)


def test_a_closed_connection_is_told_at_once() -> None:
    server = Server().open()
    server.line.close("connection refused")
    lost = server.line.one(DeviceLost)
    assert "connection refused" in lost.error and "nut-server" in lost.remedy
    server.line.take()
    assert server.line.wait(30).take() == b""


def test_a_ups_that_says_it_failed_needs_a_person() -> None:
    server = Server(ups_status="ALARM OL", ups_alarm="UPS selftest failed!").open()
    assert server.line.one(DeviceFault).reasons == ("ups-failed",)
    assert not Server(ups_status="ALARM OL", ups_alarm="Replace battery!").open().line.heard(DeviceFault)


# --- commands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "command", "shows"),
    [
        (TestUps(), "test.battery.start.quick", {"ups_status": "OL CAL"}),
        (TestUps("deep"), "test.battery.start.deep", {"ups_test_result": "In progress"}),
        (SetBeeper(on=False), "beeper.disable", {"ups_beeper_status": "disabled"}),
        (CutAndRestore(30.0, 1), "shutdown.return", {"ups_timer_shutdown": "28"}),
    ],
)
def test_a_command_is_confirmed_by_the_status(request_: Request, command: str, shows: dict[str, str]) -> None:
    server = Server().open()
    server.on[command] = server.becomes(**shows)
    server.line.ask(request_).wait(1)
    assert server.confirmed() == [type(request_).__name__]
    assert server.asked[-1] == f"INSTCMD eaton {command}"


def test_a_test_is_told_to_its_end() -> None:
    server = Server().open()
    server.on["test.battery.start.quick"] = server.becomes(ups_status="OL CAL")
    server.line.ask(TestUps()).wait(10)
    server.becomes(ups_status="OL")()
    server.line.wait(2)
    assert server.line.one(UpsTestEnded).passed is True


def test_a_test_whose_result_is_an_error_has_not_passed() -> None:
    server = Server().open()
    server.on["test.battery.start.quick"] = server.becomes(ups_test_result="In progress")
    server.line.ask(TestUps()).wait(10)
    server.becomes(ups_test_result="Done and error")()
    server.line.wait(2)
    assert server.line.one(UpsTestEnded).passed is False


def test_a_test_is_cancelled() -> None:
    server = Server().open()
    server.on["test.battery.start.deep"] = server.becomes(ups_status="OL CAL")
    server.on["test.battery.stop"] = server.becomes(ups_status="OL")
    server.line.ask(TestUps("deep")).wait(3).ask(CancelUpsTest()).wait(3)
    assert server.confirmed() == ["TestUps", "CancelUpsTest"]
    assert server.line.one(UpsTestEnded).passed is None


def test_a_cut_is_never_sooner_than_asked() -> None:
    server = Server().open()
    server.on["shutdown.return"] = server.becomes(ups_status="OB FSD")
    server.line.ask(CutAndRestore(40.0, 2)).wait(1)
    assert server.confirmed() == ["CutAndRestore"]
    assert server.asked[-3:] == [
        'SET VAR eaton ups.delay.shutdown "42"',
        'SET VAR eaton ups.delay.start "120"',
        "INSTCMD eaton shutdown.return",
    ]


def test_a_ups_whose_delay_is_too_short_and_cannot_be_set_is_not_told_to_cut() -> None:
    server = Server().open()
    server.errors["SET VAR"] = "READONLY"
    server.line.ask(CutAndRestore(40.0, 2)).wait(1)
    assert "sooner" in server.failed().error
    assert not any(question.startswith("INSTCMD") for question in server.asked)


def test_a_ups_whose_delay_is_long_enough_cuts_by_its_own() -> None:
    server = Server(ups_delay_shutdown="60").open()
    server.errors["SET VAR"] = "VAR-NOT-SUPPORTED"
    server.on["shutdown.return"] = server.becomes(ups_status="OB FSD")
    server.line.ask(CutAndRestore(40.0, 2)).wait(1)
    assert server.confirmed() == ["CutAndRestore"]


def test_a_cut_is_taken_back() -> None:
    server = Server().open()
    server.on["shutdown.return"] = server.becomes(ups_status="OB FSD")
    server.on["shutdown.stop"] = server.becomes(ups_status="OB")
    server.line.ask(CutAndRestore(40.0, 2)).wait(1).ask(CancelCut()).wait(1)
    assert server.confirmed() == ["CutAndRestore", "CancelCut"]


def test_a_beeper_that_can_only_be_toggled_is_toggled_once() -> None:
    server = Server()
    server.commands = ("beeper.toggle",)
    server.on["beeper.toggle"] = server.becomes(ups_beeper_status="disabled")
    server.open().line.ask(SetBeeper(on=True)).wait(1).ask(SetBeeper(on=False)).wait(1)
    assert server.confirmed() == ["SetBeeper", "SetBeeper"]
    assert server.asked.count("INSTCMD eaton beeper.toggle") == 1


def test_what_the_ups_cannot_do_is_refused_at_once() -> None:
    server = Server().open()
    server.line.ask(TestUps("two-minutes")).wait(1)
    assert "upscmd -l" in server.failed().error
    server.line.ask(CheckPrinter())
    assert "cannot do" in server.failed().error


def test_a_command_without_effect_is_given_up() -> None:
    server = Server().open()
    server.line.ask(TestUps()).wait(60)
    assert "3 times" in server.failed().error
    assert server.asked.count("INSTCMD eaton test.battery.start.quick") == 3


@pytest.mark.parametrize("login", [True, False])
def test_a_user_that_may_not_command_is_told_what_is_missing(login: bool) -> None:
    server = Server(login).open()
    server.errors["INSTCMD"] = "ACCESS-DENIED"
    server.line.ask(TestUps()).wait(1)
    assert "upsd.users" in server.failed().error


def test_a_lost_ups_confirms_nothing() -> None:
    server = Server().open()
    server.line.ask(TestUps()).wait(1)
    server.errors["LIST VAR"] = "DATA-STALE"
    server.line.wait(2)
    assert "DATA-STALE" in server.failed().error
    server.line.ask(TestUps())
    assert "DATA-STALE" in server.failed().error


# --- lines ---------------------------------------------------------------------------------------------


def test_quotes_and_backslashes_survive() -> None:
    assert words('VAR a ups.mfr "A \\"quoted\\" \\\\ name"') == ["VAR", "a", "ups.mfr", 'A "quoted" \\ name']
    assert words(quote('x "y" \\z')) == ['x "y" \\z']
    assert words('VAR a b ""') == ["VAR", "a", "b", ""]
    assert "\n" not in quote("name\nINSTCMD")


@pytest.mark.parametrize("line", [b"hello", b"VAR other ups.status OB", b"END LIST VAR eaton", b"OK", b"\xff\xfe", b""])
def test_a_line_that_answers_nothing_is_dropped(line: bytes) -> None:
    server = Server().open()
    server.line.heard(UpsReading)
    server.line.feed(line + b"\n")
    assert server.line.heard(FrameRejected) and not server.line.heard(UpsReading)
