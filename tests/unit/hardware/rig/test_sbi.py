"""The simulated SBI devices against the specification, through Python's own HTTP client."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from hardware.rig.sbi_server import SbiServer
from hardware.simulators.sbi import SbiConnection, SbiDevice
from hardware.simulators.sbi_words import LEFT, RIGHT


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest().upper()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def payload(token: str) -> dict[str, Any]:
    return json.loads(decode(token.split(".")[1]))


def request(kind: str, sub: str, count: int, transaction: str = "ab12-1.photo.1", **bio: Any) -> dict[str, Any]:
    return {
        "env": "Developer",
        "purpose": "Registration",
        "specVersion": "0.9.5",
        "timeout": "1000",
        "captureTime": "2026-01-05T08:00:00Z",
        "transactionId": transaction,
        "bio": [{"type": kind, "count": str(count), "deviceSubId": sub, "requestedScore": "40", **bio}],
    }


def capture(device: SbiDevice, asked: dict[str, Any], now: float = 0.0) -> list[dict[str, Any]]:
    return device.respond("RCAPTURE", "/capture", json.dumps(asked).encode(), now).body["biometrics"]


def code(samples: list[dict[str, Any]]) -> str:
    return samples[0]["error"]["errorCode"]


@pytest.fixture
def served() -> Iterator[SbiDevice]:
    device = SbiDevice("Finger", port=0, capture_s=0.01, bad_rate=0.0)
    server = SbiServer()
    server.add(device)
    server.start()
    yield device
    server.close()


def call(port: int, verb: str, path: str, body: Any) -> Any:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request(verb, path, json.dumps(body))
        answer = link.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())
    finally:
        link.close()


def test_discovery_information_and_capture_over_http(served: SbiDevice) -> None:
    (found,) = call(served.port, "MOSIPDISC", "/device", {"type": "Finger"})
    assert found["deviceStatus"] == "Ready"
    assert found["callbackId"] == f"http://127.0.0.1:{served.port}/"
    assert json.loads(decode(found["digitalId"]))["type"] == "Finger"
    (told,) = call(served.port, "MOSIPDINFO", "/info", {})
    assert payload(told["deviceInfo"])["deviceSubId"] == ["1", "2", "3"]
    taken = call(served.port, "RCAPTURE", "/capture", request("Finger", "1", 4))["biometrics"]
    assert [payload(one["data"])["bioSubType"] for one in taken] == list(LEFT)


def test_a_connection_is_used_for_several_requests(served: SbiDevice) -> None:
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    for _ in range(3):
        link.request("MOSIPDINFO", "/info", b"{}")
        assert link.getresponse().read()
    link.close()


def test_a_dropped_connection_ends_within_the_answer(served: SbiDevice) -> None:
    served.fault("drop")
    with pytest.raises(http.client.IncompleteRead):
        call(served.port, "RCAPTURE", "/capture", request("Finger", "3", 2))
    assert code(call(served.port, "RCAPTURE", "/capture", request("Finger", "3", 2))["biometrics"]) == "0"


def test_the_hash_chain_runs_through_the_samples_and_from_the_capture_before() -> None:
    device = SbiDevice("Finger")
    first = capture(device, request("Finger", "2", 4, "t-0001"))
    second = capture(device, request("Finger", "3", 2, "t-0002", previousHash=first[-1]["hash"]), 10.0)
    previous = sha(b"")
    for sample in first + second:
        previous = sha((previous + sha(decode(payload(sample["data"])["bioValue"]))).encode())
        assert sample["hash"] == previous


def test_samples_are_of_real_size_and_follow_from_the_transaction() -> None:
    one, again = (capture(SbiDevice("Iris"), request("Iris", "3", 2, "t-0001")) for _ in range(2))
    other = capture(SbiDevice("Iris"), request("Iris", "3", 2, "t-0002"))
    values = [decode(payload(sample["data"])["bioValue"]) for sample in one]
    assert all(15_000 < len(value) < 30_000 for value in values)
    assert values == [decode(payload(sample["data"])["bioValue"]) for sample in again]
    assert values != [decode(payload(sample["data"])["bioValue"]) for sample in other]


def test_fingers_that_are_missing_are_not_taken() -> None:
    taken = capture(SbiDevice("Finger"), request("Finger", "2", 3, exception=[RIGHT[1]]))
    assert [payload(one["data"])["bioSubType"] for one in taken] == [RIGHT[0], RIGHT[2], RIGHT[3]]


@pytest.mark.parametrize(("status", "wanted"), [("Busy", "111"), ("Not Ready", "110"), ("Not Registered", "100")])
def test_a_device_that_is_not_ready_refuses_with_its_code(status: str, wanted: str) -> None:
    assert code(capture(SbiDevice("Face", status=status), request("Face", "0", 1))) == wanted


def test_wrong_requests_are_refused_with_their_code() -> None:
    device = SbiDevice("Finger")
    assert code(capture(device, request("Finger", "1", 4, "abc"))) == "112"
    assert code(capture(device, request("Finger", "1", 4, "x" * 51))) == "112"
    assert code(capture(device, request("Iris", "3", 2))) == "106"
    assert code(capture(device, request("Finger", "1", 3))) == "109"
    assert code(capture(device, request("Finger", "1", 4))) == "0"
    assert code(capture(device, request("Finger", "1", 4))) == "703", "a capture is under way"


def test_low_spoils_one_finger_only() -> None:
    device = SbiDevice("Finger", bad_rate=0.0)
    device.fault("low")
    qualities = [int(payload(one["data"])["qualityScore"]) for one in capture(device, request("Finger", "1", 4))]
    assert sum(quality < 40 for quality in qualities) == 1
    qualities = [int(payload(one["data"])["qualityScore"]) for one in capture(device, request("Finger", "1", 4), 9.0)]
    assert min(qualities) >= 40


def test_a_wrong_transaction_is_another_one() -> None:
    device = SbiDevice("Face")
    device.fault("wrong-transaction")
    (sample,) = capture(device, request("Face", "0", 1, "ours-1"))
    assert payload(sample["data"])["transactionId"] != "ours-1"


def test_a_timeout_takes_as_long_as_the_request_allows() -> None:
    device = SbiDevice("Face")
    device.fault("timeout")
    reply = device.respond("RCAPTURE", "/capture", json.dumps(request("Face", "0", 1)).encode(), 0.0)
    assert (code(reply.body["biometrics"]), reply.delay_s) == ("701", 1.0)


def test_bytes_in_any_portions_give_the_same_answer() -> None:
    body = json.dumps(request("Face", "0", 1)).encode()
    raw = b"RCAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1:4501\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    link = SbiConnection(SbiDevice("Face"))
    assert b"".join(link.receive(raw[at : at + 1], 0.0) for at in range(len(raw))) == b""
    assert link.next_wakeup() == pytest.approx(0.8)
    assert link.wakeup(0.5) == b""
    assert link.wakeup(0.8).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x00\x01\x02\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"GET /capture HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]", b"400"),
        (b"RCAPTURE /capture HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"A" * 300_000, b"413"),
    ],
)
def test_what_is_no_request_is_answered_and_no_memory_is_kept(raw: bytes, status: bytes) -> None:
    link = SbiConnection(SbiDevice("Face"))
    assert link.receive(raw, 0.0).split(b" ")[1] == status
    assert len(link._in) <= SbiConnection.LIMIT
