"""Whatever comes over a wire: no driver raises, grows without bound, wakes without end, or says what cannot be kept."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable
from functools import partial

import pytest

from contract import power_wire
from contract.messages import Modality
from edge.core.events import (
    BoardReading,
    CaptureFailed,
    CaptureTaken,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    DocumentScanned,
    Event,
    FrameRejected,
    GensetReading,
    PrinterReady,
    PrintFailed,
    Relay,
    RequestFailed,
    UpsReading,
)
from edge.core.events_desk import PaperLow, TicketFailed, TicketPrinted
from edge.core.requests import (
    CancelCut,
    CancelUpsTest,
    CheckPrinter,
    CheckTicketPrinter,
    CutAndRestore,
    DriveRelays,
    PrintCard,
    Request,
    SetBeeper,
    StartCapture,
    StartGenset,
    StopCapture,
    StopGenset,
    TestUps,
)
from edge.devices import Device
from edge.devices.dse import Dse
from edge.devices.escpos import Escpos
from edge.devices.evolis import Evolis
from edge.devices.megatec import Megatec
from edge.devices.powerboard import PowerBoard
from edge.devices.sbi import Sbi
from edge.devices.scanner import Scanner
from edge.devices.topaz import Topaz
from edge.devices.upsd import Upsd
from hardware.simulators.escpos import EscposPrinter
from hardware.simulators.megatec import Ups
from tests.tools.fuzz import inputs, rounds
from tests.unit.edge.devices.genset import Controller, framed
from tests.unit.edge.devices.test_escpos import TICKET
from tests.unit.edge.devices.test_evolis import Printer
from tests.unit.edge.devices.test_sbi import SLAP, SUBJECT, Service, http, jwt
from tests.unit.edge.devices.test_topaz import packet
from tests.unit.edge.devices.test_upsd import Server

#: Inputs that one driver takes before a new one is made.
LIFE = 200

SIGN = StartCapture(Modality.SIGNATURE, "p.signature.1", 5.0, 0)
CARD = PrintCard("job-1", 100, "b", {"k": bytes(82_296)})
UPS_REQUESTS = (TestUps(), TestUps("deep"), CancelUpsTest(), SetBeeper(on=False), CutAndRestore(30, 1), CancelCut())
TOLD = {"deviceId": "SL-1", "digitalId": jwt({"make": "Suprema", "serialNo": "7"}), "firmware": "1"}


@dataclasses.dataclass(frozen=True)
class Wire:
    """A driver, good bytes of its device, what it may be asked, and the most that it may hold (bytes)."""

    make: Callable[[], Device]
    good: tuple[bytes, ...]
    meant: frozenset[type[Event]]
    """What must have been understood among all that, so that the decoder was reached at all."""
    requests: tuple[Request, ...] = ()
    most: int = 64 * 1024
    stand_in: Callable[[], Callable[[bytes], bytes]] | None = None
    """A device that answers; between the noise the driver gets on with it, so that every state is met by noise."""


WIRES: dict[str, Wire] = {
    "megatec": Wire(
        lambda: Megatec("ups"),
        (
            b"(229.8 229.8 220.1 023 50.1 27.3 31.5 00001000\r",
            b"(000.0 180.0 220.1 045 50.0 2.10 33.0 11100001\r",
            b"#230.0 004 024.0 50.0\r",
            b"#APC             SMT1500    FW1.2     \r",
            b"Q1\r",
        ),
        frozenset({UpsReading, DeviceOnline, FrameRejected, RequestFailed}),
        UPS_REQUESTS,
        stand_in=lambda: partial(Ups().receive, now=0.0),
    ),
    "upsd": Wire(
        lambda: Upsd("ups", "eaton", 1.0, "booth", "secret"),
        (
            b'BEGIN LIST VAR eaton\nVAR eaton ups.status "OB LB"\nVAR eaton ups.load "23"\nEND LIST VAR eaton\n',
            b"BEGIN LIST CMD eaton\nCMD eaton test.battery.stop\nEND LIST CMD eaton\n",
            b'VAR eaton battery.runtime "1e400"\nVAR eaton input.voltage "\\\\"\n',
            b"OK\n",
            b"OK TRACKING 7\n",
            b"ERR DATA-STALE\n",
            b"ERR ACCESS-DENIED\n",
        ),
        frozenset({UpsReading, DeviceOnline, FrameRejected, DeviceLost, RequestFailed}),
        UPS_REQUESTS,
        256 * 1024,
        lambda: Server().answer,
    ),
    "scanner": Wire(
        lambda: Scanner("scanner"),
        (b"KK:3526010101100001;NIK:3526014101900001\r\n", b"x" * 500),
        frozenset({DocumentScanned, FrameRejected}),
    ),
    "gm65": Wire(
        lambda: Scanner("scanner", "gm65"),
        (bytes.fromhex("02 00 00 01 00 33 31"), b"3526010101100001;3526014101900001\r", b"\x02\x00\x00\xff"),
        frozenset({DocumentScanned, FrameRejected}),
    ),
    "topaz": Wire(
        lambda: Topaz("pad"),
        (packet(600, 400), packet(600, 400) * 30, packet(1, 1, down=False) * 3),
        frozenset({FrameRejected}),
        (SIGN, SIGN, StopCapture()),
        4 * 1024 * 1024,
    ),
    "evolis": Wire(
        lambda: Evolis("printer"),
        (
            b"\x06" * 9,
            b"\x15T",
            b"OK\x00",
            b"ERROR CDE\x00",
            b"Primacy\x00",
            b"00000000000000000000000000000000\r",
            b"00000000000000010000000000000000\r",
            b"00000000000000000000000001000000\r",
            b"100\r",
            b"101\r",
        ),
        frozenset({PrinterReady, PrintFailed, DeviceOnline, DeviceFault, FrameRejected}),
        (CheckPrinter(), CARD),
        1024 * 1024,
        Printer,
    ),
    "escpos": Wire(
        lambda: Escpos("tickets"),
        (b"\x12\x12\x12", b"\x1a\x16\x12", b"\x1a\x32\x7e", b"\x1a\x52\x1a\x12", b"\x00\x12", b"\x11\x13\x0f"),
        frozenset({DeviceOnline, DeviceFault, PaperLow, TicketPrinted, TicketFailed, FrameRejected}),
        (CheckTicketPrinter(), TICKET, TICKET),
        256 * 1024,
        stand_in=lambda: partial(EscposPrinter(speed=1e6).receive, now=0.0),
    ),
    "sbi": Wire(
        lambda: Sbi("slap", 4501, (Modality.RIGHT_FOUR,)),
        (
            http([{"deviceId": "SL-1", "deviceStatus": "Ready", "error": None}]),
            http([{"deviceId": "SL-1", "deviceStatus": "Not Ready"}]),
            http([{"deviceInfo": jwt(TOLD), "error": {"errorCode": "0"}}]),
            http(Service().captured({"transactionId": SLAP.transaction, "bio": [SUBJECT]})),
            http({"biometrics": [{"error": {"errorCode": "701", "errorInfo": "late"}}]}),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
        ),
        frozenset({DeviceOnline, DeviceFault, CaptureTaken, CaptureFailed, FrameRejected}),
        (SLAP, SLAP, StopCapture()),
        9 * 1024 * 1024,
        Service,
    ),
    "dse": Wire(
        lambda: Dse("genset"),
        (
            framed(bytes.fromhex("0a 03 0a 0001 8048 0001 e240 0001")),
            framed(b"\x0a\x03\x4c" + bytes(76)),
            framed(b"\x0a\x03\x02\x00\x50"),
            framed(b"\x0a\x83\x02"),
            framed(b"\x0a\x90\x06"),
            framed(bytes.fromhex("0a 10 1008 0002")),
        ),
        frozenset({DeviceOnline, DeviceLost, GensetReading, FrameRejected, RequestFailed}),
        (StartGenset(), StopGenset()),
        16 * 1024,
        Controller,
    ),
    "powerboard": Wire(
        lambda: PowerBoard("board"),
        (
            power_wire.frame(power_wire.IDENTITY, 1, power_wire.Identity().encode()),
            power_wire.frame(power_wire.IDENTITY, 1, b"\x02", version=2),
            power_wire.frame(power_wire.REPORT, 2, power_wire.Report().encode()),
            power_wire.frame(power_wire.REPORT, 2, b"new", version=2),
        ),
        frozenset({DeviceOnline, DeviceFault, BoardReading, FrameRejected}),
        (DriveRelays(frozenset({Relay.ATS_INHIBIT})), StopGenset()),
        8 * 1024,
    ),
}


def held(value: object, seen: set[int] | None = None) -> int:
    """Bytes of text, bytes and numbers that an object keeps, through everything that it refers to."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, type) or callable(value):
        return 0
    seen.add(id(value))
    if isinstance(value, (bytes, bytearray, str)):
        return len(value)
    if isinstance(value, (int, float, type(None))):
        return 8
    if isinstance(value, dict):
        return sum(held(part, seen) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return sum(held(part, seen) for part in value)
    slots = itertools.chain.from_iterable(getattr(kind, "__slots__", ()) for kind in type(value).__mro__)
    parts = [getattr(value, slot) for slot in slots if isinstance(slot, str) and hasattr(value, slot)]
    return held(getattr(value, "__dict__", {}), seen) + sum(held(part, seen) for part in parts)


def keepable(events: list[Event]) -> None:
    """Every text of an event can be written into a message."""
    for event in events:
        assert isinstance(event, Event)
        for name in type(event).__dataclass_fields__:
            text = getattr(event, name)
            for part in text.items() if isinstance(text, dict) else [(text,)]:
                for word in part:
                    if isinstance(word, str):
                        word.encode()


def portions(data: bytes, chance: random.Random) -> list[bytes]:
    """The same bytes in one to four pieces."""
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(4)))
    return [data[start:end] for start, end in itertools.pairwise([0, *cuts, len(data)]) if end > start]


