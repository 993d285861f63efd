"""SBI devices with people before them: who is captured, what goes wrong with hands and glass, and the live preview."""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from hardware.rig.sbi_server import SbiServer
from hardware.simulators.sbi import SbiConnection, SbiDevice
from hardware.simulators.sbi_samples import person_of
from hardware.simulators.sbi_words import RIGHT, sha

SLAP = {"type": "Finger", "count": "4", "deviceSubId": "2", "requestedScore": "40"}
ANY_TRANSACTION = "ab12cd34-1.right-four.1"


def request(transaction: str = ANY_TRANSACTION, **bio: Any) -> dict[str, Any]:
    return {
        "timeout": "1000",
        "captureTime": "2026-11-24T08:00:00+07:00",
        "transactionId": transaction,
        "bio": [SLAP | bio],
    }


def capture(device: SbiDevice, asked: dict[str, Any], now: float = 0.0) -> list[dict[str, Any]]:
    reply = device.respond("RCAPTURE", "/capture", json.dumps(asked).encode(), now)
    return reply.made.result() if reply.made else reply.body["biometrics"]


def told(sample: dict[str, Any]) -> dict[str, Any]:
    body = sample["data"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def value(sample: dict[str, Any]) -> bytes:
    text = told(sample)["bioValue"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def qualities(samples: list[dict[str, Any]]) -> list[int]:
    return [int(told(sample)["qualityScore"]) for sample in samples]


def code(samples: list[dict[str, Any]]) -> str:
    return samples[0]["error"]["errorCode"]


@pytest.fixture
def server() -> Iterator[SbiServer]:
    server = SbiServer()
    yield server
    server.close()


@pytest.fixture
def served(server: SbiServer) -> SbiDevice:
    device = SbiDevice("Finger", port=0, capture_s=0.4, bad_rate=0.0)
    server.add(device)
    server.start()
    return device


def fingers(person: int | None, transaction: str) -> list[bytes]:
    device = SbiDevice("Finger", pictures=True, bad_rate=0.0, person=person)
    asked = request(transaction, deviceSubId="3", count="2")
    return [value(sample) for sample in capture(device, asked)]


def test_each_applicant_has_fingers_of_their_own_and_each_attempt_another_impression() -> None:
    first = fingers(None, "ab12-1.thumbs.1")
    assert first == fingers(None, "ab12-1.thumbs.1")
    assert not set(first) & set(fingers(None, "ab12-1.thumbs.2"))
    assert not set(first) & set(fingers(None, "ab12-2.thumbs.1"))
    assert all(one.startswith(b"FIR\x00") and b"\xff\xa0" in one for one in first)


def test_who_sits_before_the_device_can_be_said() -> None:
    usual = fingers(None, "ab12-1.thumbs.1")
    assert fingers(person_of("ab12-1.thumbs.1"), "ab12-1.thumbs.1") == usual
    assert not set(fingers(8, "ab12-1.thumbs.1")) & set(usual)


def test_a_bad_finger_hides_behind_the_average() -> None:
    for pictures in (False, True):
        device = SbiDevice("Finger", bad_rate=0.0, pictures=pictures)
        device.fault("bad-finger")
        found = qualities(capture(device, request()))
        assert sum(quality < 40 for quality in found) == 2
        assert sum(found) / 4 >= 40
        assert min(qualities(capture(device, request(), 9.0))) >= 40


def test_a_dirty_glass_spoils_every_capture_until_it_is_cleaned() -> None:
    for kind, bio in (
        ("Finger", {}),
        ("Iris", {"deviceSubId": "3", "count": "2"}),
        ("Face", {"deviceSubId": "0", "count": "1"}),
    ):
        device = SbiDevice(kind, bad_rate=0.0)
        clean = qualities(capture(device, request(type=kind, **bio)))
        device.fault("dirty")
        for now in (10.0, 20.0):
            dirty = qualities(capture(device, request(type=kind, **bio), now))
            assert all(after < before for before, after in zip(clean, dirty, strict=True)), kind
        device.clean()
        assert qualities(capture(device, request(type=kind, **bio), 30.0)) == clean


@pytest.mark.parametrize(("fault", "wanted"), [("missing", "109"), ("wrong-hand", "105")])
def test_a_hand_that_lies_wrong_is_refused_once(fault: str, wanted: str) -> None:
    device = SbiDevice("Finger")
    device.fault(fault)
    assert code(capture(device, request())) == wanted
    assert code(capture(device, request(), 9.0)) == "0"


def test_a_finger_that_a_person_does_not_have_must_be_excepted() -> None:
    device = SbiDevice("Finger", person=3, missing_fingers={3: (RIGHT[1],)})
    assert code(capture(device, request())) == "109"
    taken = capture(device, request(count="3", exception=[RIGHT[1]]), 9.0)
    assert [told(sample)["bioSubType"] for sample in taken] == [RIGHT[0], RIGHT[2], RIGHT[3]]


def test_a_broken_chain_follows_from_nothing_that_was_said() -> None:
    device = SbiDevice("Finger")
    device.fault("broken-chain")
    first = capture(device, request())[0]
    assert first["hash"] != sha((sha(b"") + sha(value(first))).encode())


def test_a_fault_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"low.*broken-chain.*unplugged"):
        SbiDevice("Finger").fault("sneeze")


def test_a_device_that_hangs_is_silent_until_somebody_hangs_up(served: SbiDevice) -> None:
    served.fault("hang")
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=0.5)
    link.request("RCAPTURE", "/capture", json.dumps(request()))
    with pytest.raises(TimeoutError):
        link.getresponse()
    link.close()
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    link.request("RCAPTURE", "/capture", json.dumps(request()))
    assert code(json.loads(link.getresponse().read())["biometrics"]) == "0"
    link.close()


