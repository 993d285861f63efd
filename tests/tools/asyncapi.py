"""Generates docs/asyncapi.yaml from contract/messages.py and contract/topics.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model
from pydantic.json_schema import models_json_schema

from contract import messages, packet, topics
from contract.messages import BODIES, Message

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "asyncapi.yaml"
_REF = "#/components/schemas/{model}"
_JSON = "application/json"

#: Topic leaf -> name of its channel and what it is for.
_CHANNELS: dict[topics.Topic, tuple[str, str]] = {
    topics.EVENT: ("event", "Durable facts. Sent again until the coordinator acknowledges them on down/ack."),
    topics.HELLO: ("hello", "On each connect: what the booth still holds."),
    topics.PACKET: ("packet", "Parts of a sealed packet, sent until down/ack counts them all."),
    topics.TELEMETRY: ("telemetry", "Figures of now; a lost one is replaced by the next."),
    topics.STATE: ("state", "Whether the booth is connected; also its last will."),
    topics.INFO: ("info", "Birth certificate: version and devices."),
    topics.ACK: ("ack", "What the coordinator has committed; the only reason for a booth to forget."),
    topics.COMMAND: ("command", "A signed command; carried out once, never after its expiry."),
}

#: Topics that hold one model each. Events are listed by kind, telemetry and packets have no model.
_SINGLE: dict[topics.Topic, type[Message]] = {
    topics.HELLO: messages.Hello,
    topics.STATE: messages.BoothState,
    topics.INFO: messages.Info,
    topics.ACK: messages.Ack,
    topics.COMMAND: messages.SignedCommand,
}


def _camel(kind: str) -> str:
    return "".join(word.title() for word in kind.split("."))


def _event_models() -> dict[str, type[BaseModel]]:
    """One envelope per kind, with the body that fits it."""
    made: dict[str, type[BaseModel]] = {}
    for kind, body in BODIES.items():
        doc = body.__doc__
        fields: dict[str, Any] = {"kind": (Literal[kind], kind), "body": (body, ...)}
        made[kind] = create_model(f"{_camel(kind)}Event", __base__=messages.Event, __doc__=doc, **fields)
    return made


def _schemas(events: dict[str, type[BaseModel]]) -> dict[str, Any]:
    models: list[type[BaseModel]] = [*events.values(), *_SINGLE.values(), messages.Command, CoordinatorState]
    _, top = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    found: dict[str, Any] = dict(top["$defs"])
    found["Telemetry"] = {"title": "Telemetry", "description": _TELEMETRY}
    found["Telemetry"] |= TypeAdapter(messages.Telemetry).json_schema()
    return {name: _plain(schema) for name, schema in sorted(found.items())}


def _plain(schema: Any) -> Any:
    """A discriminator is OpenAPI's object in pydantic's output, and the property's name alone in AsyncAPI."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _plain(value) for key, value in schema.items()}
    if isinstance(made.get("discriminator"), dict):
        made["discriminator"] = made["discriminator"]["propertyName"]
    return made


_TELEMETRY = "Flat metrics, with NUT's names where NUT has one (battery.charge, ups.load)."


class CoordinatorState(Message):
    """Retained state of a coordinator; also its last will."""

    model_config = ConfigDict(frozen=True, extra="ignore", title="CoordinatorState")

    state: Literal["online", "offline"]


def _message(name: str, summary: str, schema: str) -> dict[str, Any]:
    return {"name": name, "summary": summary, "contentType": _JSON, "payload": {"$ref": _REF.format(model=schema)}}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _messages(events: dict[str, type[BaseModel]]) -> dict[str, Any]:
    made = {_camel(kind): _message(kind, _first_line(BODIES[kind]), model.__name__) for kind, model in events.items()}
    for model in _SINGLE.values():
        made[model.__name__] = _message(model.__name__, _first_line(model), model.__name__)
    made["SignedCommand"]["description"] = f"`payload` is the JSON text of the schema {_REF.format(model='Command')}."
    made["CoordinatorState"] = _message("CoordinatorState", _first_line(CoordinatorState), "CoordinatorState")
    made["Telemetry"] = _message("Telemetry", _TELEMETRY, "Telemetry")
    made["PacketPart"] = {
        "name": "PacketPart",
        "summary": "One part of a sealed packet.",
        "description": (
            "Big-endian u32 index (from 0), u32 count, then the part's bytes: "
            f"{packet.PART} of them, fewer only in the last part. A whole packet has at most {packet.LIMIT} bytes."
        ),
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary", "minLength": 8, "maxLength": packet.PART + 8},
    }
    return made


def _of_channel(topic: topics.Topic, events: dict[str, type[BaseModel]]) -> list[str]:
    if topic is topics.EVENT:
        return [_camel(kind) for kind in events]
    if topic is topics.PACKET:
        return ["PacketPart"]
    if topic is topics.TELEMETRY:
        return ["Telemetry"]
    return [_SINGLE[topic].__name__]


def _bindings(qos: int, retain: bool) -> dict[str, Any]:
    return {"mqtt": {"qos": qos, "retain": retain, "bindingVersion": "0.2.0"}}


def _channel(address: str, description: str, names: list[str], *, item: bool, who: str) -> dict[str, Any]:
    parameters = {who: {"description": f"Id of the {who}."}}
    if item:
        parameters["item"] = {"description": "Id of the packet."}
    return {
        "address": address,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "parameters": parameters,
    }


def document() -> dict[str, Any]:
    """The AsyncAPI 3.0 document. Operations are the booth's and the coordinator's, each named by who acts."""
    events = _event_models()
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for topic in topics.ALL:
        name, description = _CHANNELS[topic]
        item = "{item}" if topic is topics.PACKET else None
        address = topics.of("{booth}", topic, item)
        channels[name] = _channel(address, description, _of_channel(topic, events), item=item is not None, who="booth")
        up = topic.leaf.startswith("up/")
        bindings = _bindings(topic.qos, topic.retain)
        for who, sends in (("booth", up), ("coordinator", not up)):
            verb = "Sends" if sends else "Receives"
            operations[f"{who}{verb}{name.title()}"] = _operation(name, "send" if sends else "receive", bindings)
    names = ["CoordinatorState"]
    address = topics.coordinator_state("{coordinator}")
    channels["coordinatorState"] = _channel(
        address, _first_line(CoordinatorState), names, item=False, who="coordinator"
    )
    operations["coordinatorSendsOwnState"] = _operation("coordinatorState", "send", _bindings(1, True))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Loket",
            "version": str(messages.VERSION),
            "description": "Messages between booths and the coordinator over MQTT 5. Generated by `make docs`.",
        },
        "defaultContentType": _JSON,
        "channels": channels,
        "operations": operations,
        "components": {"messages": _messages(events), "schemas": _schemas(events)},
    }


def _operation(channel: str, action: str, bindings: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}
    if action == "send":
        made["bindings"] = bindings
    return made


class _Plain(yaml.SafeDumper):
    """Writes repeated parts out in full: anchors would only be noise to a reader."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def text() -> str:
    """The file's content, the same on every machine."""
    head = "# The messages of Loket, generated from contract/ by `make docs`; do not edit.\n"
    return head + yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


def main() -> int:
    """Write the document."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(topics.ALL) + 1} channels, {len(BODIES)} kinds of event")
    return 0


if __name__ == "__main__":
    sys.exit(main())
