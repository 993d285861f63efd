"""The booth's connection to the broker: MQTT 5, one fresh paho client for each connection.

A client that is thrown away with its connection cannot send a backlog of its own, nor mistake an old message id for a
new one. The outbox is the truth; what is lost on the way is sent again from there.
"""

from __future__ import annotations

import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract import topics
from contract.messages import BoothState
from edge.adapters.items import MessageArrived
from edge.core.events import LinkDown, LinkUp

log = logging.getLogger("loket.link")

BACKOFF_FIRST_S: Final = 0.2
BACKOFF_LAST_S: Final = 5.0
KEEPALIVE_S: Final = 15
CONNECT_S: Final = 5.0
#: Messages that paho may hold: a full window of events and parts, sent twice, and the greeting.
QUEUE: Final = 250


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is. `ca`, `cert`, `key`: PEM files; with `ca` the connection is TLS."""

    host: str
    port: int
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


class MqttLink:
    """Keeps a connection up. Puts LinkUp (subscribed), LinkDown and MessageArrived through `put`."""

    def __init__(self, booth: str, boot: str, broker: Broker, put: Callable[[object], None]) -> None:
        self._booth = booth
        self._boot = boot
        self._broker = broker
        self._put = put
        self._generation = 0
        self._inflight = 20
        self._client: Client | None = None
        self._stopping = threading.Event()
        self._told = ""
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Say `offline` and disconnect. `timeout`: seconds to wait for the broker and for the thread, each."""
        self._stopping.set()
        client = self._client
        if client is not None:
            offline = BoothState(state="offline", boot=self._boot).model_dump_json().encode()
            said = client.publish(topics.of(self._booth, topics.STATE), offline, qos=1, retain=True)
            if said.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                said.wait_for_publish(timeout)
            client.disconnect()
        self._thread.join(timeout)

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """Hand a message to the present connection; False when there is none, or it does not keep up."""
        client = self._client
        if client is None:
            return False
        rc = client.publish(topic, payload, qos=qos, retain=retain).rc
        if rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._tell(f"{topic} not handed over ({rc.name}); it is sent again later")
        return rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    # --- one thread keeps the connection up ---------------------------------------------------------

    def _run(self) -> None:
        backoff = BACKOFF_FIRST_S
        while not self._stopping.is_set():
            began = time.monotonic()
            up = self._connection()
            if up and time.monotonic() - began >= 1.0:
                backoff = BACKOFF_FIRST_S
            self._stopping.wait(backoff * random.uniform(0.8, 1.2))
            backoff = min(backoff * 2, BACKOFF_LAST_S)

    def _connection(self) -> bool:
        """One connection, from connect to its end. Returns whether it was ever usable."""
        self._generation += 1
        one = _Connection(self, self._generation)
        try:
            client = one.client()
            client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._tell(f"no connection to {self._broker.host}:{self._broker.port}: {explain(error)}")
            return False
        client.loop_start()
        one.ended.wait()
        client.loop_stop()
        return one.up

    def _tell(self, line: str) -> None:
        """The same trouble is logged once until something else happens."""
        if line != self._told:
            self._told = line
            log.warning("%s", line)


class _Connection:
    """Callbacks of one connection, called in paho's thread: they only put into the inbox."""

    def __init__(self, link: MqttLink, generation: int) -> None:
        self._link = link
        self._generation = generation
        self.up = False
        self.ended = threading.Event()

    def client(self) -> Client:
        """A client that is set up but not connected. Raises OSError, ValueError for TLS files that do not fit."""
        link = self._link
        client = Client(CallbackAPIVersion.VERSION2, client_id=link._booth, protocol=MQTTv5, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(link._inflight)
        client.max_queued_messages_set(QUEUE)
        offline = BoothState(state="offline", boot=link._boot).model_dump_json().encode()
        client.will_set(topics.of(link._booth, topics.STATE), offline, qos=1, retain=True)
        secure(client, link._broker)
        client.on_socket_open = _at_once
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        client.on_publish = self._published
        client.on_disconnect = self._disconnected
        return client

    def _connected(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        link = self._link
        if code.is_failure:
            link._tell(f"the broker refuses this booth: {code}. Check its certificate and the broker's log")
            client.disconnect()
            return
        allowed = int(getattr(properties, "ReceiveMaximum", link._inflight))
        if allowed < link._inflight:
            link._inflight = allowed
            client.disconnect()
            return
        client.subscribe(topics.down_filter(link._booth), qos=1)

    def _subscribed(
        self, client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._link._tell(f"the broker refuses the subscription: {codes[0]}. Check the broker's ACL for this booth")
            client.disconnect()
            return
        self.up = True
        self._link._told = ""
        self._link._client = client
        self._link._put(LinkUp(self._generation))

    def _message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._link._put(MessageArrived(message.topic, bytes(message.payload)))

    def _published(self, _client: Client, _data: Any, _mid: int, code: ReasonCode, _properties: Any) -> None:
        if code.is_failure:
            self._link._tell(f"the broker refuses a message: {code}. Check the broker's ACL and limits for this booth")

    def _disconnected(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Any
    ) -> None:
        self._link._client = None
        if self.up:
            self._link._put(LinkDown(self._generation, str(code)))
        if str(code) == "Session taken over":
            self._link._tell("another program is connected under this booth's id: give each booth an id of its own")
        self.ended.set()


def _at_once(_client: Client, _userdata: Any, connection: Any) -> None:
    """Send each packet when it is written: waiting for the other side's delayed ACK (Nagle) costs 40 ms a window."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def secure(client: Client, broker: Broker) -> None:
    """TLS as the booth file says. Raises OSError (SSLError among them) when a file does not fit."""
    if broker.ca is not None:
        client.tls_set(
            ca_certs=str(broker.ca),
            certfile=str(broker.cert) if broker.cert else None,
            keyfile=str(broker.key) if broker.key else None,
        )


def explain(error: Exception) -> str:
    """What keeps the broker away, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}): check ca, and the booth's clock"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error}): check ca, cert and key, and that the port speaks TLS"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there: start the broker, or correct broker.host and broker.port"
    if isinstance(error, TimeoutError):
        return "no answer: check the network and broker.host"
    return f"{error}: check the network, broker.host and broker.port"
