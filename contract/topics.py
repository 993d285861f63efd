"""MQTT topics of Loket: names, quality of service, retain flag."""

from __future__ import annotations

import re
from dataclasses import dataclass

ROOT = "loket/v1"

#: A booth's id is one topic level: lower-case letters, digits and hyphens, 1..40 characters.
BOOTH_ID = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")


@dataclass(frozen=True, slots=True)
class Topic:
    """How one kind of topic is published."""

    leaf: str
    qos: int
    retain: bool


EVENT = Topic("up/event", 1, False)
HELLO = Topic("up/hello", 1, False)
PACKET = Topic("up/packet", 1, False)
TELEMETRY = Topic("up/telemetry", 0, False)
STATE = Topic("up/state", 1, True)
INFO = Topic("up/info", 1, True)
ACK = Topic("down/ack", 1, False)
COMMAND = Topic("down/command", 1, False)

ALL = (EVENT, HELLO, PACKET, TELEMETRY, STATE, INFO, ACK, COMMAND)


def of(booth: str, topic: Topic, item: str | None = None) -> str:
    """The full topic of a booth; `item` is the packet id of `PACKET`."""
    name = f"{ROOT}/{booth}/{topic.leaf}"
    return f"{name}/{item}" if item is not None else name


def up_filter() -> str:
    """What the coordinator subscribes to: everything that any booth says."""
    return f"{ROOT}/+/up/#"


def down_filter(booth: str) -> str:
    """What a booth subscribes to: everything that is said to it."""
    return f"{ROOT}/{booth}/down/#"


def coordinator_state(coordinator: str) -> str:
    """Retained `online`/`offline` of a coordinator; also its last will. QoS 1."""
    return f"{ROOT}/coordinator/{coordinator}/state"


def parse(name: str) -> tuple[str, Topic, str | None] | None:
    """Booth, topic and item of a full topic name, or None when it is not one of ours."""
    parts = name.split("/")
    if len(parts) < 5 or parts[0] != "loket" or parts[1] != "v1" or not BOOTH_ID.fullmatch(parts[2]):
        return None
    leaf = f"{parts[3]}/{parts[4]}"
    for topic in ALL:
        if topic.leaf == leaf:
            rest = parts[5:]
            if topic is PACKET:
                return (parts[2], topic, rest[0]) if len(rest) == 1 and rest[0] else None
            return (parts[2], topic, None) if not rest else None
    return None