@pytest.mark.parametrize("name", WIRES)
def test_fuzz_no_bytes_upset_a_driver(name: str) -> None:
    wire = WIRES[name]
    chance = random.Random(name)
    now = 0.0
    driver = wire.make()
    heard: set[type[Event]] = set()
    for number, data in enumerate(inputs(wire.good, rounds(), seed=len(name))):
        if number % LIFE == 0:
            driver = wire.make()
            keepable(driver.opened(now))
        keepable(_happening(driver, wire, now, chance))
        if wire.stand_in and chance.random() < 0.2:
            now, events = _conversation(driver, wire.stand_in(), now, chance.randrange(20))
            keepable(events)
            heard |= {type(event) for event in events}
        for portion in portions(data, chance):
            events = driver.receive(portion, now)
            keepable(events)
            heard |= {type(event) for event in events}
        driver.outgoing()
        now += chance.choice((0.0, 0.001, 0.01, 0.3, 1.0, 7.0))
        wakeup = driver.next_wakeup()
        if wakeup is not None and wakeup <= now:
            keepable(driver.wakeup(now))
            following = driver.next_wakeup()
            assert following is None or following > now, "it wakes without end"
        driver.outgoing()
        if number % 50 == 0:
            assert held(driver) <= wire.most
    assert heard >= wire.meant, "the good bytes among them were never understood: the test proves nothing"


