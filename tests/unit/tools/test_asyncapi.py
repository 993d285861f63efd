"""docs/asyncapi.yaml: current, complete, and without a reference that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from contract import messages, topics
from tests.tools import asyncapi


def references(node: Any) -> Iterator[str]:
    """All `$ref` of a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def at(document: dict[str, Any], reference: str) -> Any:
    """What a local reference names."""
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_the_document_in_the_repository_fits_the_contract() -> None:
    assert asyncapi.TARGET.read_text(encoding="utf-8") == asyncapi.text()


def test_each_topic_and_each_kind_of_event_is_described() -> None:
    document = yaml.safe_load(asyncapi.text())
    addresses = {channel["address"] for channel in document["channels"].values()}
    for topic in topics.ALL:
        item = "{item}" if topic is topics.PACKET else None
        assert topics.of("{booth}", topic, item) in addresses
    kinds = {
        schema["properties"]["kind"]["const"]
        for name, schema in document["components"]["schemas"].items()
        if name.endswith("Event") and name != "Event"
    }
    assert kinds == set(messages.BODIES)


def test_what_one_side_sends_the_other_receives() -> None:
    document = yaml.safe_load(asyncapi.text())
    sides: dict[str, dict[str, str]] = {}
    for name, operation in document["operations"].items():
        who = "booth" if name.startswith("booth") else "coordinator"
        sides.setdefault(operation["channel"]["$ref"], {})[who] = operation["action"]
    own = sides.pop("#/channels/coordinatorState")
    assert own == {"coordinator": "send"}
    assert all(set(actions.values()) == {"send", "receive"} for actions in sides.values())


def test_each_reference_leads_somewhere() -> None:
    document = yaml.safe_load(asyncapi.text())
    found = list(references(document))
    assert found
    for reference in found:
        assert at(document, reference)