def test_an_unplugged_device_closes_what_is_open_and_answers_nobody_until_it_is_back(
    server: SbiServer, served: SbiDevice
) -> None:
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    link.request("MOSIPDINFO", "/info", b"{}")
    assert link.getresponse().read()
    server.call(lambda: served.fault("unplugged"))
    assert link.sock.recv(1) == b""
    link.close()
    with socket.create_connection(("127.0.0.1", served.port), 10) as other:
        assert other.recv(1) == b""
    server.call(lambda: served.fault("unplugged", 0))
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    link.request("MOSIPDINFO", "/info", b"{}")
    assert link.getresponse().status == 200
    link.close()


def frames(raw: bytes) -> list[bytes]:
    """The pictures of a multipart body, by their lengths."""
    found = []
    while raw.startswith(b"--BoundaryString\r\n"):
        head, _, raw = raw.partition(b"\r\n\r\n")
        size = int(head.rpartition(b"Content-Length: ")[2])
        found.append(raw[:size])
        raw = raw[size + 2 :]
    assert raw == b"--BoundaryString--\r\n"
    return found


def stream(port: int, sub: str, timeout: int) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = {"deviceId": f"finger-{port}", "deviceSubId": sub, "timeout": str(timeout)}
    link.request("STREAM", "/stream", json.dumps(body))
    return link, link.getresponse()


def test_the_live_preview_shows_changing_pictures_until_its_time_is_over(served: SbiDevice) -> None:
    link, answer = stream(served.port, "2", 900)
    assert answer.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=BoundaryString"
    shown = frames(answer.read())
    link.close()
    assert len(shown) >= 3
    assert len(set(shown)) == len(shown)
    for one in shown:
        image = Image.open(io.BytesIO(one))
        assert image.format == "JPEG"
        assert image.width <= 640
        assert image.height <= 480
        assert len(one) <= 40_000


def test_a_capture_is_taken_while_the_live_preview_runs(served: SbiDevice) -> None:
    link, answer = stream(served.port, "2", 20_000)
    assert answer.readline() == b"--BoundaryString\r\n"
    other = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    other.request("RCAPTURE", "/capture", json.dumps(request()))
    assert code(json.loads(other.getresponse().read())["biometrics"]) == "0"
    other.close()
    assert answer.read(30_000), "and it runs on"
    link.close()


def test_the_preview_in_virtual_time_has_five_frames_a_second_and_ends() -> None:
    body = b'{"deviceId": "iris-4501", "deviceSubId": "3", "timeout": "2000"}'
    link = SbiConnection(SbiDevice("Iris"))
    raw = link.receive(b"STREAM /stream HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body, 10.0)
    assert link.streaming
    while (at := link.next_wakeup()) is not None:
        raw += link.wakeup(at)
    assert link.closed
    assert at is None
    assert len(frames(raw.partition(b"\r\n\r\n")[2])) == 10


@pytest.mark.parametrize(
    ("status", "change", "wanted"),
    [
        ("Not Ready", {}, "110"),
        ("Busy", {}, "111"),
        ("Ready", {"deviceId": "another"}, "106"),
        ("Ready", {"deviceSubId": "9"}, "106"),
    ],
)
def test_a_preview_that_cannot_be_is_refused_in_words(status: str, change: dict[str, str], wanted: str) -> None:
    device = SbiDevice("Face", status=status)
    body = {"deviceId": "face-4501", "deviceSubId": "0"} | change
    assert device.respond("STREAM", "/stream", json.dumps(body).encode(), 0.0).body["error"]["errorCode"] == wanted


def test_nobody_can_have_a_preview_by_a_plain_get() -> None:
    assert SbiDevice("Face").respond("GET", "/stream", b"", 0.0).status == 405