def _conversation(
    driver: Device, answer: Callable[[bytes], bytes], now: float, steps: int
) -> tuple[float, list[Event]]:
    """Some steps with a device that answers well."""
    events: list[Event] = []
    for _ in range(steps):
        out = driver.outgoing()
        if out:
            events += driver.receive(answer(out), now)
        elif (at := driver.next_wakeup()) is not None:
            now = max(now, at)
            events += driver.wakeup(now)
    return now, events


def _happening(driver: Device, wire: Wire, now: float, chance: random.Random) -> list[Event]:
    dice = chance.random()
    if dice < 0.02:
        return driver.closed(now, "unplugged") + driver.opened(now)
    if dice < 0.2 and wire.requests:
        return driver.send(chance.choice(wire.requests), now)
    return []


@pytest.mark.parametrize("name", WIRES)
def test_fuzz_an_endless_stream_stays_bounded(name: str) -> None:
    wire = WIRES[name]
    for byte in (b"\x00", b"\x02", b"(", b"9", b"\x80", b"\xff", b"\x15"):
        driver = wire.make()
        driver.opened(0.0)
        for request in wire.requests:
            driver.send(request, 0.0)
        for step in range(200):
            driver.receive(byte * 4096, step * 0.001)
            driver.outgoing()
        assert held(driver) <= wire.most
