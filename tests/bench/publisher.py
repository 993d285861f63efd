"""Many booths in one process: prebuilt MQTT 5 packets on bare sockets, so that the sender is never the slow one.

`paced=puback`: each booth has `window` messages that the broker has not taken; `paced=ack`: that the coordinator has
not acknowledged after its commit, as the real booth (and, as it, sends its tail again after 3 s without progress).
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

from contract import topics
from contract.messages import Ack, Hello
from tests.bench.events import events

WINDOW = 20
RESEND_S = 3.0
#: Never reached: something is always on its way. The embedded broker takes no client without one.
KEEPALIVE_S = 240
GIVE_UP_S = 120.0


def _length(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def _packet(head: int, body: bytes) -> bytes:
    return bytes([head]) + _length(len(body)) + body


def publish(topic: str, payload: bytes, mid: int) -> bytes:
    """PUBLISH with QoS 1."""
    return _packet(0x32, _text(topic) + mid.to_bytes(2, "big") + b"\0" + payload)


class Booth:
    """One connection."""

    def __init__(self, port: int, name: str, count: int, paced: str) -> None:
        self.name, self.count, self.paced = name, count, paced
        self.epoch = name.encode().hex()[-12:].rjust(12, "0")
        topic = topics.of(name, topics.EVENT)
        self.packets = [
            publish(topic, payload, seq % 60_000 + 1) for seq, payload in enumerate(events(self.epoch, count), start=1)
        ]
        self.sent = self.taken = self.acked = 0
        self.progress = 0.0
        self.greeted = False
        self._buffer = b""
        self.link = socket.create_connection(("127.0.0.1", port))
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link.sendall(_packet(0x10, _text("MQTT") + bytes([5, 2, 0, KEEPALIVE_S, 0]) + _text(name)))
        self._until(0x20)
        filters = b"\0\1\0" + _text(topics.down_filter(name)) + b"\1"
        self.link.sendall(_packet(0x82, filters))
        self._until(0x90)

    def hello(self) -> None:
        """Greet; `greeted` once the broker (puback) or the coordinator (ack) has answered."""
        hello = Hello(epoch=self.epoch, first=1, last=self.count, boot="aabbccddeeff")
        topic = topics.of(self.name, topics.HELLO)
        self.link.sendall(publish(topic, hello.model_dump_json().encode(), 65_000))

    def send(self) -> None:
        """What the window lets through."""
        settled = self.acked if self.paced == "ack" else self.taken
        last = min(self.count, settled + WINDOW)
        if last > self.sent:
            self.link.sendall(b"".join(self.packets[self.sent : last]))
            self.sent = last

    def again(self, now: float) -> None:
        """The unacknowledged tail once more, after silence."""
        if self.acked < self.sent and now - self.progress > RESEND_S:
            self.progress = now
            self.link.sendall(b"".join(self.packets[self.acked : self.sent]))

    def read(self) -> None:
        """Take what has come."""
        data = self.link.recv(65_536)
        if not data:
            raise ConnectionError(f"the broker hung up on {self.name}")
        self._buffer += data
        for head, body in self._frames():
            if head >> 4 == 4:
                if int.from_bytes(body[:2], "big") == 65_000:
                    self.greeted |= self.paced == "puback"
                else:
                    self.taken += 1
            elif head >> 4 == 3:
                self._message(head, body)

    def _message(self, head: int, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        topic, at = body[2 : 2 + size], 2 + size
        if head & 6:
            self.link.sendall(b"\x40\x02" + body[at : at + 2])
            at += 2
        skip = body[at]
        if topic.endswith(b"/down/ack"):
            ack = Ack.model_validate_json(body[at + 1 + skip :])
            self.greeted = True
            if ack.seq > self.acked:
                self.acked, self.progress = ack.seq, time.monotonic()

    def _frames(self) -> list[tuple[int, bytes]]:
        found, at, data = [], 0, self._buffer
        while len(data) - at >= 2:
            size, shift, place = 0, 0, at + 1
            while place < len(data):
                byte = data[place]
                size |= (byte & 127) << shift
                shift, place = shift + 7, place + 1
                if byte < 128:
                    break
            else:
                break
            if len(data) < place + size:
                break
            found.append((data[at], data[place : place + size]))
            at = place + size
        self._buffer = data[at:]
        return found

    def _until(self, head: int) -> None:
        while True:
            data = self.link.recv(4096)
            if not data:
                raise ConnectionError(f"the broker refused {self.name}")
            self._buffer += data
            if any(found == head for found, _ in self._frames()):
                return


def main(port: int, booths: int, count: int, paced: str, judge: str) -> None:
    """Says "ready", waits for a line, sends everything; says "fifth" on the way and then its times.

    `judge`: `coordinator` waits for every down/ack, `none` only for the broker.
    """
    all_booths = [Booth(port, f"bench-{number}", count, paced) for number in range(1, booths + 1)]
    with selectors.DefaultSelector() as selector:
        for booth in all_booths:
            selector.register(booth.link, selectors.EVENT_READ, booth)
            booth.hello()
        if judge == "coordinator":
            for booth in all_booths:
                booth.greeted = False
        while not all(booth.greeted for booth in all_booths):
            for key, _ in selector.select(1.0):
                key.data.read()
        print(json.dumps("ready"), flush=True)
        sys.stdin.readline()
        _drive(selector, all_booths, paced, judge)


def _drive(selector: selectors.DefaultSelector, booths: list[Booth], paced: str, judge: str) -> None:
    total = sum(booth.count for booth in booths)
    fifth, taken_at = paced == "ack", 0.0
    began = looked = time.monotonic()
    for booth in booths:
        booth.progress = began
        booth.send()
    while True:
        for key, _ in selector.select(0.5):
            booth = key.data
            booth.read()
            booth.send()
        now = time.monotonic()
        if now - looked > 0.1:
            looked = now
            if now - began > GIVE_UP_S:
                raise TimeoutError(f"not everything was acknowledged within {GIVE_UP_S:g} s")
            for booth in booths:
                if judge == "coordinator":
                    booth.again(now)
            if fifth and sum(booth.acked for booth in booths) * 5 >= total:
                fifth = False
                print(json.dumps("fifth"), flush=True)
        if not taken_at and all(booth.taken >= booth.count for booth in booths):
            taken_at = now
        if all((booth.acked if judge == "coordinator" else booth.taken) >= booth.count for booth in booths):
            break
    if fifth:
        print(json.dumps("fifth"), flush=True)
    print(json.dumps({"began": began, "taken": taken_at or now, "ended": time.monotonic()}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
