"""What the maker's programming guide says of the card printer, and where the cards are whatever happens."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.simulators.evolis import ACK, NACK, CardPrinter, raster_bytes

RASTER = bytes(i * 31 & 0xFF for i in range(82_296))
K_SHA256 = sha256(RASTER).hexdigest()


class Host:
    """A patient host with a clock of its own."""

    def __init__(self, printer: CardPrinter) -> None:
        self.printer = printer
        self.now = 100.0

    def send(self, command: bytes) -> bytes:
        """Sends a frame; returns what comes back at once."""
        return self.printer.receive(b"\x1b" + command + b"\r", self.now)

    def wait(self, seconds: float = 120.0) -> bytes:
        """Lets time pass; returns what the printer says meanwhile."""
        end, out = self.now + seconds, b""
        while (due := self.printer.next_wakeup()) is not None and due <= end:
            self.now = max(self.now, due)
            out += self.printer.wakeup(self.now)
        self.now = end
        return out

    def do(self, command: bytes) -> bytes:
        return self.send(command) + self.wait()

    def ask(self, command: bytes) -> str:
        return self.send(command).removesuffix(b"\r").decode("ascii")

    def words(self) -> tuple[int, int, int, int]:
        """Config, information, warning and error word."""
        text = self.ask(b"Rpst")
        assert len(text) == 32
        config, information, warning, error = (int(text[i : i + 8], 16) for i in range(0, 32, 8))
        return config, information, warning, error

    def prepare(self, raster: bytes = RASTER) -> None:
        for command in (b"Pem;2", b"Pr;k", b"Ss", b"Db;k;2;" + raster):
            assert self.do(command) == ACK

    def print_card(self, raster: bytes = RASTER) -> bytes:
        self.prepare(raster)
        return self.do(b"Se")


@pytest.fixture
def host() -> Host:
    return Host(CardPrinter(feeder=5))


def test_a_panel_has_the_length_the_guide_gives() -> None:
    assert raster_bytes(2) == 82_296
    assert raster_bytes(256) == 658_368


def test_a_sequence_prints_one_card_with_the_raster_that_was_sent(host: Host) -> None:
    assert host.print_card() == ACK
    (card,) = host.printer.tray
    assert (card.number, card.k_sha256, card.complete) == (1, K_SHA256, True)
    assert host.ask(b"Rco;c") == "1"
    assert host.printer.feeder == 5 and host.printer.path.feeder == 4


def test_the_raster_may_come_before_or_after_the_card_is_called(host: Host) -> None:
    orders = (
        (b"Ss", b"Sr", b"Db;k;2;" + RASTER, b"Se"),
        (b"Ss", b"Db;k;2;" + RASTER, b"Sr", b"Se"),
        (b"Db;k;2;" + RASTER, b"Ss", b"Sr", b"Se"),
        (b"Ss", b"Si", b"Db;k;2;" + RASTER, b"Se"),
    )
    for order in orders:
        assert [host.do(command) for command in (b"Pem;2", *order)] == [ACK] * 5
    assert [(card.k_sha256, card.complete) for card in host.printer.tray] == [(K_SHA256, True)] * 4
    assert host.ask(b"Rco;c") == "4" and host.ask(b"Rco;p") == "4"


def test_a_raster_may_hold_any_byte_and_come_in_any_pieces(host: Host) -> None:
    raster = (b"\x1bSe\r\x00\x0d" * 20_000)[:82_296]
    frame = b"\x1bPr;k\r\x1bSs\r\x1bDb;k;2;" + raster + b"\r\x1bSe\r"
    out = b""
    for start in range(0, len(frame), 997):
        out += host.printer.receive(frame[start : start + 997], host.now)
    assert out + host.wait() == ACK * 4
    assert host.printer.tray[0].k_sha256 == sha256(raster).hexdigest()


def test_a_colour_card_takes_its_five_panels_and_longer(host: Host) -> None:
    host.do(b"Pem;2")
    host.do(b"Pr;ymcko")
    host.do(b"Ss")
    for panel in (b"y", b"m", b"c"):
        assert host.do(b"Db;" + panel + b";256;" + bytes(658_368)) == ACK
    assert host.do(b"Db;k;2;" + RASTER) == ACK
    assert host.do(b"Wcb;o;255") == ACK
    assert host.send(b"Se") == b""
    assert host.wait(15.0) == b""
    assert host.wait() == ACK
    assert host.printer.tray[0].k_sha256 == K_SHA256


def test_a_movement_is_answered_when_it_ends_and_the_status_is_told_meanwhile(host: Host) -> None:
    host.prepare()
    assert host.send(b"Se") == b""
    host.wait(2.5)
    _, information, _, error = host.words()
    assert information & 0x80 and information & 0x01, "printing and busy"
    assert error == 0
    assert host.wait() == ACK
    assert host.words()[1] & 0x81 == 0


def test_a_printer_that_acknowledges_on_receipt_has_not_printed_yet(host: Host) -> None:
    host.printer.acknowledges_on_receipt = True
    host.prepare()
    assert host.send(b"Se") == ACK
    assert host.printer.tray == []
    assert host.wait() == b""
    assert host.printer.tray[0].complete


def test_commands_sent_while_a_card_moves_are_done_afterwards_in_order(host: Host) -> None:
    host.prepare()
    host.send(b"Se")
    assert host.send(b"Ss") == b""
    assert host.wait() == ACK + ACK


def test_errors_of_the_command_language_have_their_codes(host: Host) -> None:
    assert host.do(b"Xyz") == NACK + b"1"
    assert host.do(b"Pem;7") == NACK + b"2"
    assert host.do(b"Pr;q") == NACK + b"2"
    assert host.do(b"Db;q;2;" + RASTER) == NACK + b"2"
    assert host.do(b"Db;k;3;") == NACK + b"2"
    assert host.do(b"Se") == NACK + b"1", "no sequence was started"


def test_the_text_protocol_says_ok_and_is_kept_without_power(host: Host) -> None:
    assert host.do(b"Pcom;1;9600;N;8;1;NONE") == b"OK\r"
    host.printer.power_off()
    host.printer.power_on()
    assert host.do(b"Ss") == b"OK\r"
    assert host.do(b"Xyz") == b"ERROR CDE\r"


def test_an_empty_feeder_moves_no_card(host: Host) -> None:
    host.printer.path.feeder = host.printer.path.loaded = 0
    assert host.words()[2] == 0x01000000
    assert host.print_card() == NACK + b"F"
    assert host.words()[3] == 0x08000000
    assert host.ask(b"Rco;c") == "0"
    host.printer.load(3)
    assert host.do(b"Scs") == ACK
    assert host.print_card() == ACK


def test_a_misfeed_leaves_the_counter_alone(host: Host) -> None:
    host.printer.path.misfeed_next = True
    assert host.print_card() == NACK + b"F"
    assert host.ask(b"Rco;c") == "0" and host.printer.balanced()


def test_a_jam_keeps_the_card_inside_until_the_host_rejects_it(host: Host) -> None:
    host.printer.jam("print_front")
    assert host.print_card() == NACK + b"T"
    assert host.words()[3] == 0x01000000
    assert host.do(b"Scs") == ACK
    assert host.words()[3] == 0x01000000, "the card is still there"
    assert host.do(b"Sr") == NACK + b"T"
    assert host.do(b"Ser") == ACK
    assert host.words()[3] == 0
    assert host.printer.tray == [] and [card.complete for card in host.printer.rejected] == [False]
    assert host.print_card() == ACK
    assert host.ask(b"Rco;c") == "2"


def test_a_jam_while_ejecting_leaves_a_finished_card_inside(host: Host) -> None:
    host.printer.jam("eject")
    assert host.print_card() == NACK + b"T"
    assert host.printer.inside is not None and host.printer.inside.complete
    host.printer.clear_jam()
    assert host.words()[3] == 0 and host.printer.balanced()


def test_opening_the_cover_stops_the_card(host: Host) -> None:
    host.prepare()
    host.send(b"Se")
    host.wait(3.0)
    host.printer.open_cover()
    assert host.wait() == NACK + b"C"
    assert host.words()[2:] == (0x00020000, 0x02000000)
    host.printer.close_cover()
    assert host.do(b"Ser") == ACK
    assert host.words()[2:] == (0, 0)
    assert not host.printer.rejected[0].complete


def test_a_finished_ribbon_is_said(host: Host) -> None:
    host.printer.path.ribbon_left = 1
    assert host.print_card() == ACK
    assert host.words()[2] == 0x00080000 and host.ask(b"Rlr") == "0"
    assert host.print_card() == NACK + b"R"
    assert host.words()[3] == 0x00200000
    host.printer.path.ribbon_present = False
    assert host.words()[2] == 0x00010000


def test_a_full_reject_box_keeps_the_spoiled_card_inside(host: Host) -> None:
    host.printer.jam()
    host.print_card()
    host.printer.path.reject_full = True
    assert host.words()[2] == 0x08000000
    assert host.do(b"Ser") == NACK + b"T"
    assert host.printer.inside is not None
    host.printer.empty_reject_box()
    assert host.do(b"Ser") == ACK


def test_a_full_hopper_keeps_the_finished_card_inside(host: Host) -> None:
    host.printer.path.hopper_capacity = 1
    assert host.print_card() == ACK
    assert host.print_card() == NACK + b"T"
    assert host.words()[2:] == (0x00100000, 0x00100000)


def test_with_errors_managed_by_the_printer_it_prints_a_second_card_by_itself(host: Host) -> None:
    host.prepare()
    host.do(b"Pem;0")
    host.printer.jam("eject")
    assert host.do(b"Se") == b""
    host.printer.clear_jam()
    assert host.wait() == ACK
    assert len(host.printer.rejected) == 1 and host.printer.rejected[0].complete
    assert len(host.printer.tray) == 1 and host.printer.tray[0].complete
    assert host.ask(b"Rco;c") == "2"


def test_a_card_can_wait_at_the_chip_station(host: Host) -> None:
    host.do(b"Pem;2")
    host.do(b"Ss")
    assert host.do(b"Sic") == ACK
    assert host.words()[1] & 0x08000000
    host.do(b"Db;k;2;" + RASTER)
    assert host.do(b"Se") == ACK
    assert host.ask(b"Rco;c") == "1" and host.printer.tray[0].complete


@pytest.mark.parametrize(
    ("seconds", "counter", "inside", "tray"),
    [(0.5, "0", False, 0), (1.5, "1", True, 0), (4.0, "1", True, 0), (5.5, "1", True, 0), (7.0, "1", False, 1)],
)
def test_after_a_power_cut_the_counter_tells_whether_a_card_was_touched(
    host: Host, seconds: float, counter: str, inside: bool, tray: int
) -> None:
    host.prepare()
    host.send(b"Se")
    host.wait(seconds)
    host.printer.power_off(host.now)
    assert host.send(b"Rco;c") == b"" and host.printer.next_wakeup() is None
    host.printer.power_on()
    assert host.ask(b"Rco;c") == counter
    assert (host.words()[3] == 0x01000000) is inside
    assert len(host.printer.tray) == tray and host.printer.balanced()
    if inside:
        assert host.do(b"Ser") == ACK
        assert host.words()[3] == 0 and len(host.printer.rejected) == 1


def test_a_power_cut_empties_memory_so_nothing_is_printed_again(host: Host) -> None:
    host.prepare()
    host.printer.power_off(host.now)
    host.printer.power_on()
    assert host.words()[1] & 0x00800000, "the printer manages errors again"
    host.do(b"Ss")
    assert host.do(b"Se") == ACK
    assert host.printer.tray == [] and host.ask(b"Rco;c") == "0"


def test_a_half_sent_raster_does_not_swallow_the_next_hosts_command(host: Host) -> None:
    host.do(b"Pem;2")
    host.printer.receive(b"\x1bDb;k;2;" + RASTER[:5000], host.now)
    assert host.wait(5.0) == NACK + b"T"
    assert host.ask(b"Rco;c") == "0"


def test_what_lies_where_survives_the_rig_itself(host: Host) -> None:
    host.print_card()
    host.prepare()
    host.send(b"Se")
    host.wait(4.0)
    kept = json.loads(json.dumps(host.printer.snapshot()))
    again = Host(CardPrinter(feeder=0))
    again.printer.restore(kept)
    assert again.ask(b"Rco;c") == "2" and again.words()[3] == 0x01000000
    assert again.printer.tray == host.printer.tray
    assert again.printer.inside is not None and not again.printer.inside.complete
    assert again.printer.balanced()


FRAMES = [
    b"Pem;2", b"Pem;0", b"Pr;k", b"Ss", b"Si", b"Sr", b"Se", b"Ser", b"Scs", b"Srs", b"Sic", b"Rpst", b"Scp",
    b"Db;k;2;" + RASTER,
]  # fmt: skip
PEOPLE = ["off", "on", "jam", "clear", "open", "close", "load", "ribbon", "misfeed", "full", "emptied"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(FRAMES), st.sampled_from(PEOPLE), st.floats(0, 9)), max_size=40))
def test_every_card_is_in_one_place_whatever_people_power_and_hosts_do(steps: list[bytes | str | float]) -> None:
    host = Host(CardPrinter(feeder=2))
    printer = host.printer
    people = {
        "off": printer.power_off,
        "on": printer.power_on,
        "jam": printer.jam,
        "clear": printer.clear_jam,
        "open": printer.open_cover,
        "close": printer.close_cover,
        "load": lambda: printer.load(1),
        "ribbon": lambda: setattr(printer.path, "ribbon_left", 0),
        "misfeed": lambda: setattr(printer.path, "misfeed_next", True),
        "full": lambda: setattr(printer.path, "reject_full", True),
        "emptied": printer.empty_reject_box,
    }
    for step in steps:
        before = printer.counter
        if isinstance(step, float):
            host.wait(step)
        elif isinstance(step, str):
            people[step]()
        else:
            host.send(step)
        assert printer.balanced()
        gone = len(printer.tray) + len(printer.rejected) + (1 if printer.inside else 0)
        assert printer.counter == gone and printer.counter >= before


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_noise_on_the_line_never_moves_a_card_or_stops_the_printer(pieces: list[bytes]) -> None:
    host = Host(CardPrinter(feeder=2))
    for piece in pieces:
        host.printer.receive(piece.replace(b"S", b"s"), host.now)
    host.wait()
    assert host.ask(b"Rco;c") == "0"



def test_a_card_taken_out_while_it_is_being_printed_is_an_error_and_no_print(host: Host) -> None:
    host.prepare()
    host.send(b"Se")
    host.wait(3.0)
    host.printer.clear_jam()
    assert host.wait() == NACK + b"C"
    assert host.words()[3] == 0x02000000, "it stays until the host clears it"
    assert host.printer.tray == [] and len(host.printer.rejected) == 1 and host.printer.balanced()
