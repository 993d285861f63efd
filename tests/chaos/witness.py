"""Listens beside the coordinator and writes down which event was seen under which number."""

from __future__ import annotations

import json
import threading
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion


class Witness:
    """What a third party saw on the wire: it misses things while the broker is dead, but forgets nothing."""

    def __init__(self, port: int) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, int], set[str]] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="witness", protocol=MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._connected
        self._client.on_message = self._message
        self._client.connect_async("127.0.0.1", port, 10)

    def start(self) -> None:
        """Listen; connects again by itself."""
        self._client.loop_start()

    def end(self) -> dict[tuple[str, int], set[str]]:
        """Ids seen for each (epoch, seq)."""
        self._client.disconnect()
        self._client.loop_stop()
        with self._lock:
            return {key: set(ids) for key, ids in self._seen.items()}

    def _connected(self, client: Client, *_: Any) -> None:
        client.subscribe("loket/v1/+/up/event", qos=1)

    def _message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            event = json.loads(message.payload)
            key, name = (str(event["epoch"]), int(event["seq"])), str(event["id"])
        except (ValueError, KeyError, TypeError):
            key, name = ("unreadable", 0), bytes(message.payload[:40]).hex()
        with self._lock:
            self._seen.setdefault(key, set()).add(name)
