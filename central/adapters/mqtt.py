"""The link to the broker: paho in its own thread, whose callbacks only put items into the inbox.

paho's traps that this file knows: message ids are of one connection (hence generations); what paho still holds when a
connection ends is sent again without limit on the next one (hence dropped: the rule of resending covers it); an
exception in a callback ends the thread silently; `publish` answers an error code instead of raising; each `ack` is a
system call here and one more, with a change of threads, in paho's (hence joined: packets may stand in one write).
"""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.client import PUBACK
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from central.core.items import Item, LinkDown, LinkUp, Publish, Received
from contract import topics

log = logging.getLogger("loket.mqtt")

#: Messages of our own that may wait in paho; what does not fit is sent by the next repetition.
_QUEUE = 2_000
_SESSION_S = 3_600
_PUBACK = struct.Struct("!BBH")


def _at_once(_client: paho.Client, _userdata: Any, connection: Any) -> None:
    """Send each packet when it is written: waiting for the other side's delayed ACK (Nagle) costs 40 ms a window."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Link:
    """One coordinator's connection. `put` takes items for the deciding thread."""

    def __init__(
        self,
        coordinator: str,
        host: str,
        port: int,
        put: Callable[[Item], None],
        tls: tuple[str, str | None, str | None] | None = None,
    ) -> None:
        self._host, self._port, self._put = host, port, put
        self._state = topics.coordinator_state(coordinator)
        self._generation = 0
        self._connected = False
        client = self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"loket-{coordinator}",
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        client.max_queued_messages_set(_QUEUE)
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.will_set(self._state, b"offline", qos=1, retain=True)
        if tls is not None:
            client.tls_set(ca_certs=tls[0], certfile=tls[1], keyfile=tls[2])
        client.on_socket_open = _at_once
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message

    def start(self) -> None:
        """Begin to connect; goes on trying."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        self._client.connect_async(self._host, self._port, keepalive=30, clean_start=False, properties=properties)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye and end the thread."""
        if self._connected:
            info = self._client.publish(self._state, b"offline", qos=1, retain=True)
            if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                info.wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, pubacks: Sequence[tuple[int, int]]) -> None:
        """PUBACK in receipt order; ids of an earlier connection mean something else by now."""
        generation = self._generation
        packets = b"".join([_PUBACK.pack(PUBACK, 2, mid) for of, mid in pubacks if of == generation])
        if packets:
            # `ack` would wake paho's thread and write to the socket for each of them.
            self._client._packet_queue(PUBACK, packets, 0, 1)

    def publish(self, messages: Iterable[Publish]) -> None:
        """Send; while there is no connection, drop: all of it is repeated when the booth speaks again."""
        client, lost, why = self._client, 0, MQTTErrorCode.MQTT_ERR_SUCCESS
        for message in messages:
            if not self._connected:
                return
            info = client.publish(message.topic, message.payload, message.qos, message.retain)
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                lost, why = lost + 1, info.rc
        if lost:
            # Once for a turn: in a flood a line for each would cost more than the flood itself.
            log.warning("%s messages to booths are left to the next repetition: %s", lost, paho.error_string(why))

    # --- paho's thread: nothing here may raise ----------------------------------------------------------

    def _on_connect(
        self, client: paho.Client, _data: Any, _flags: paho.ConnectFlags, code: ReasonCode, _props: Any
    ) -> None:
        if code.is_failure:
            log.error("the broker %s:%s refused the connection: %s", self._host, self._port, code)
            return
        self._generation += 1
        self._connected = True
        with client._out_message_mutex:
            client._out_messages.clear()
            client._inflight_messages = 0
        client.subscribe(topics.up_filter(), options=SubscribeOptions(qos=1))
        client.publish(self._state, b"online", qos=1, retain=True)
        self._put(LinkUp(self._generation))

    def _on_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        log.warning("the broker %s:%s cannot be reached", self._host, self._port)

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, code: ReasonCode, _props: Any
    ) -> None:
        if self._connected:
            self._connected = False
            log.warning("the connection to the broker ended: %s", code)
            self._put(LinkDown(self._generation, str(code)))

    def _on_subscribe(
        self, _client: paho.Client, _data: Any, _mid: int, codes: list[ReasonCode], _props: Any
    ) -> None:
        for code in codes:
            if code.is_failure:
                log.error("the broker refused the subscription to %s: %s", topics.up_filter(), code)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(topic that is not UTF-8)"
        self._put(Received(topic, bytes(message.payload), message.qos, message.mid, self._generation))
