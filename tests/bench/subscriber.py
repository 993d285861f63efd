"""A bare paho subscriber that does nothing but count: the ceiling for whoever takes messages in Python."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract import topics


def main(port: int, total: int) -> None:
    """Says "ready", then the monotonic time at which `total` messages had come."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTProtocolVersion.MQTTv5)
    counted = 0

    def message(_client: paho.Client, _data: Any, _message: paho.MQTTMessage) -> None:
        nonlocal counted
        counted += 1
        if counted == total:
            print(json.dumps(time.monotonic()), flush=True)

    client.on_message = message
    client.on_connect = lambda client, *_: client.subscribe(topics.up_filter(), qos=1)
    client.on_subscribe = lambda *_: print(json.dumps("ready"), flush=True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    # Until whoever started this ends it, or is gone.
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
