"""What comes to the deciding thread, and what it wants done after the commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from central.core.encoding import Answer
from central.core.nik import NikAnswer
from contract.messages import PowerCommand

Reply = Callable[[str | None], None]


class Received(NamedTuple):
    """One MQTT message. `generation`: the connection it came on; `mid` has a meaning on that one alone."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    generation: int


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Connected to the broker and subscribed."""

    generation: int


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection to the broker ended."""

    generation: int
    reason: str


@dataclass(frozen=True, slots=True)
class CentreAnswered:
    """A call to the centre came to an end."""

    enrolment: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class NikAnswered:
    """A question about a NIK came to an end."""

    enrolment: str
    answer: NikAnswer


@dataclass(frozen=True, slots=True)
class CentreHealth:
    """Whether the centre answers."""

    up: bool


@dataclass(frozen=True, slots=True)
class Settle:
    """A person's word about an uncertain job; `reply` is called with None, or with why it was refused."""

    job: str
    found: Literal["printed", "spoiled", "not-begun"]
    person: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Identify:
    """Blink and beep at a booth."""

    booth: str
    person: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class PowerAsked:
    """A test, a silence, or a word about an alarm; the person is in the body."""

    booth: str
    body: PowerCommand
    reply: Reply



@dataclass(frozen=True, slots=True)
class BundleTaken:
    """Messages of a booth's signed export were put before this one; `reply` is called when they are committed.

    `first`: nothing before it is held by the booth any more. `key`: the booth's (hex), which is believed.
    """

    booth: str
    epoch: str
    first: int
    key: str
    reply: Reply


Item = (
    Received | LinkUp | LinkDown | CentreAnswered | NikAnswered | CentreHealth
    | Settle | Identify | PowerAsked | BundleTaken
)


class Publish(NamedTuple):
    """One message to a booth."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True)
class CentreCall:
    """Register a packet (PUT) or ask for its state (GET); answered by `CentreAnswered`.

    LOOK: the centre is not called; the packet is not the announced one, and which of its entries was altered is found.
    """

    enrolment: str
    packet: str
    booth: str
    method: Literal["PUT", "GET", "LOOK"]


@dataclass(frozen=True, slots=True)
class NikCall:
    """Ask the centre about a NIK; answered by `NikAnswered`."""

    enrolment: str
    nik: str


@dataclass(slots=True)
class Effects:
    """To be done after the commit, in this order; if it is not done, the next start or a repetition does it."""

    pubacks: list[tuple[int, int]] = field(default_factory=list)
    """(generation, mid) in receipt order."""
    publishes: list[Publish] = field(default_factory=list)
    calls: list[CentreCall] = field(default_factory=list)
    asks: list[NikCall] = field(default_factory=list)
    replies: list[tuple[Reply, str | None]] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    """Topics of `core.views.Changes`."""
