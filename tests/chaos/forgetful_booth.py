"""A booth that is wrong on purpose: it takes the broker's PUBACK of an event for the coordinator's acknowledgement.

It shows that a chaos run finds losses. Only the harness starts it; the product has no such switch.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from paho.mqtt.client import Client

from contract.topics import EVENT
from edge.__main__ import main
from edge.adapters import mqtt
from edge.core.events import Acked

#: PUBACKs can be faster than the return of `publish`, so either side may come first. Keys: client, message id.
_waiting: dict[tuple[int, int], tuple[str, int]] = {}
_early: set[tuple[int, int]] = set()
_lock = threading.Lock()
_publish = Client.publish
_published = mqtt._Connection._published
_links: list[mqtt.MqttLink] = []
_init = mqtt.MqttLink.__init__


def _forget(epoch: str, seq: int) -> None:
    for link in _links:
        link._put(Acked(epoch, seq, {}))


def publish(client: Client, topic: str, payload: Any = None, **options: Any) -> Any:
    """Note which event has which message id."""
    info = _publish(client, topic, payload, **options)
    if topic.endswith(EVENT.leaf):
        event = json.loads(payload)
        key, what = (id(client), info.mid), (event["epoch"], event["seq"])
        with _lock:
            early = key in _early
            _early.discard(key)
            if not early:
                _waiting[key] = what
        if early:
            _forget(*what)
    return info


def published(one: Any, client: Client, data: Any, mid: int, code: Any, properties: Any) -> None:
    """The fault: the broker's word is taken for the coordinator's."""
    _published(one, client, data, mid, code, properties)
    with _lock:
        what = _waiting.pop((id(client), mid), None)
        if what is None:
            _early.add((id(client), mid))
    if what is not None:
        _forget(*what)


def init(link: mqtt.MqttLink, *arguments: Any, **options: Any) -> None:
    """Know the link, to speak to its booth."""
    _init(link, *arguments, **options)
    _links.append(link)


if __name__ == "__main__":
    Client.publish = publish  # type: ignore[method-assign, assignment]
    mqtt._Connection._published = published  # type: ignore[method-assign, assignment]
    mqtt.MqttLink.__init__ = init  # type: ignore[method-assign, assignment]
    sys.exit(main())
