"""The `[[device]]` tables of a booth file: one model per kind."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from contract.messages import Id, Modality
from edge.config_base import MisfitError, Table

Baud = Annotated[int, Field(ge=300, le=4_000_000)]
Poll = Annotated[float, Field(ge=0.2, le=60)]


class Device(Table):
    """What every device has. `baud` means nothing on a socket."""

    name: Id
    port: Annotated[str, Field(min_length=1)]
    baud: Baud

    @field_validator("port")
    @classmethod
    def _usable(cls, port: str) -> str:
        if port.startswith("socket://"):
            if not re.match(r"^socket://[^/:\[\]]+:\d{1,5}$", port) or not 0 < int(port.rpartition(":")[2]) < 65536:
                raise MisfitError("not a socket address", 'Write "socket://127.0.0.1:4501"')
        elif not port.startswith("/"):
            raise MisfitError(
                "not a port", 'Write "/dev/serial/by-id/..." (ls /dev/serial/by-id) or "socket://host:port"'
            )
        return port


class Megatec(Device):
    """A UPS that speaks Megatec/Q1."""

    kind: Literal["megatec"]
    baud: Baud = 2400
    poll_s: Poll = 1.0


class Upsd(Device):
    """A UPS that NUT reads already. `ups`: its name in ups.conf; `username`: of upsd.users, for tests and shutdown."""

    kind: Literal["upsd"]
    baud: Baud = 115200
    ups: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    username: Annotated[str, Field(max_length=100)] = ""
    password: Annotated[str, Field(max_length=100)] = ""
    poll_s: Poll = 1.0

    @field_validator("port")
    @classmethod
    def _socket(cls, port: str) -> str:
        if not port.startswith("socket://"):
            raise MisfitError("NUT's upsd is reached over TCP", 'Write "socket://127.0.0.1:3493"')
        return port


class Scanner(Device):
    """The document scanner: GM65 frames, or text lines."""

    kind: Literal["scanner"]
    baud: Baud = 9600
    mode: Literal["gm65", "text"] = "text"


class Topaz(Device):
    """The signature pad."""

    kind: Literal["topaz"]
    baud: Baud = 19200
    takes: tuple[Modality, ...] = (Modality.SIGNATURE,)


class Evolis(Device):
    """The card printer."""

    kind: Literal["evolis"]
    baud: Baud = 9600


class Sbi(Device):
    """One MOSIP SBI port and the modalities that it takes."""

    kind: Literal["sbi"]
    baud: Baud = 115200
    takes: Annotated[tuple[Modality, ...], Field(min_length=1)]

    @field_validator("port")
    @classmethod
    def _socket(cls, port: str) -> str:
        if not port.startswith("socket://"):
            raise MisfitError("an SBI device is reached over HTTP", 'Write "socket://127.0.0.1:4501" (4501..4600)')
        return port


class Dse(Device):
    """The genset's controller: DSE GenComm over Modbus RTU. `unit`: its slave ID."""

    kind: Literal["dse"]
    baud: Baud = 19200
    unit: Annotated[int, Field(ge=1, le=247)] = 10
    poll_s: Poll = 1.0


class PowerBoard(Device):
    """The power board. `deadman_s`: how long it holds its relays without hearing of the controller."""

    kind: Literal["powerboard"]
    baud: Baud = 115200
    deadman_s: Annotated[float, Field(ge=2, le=30)] = 5.0


class Escpos(Device):
    """The ticket printer. `width`: characters on a line, 42 on 80 mm paper, 32 on 58 mm."""

    kind: Literal["escpos"]
    baud: Baud = 38400
    width: Annotated[int, Field(ge=24, le=64)] = 42


class Zfm(Device):
    """The reader of officers' fingers. `password`: as it was set in the reader, 0 when new."""

    kind: Literal["zfm"]
    baud: Baud = 57600
    password: Annotated[int, Field(ge=0, lt=2**32)] = 0


class Vc0706(Device):
    """A serial camera, where there is no face device."""

    kind: Literal["vc0706"]
    baud: Baud = 38400
    takes: tuple[Modality, ...] = (Modality.PHOTO,)


AnyDevice = Megatec | Upsd | Scanner | Topaz | Evolis | Sbi | Dse | PowerBoard | Escpos | Zfm | Vc0706

MODELS: Final[dict[str, type[Device]]] = {
    "megatec": Megatec,
    "upsd": Upsd,
    "scanner": Scanner,
    "topaz": Topaz,
    "evolis": Evolis,
    "sbi": Sbi,
    "dse": Dse,
    "powerboard": PowerBoard,
    "escpos": Escpos,
    "zfm": Zfm,
    "vc0706": Vc0706,
}
#: Kinds of which a booth has one, by what they are.
SINGLE: Final = {
    "megatec": "UPS",
    "upsd": "UPS",
    "evolis": "printer",
    "dse": "genset controller",
    "powerboard": "power board",
    "escpos": "ticket printer",
    "zfm": "finger reader",
}
