"""A capture counts only when it is whole, ours, of known quality and chained to the one before it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from contract.messages import Modality
from edge.core.events import CaptureFailed, CaptureTaken, DeviceFault, DeviceLost, DeviceOnline, FrameRejected
from edge.core.requests import StartCapture, StopCapture
from edge.devices.sbi import Sbi
from edge.devices.sbi_answers import FIRST, SUBTYPES
from tests.unit.edge.devices.line import Line

SLAP = StartCapture(Modality.RIGHT_FOUR, "aa11bb22cc33-7.right-four.1", 10.0, 40)
FACE = StartCapture(Modality.PHOTO, "aa11bb22cc33-7.photo.1", 10.0, 90)

SUBJECT = {"previousHash": FIRST, "bioSubType": list(SUBTYPES[Modality.RIGHT_FOUR])}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims: object) -> str:
    return f"{b64(b'{}')}.{b64(json.dumps(claims).encode())}.{b64(b'signature')}"


def http(body: object, head: str = "", status: int = 200) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status} OK\r\nContent-Length: {len(raw)}\r\n{head}\r\n".encode() + raw


class Service:
    """A device service in the reference's words: answers what is written to it."""

    def __init__(self, kind: str = "Finger") -> None:
        self.kind = kind
        self.status = "Ready"
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.quality = 71.5
        self.change: dict[str, Any] = {}
        self.error: dict[str, str] = {"errorCode": "0", "errorInfo": ""}
        self.texts = False
        self.drop = 0
        self.names: list[str] | None = None
        self.busy = 0
        self.capture: bytes | None = None
        self.silent = False
        self.head = ""

    def __call__(self, out: bytes) -> bytes:
        head, _, body = out.partition(b"\r\n\r\n")
        assert b"Host: 127.0.0.1:4501" in head
        verb = head.split(b" ")[0].decode()
        request = json.loads(body)
        self.asked.append((verb, request))
        if self.silent:
            return b""
        if verb == "MOSIPDISC":
            assert head.startswith(b"MOSIPDISC /device HTTP/1.1")
            return http([{"deviceId": "SL-1", "deviceStatus": self.status, "error": None}], self.head)
        if verb == "MOSIPDINFO":
            digital = jwt({"make": "Suprema", "model": "RealScan", "serialNo": "77", "type": self.kind})
            told = jwt({"deviceId": "SL-1", "digitalId": digital, "firmware": "1.2", "env": "Staging"})
            return http([{"deviceInfo": told, "error": {"errorCode": "0"}}], self.head)
        assert head.startswith(b"RCAPTURE /capture HTTP/1.1")
        if self.busy:
            self.busy -= 1
            return http({"biometrics": [], "error": {"errorCode": "111", "errorInfo": "Device busy"}})
        return self.capture if self.capture is not None else http(self.captured(request), self.head)

    def captured(self, request: dict[str, Any]) -> dict[str, Any]:
        bio = request["bio"][0]
        previous = bio["previousHash"] or hashlib.sha256(b"").hexdigest().upper()
        out = []
        names = self.names or bio["bioSubType"] or [""]
        for name in names[: len(names) - self.drop]:
            value = f"record of {name}".encode() * 3
            own = hashlib.sha256(value)
            joined = bytes.fromhex(previous) + own.digest()
            if self.texts:
                joined = (previous + own.hexdigest().upper()).encode()
            previous = hashlib.sha256(joined).hexdigest().upper()
            claims = {
                "bioType": self.kind,
                "bioSubType": name,
                "bioValue": b64(value),
                "transactionId": request["transactionId"],
                "qualityScore": str(self.quality),
            } | self.change
            out.append({"specVersion": "0.9.5", "data": jwt(claims), "hash": previous, "error": self.error})
        return {"biometrics": out}


def slap(service: Service) -> Line:
    takes = (Modality.RIGHT_FOUR, Modality.LEFT_FOUR, Modality.THUMBS)
    return Line(Sbi("slap", 4501, takes, lambda: "2026-11-24T08:00:00+07:00"), service).open()


def test_a_ready_device_tells_who_it_is() -> None:
    service = Service()
    line = slap(service)
    assert line.one(DeviceOnline).details == {
        "maker": "Suprema",
        "model": "RealScan",
        "serial": "77",
        "firmware": "1.2",
    }
    assert service.asked == [("MOSIPDISC", {"type": "Finger"}), ("MOSIPDINFO", {"type": "Finger"})]


def test_a_slap_is_asked_for_in_the_words_of_sbi() -> None:
    service = Service()
    slap(service).ask(SLAP)
    verb, request = service.asked[-1]
    assert verb == "RCAPTURE"
    assert request["transactionId"] == SLAP.transaction
    assert (request["env"], request["purpose"], request["specVersion"]) == ("Staging", "Registration", "0.9.5")
    assert request["timeout"] == "10000"
    assert request["captureTime"] == "2026-11-24T08:00:00+07:00"
    (bio,) = request["bio"]
    assert bio["bioSubType"] == [
        "Right IndexFinger",
        "Right MiddleFinger",
        "Right RingFinger",
        "Right LittleFinger",
    ]
    assert (bio["type"], bio["count"], bio["deviceSubId"], bio["deviceId"]) == ("Finger", "4", "2", "SL-1")
    assert (bio["requestedScore"], bio["previousHash"]) == ("40", "")


@pytest.mark.parametrize("texts", [False, True])
def test_each_finger_comes_with_its_own_quality_and_the_chain_goes_on(texts: bool) -> None:
    service = Service()
    service.texts = texts
    line = slap(service)
    first = line.ask(SLAP).one(CaptureTaken)
    assert [sample.subtype for sample in first.samples] == list(SUBTYPES[Modality.RIGHT_FOUR])
    assert {sample.quality for sample in first.samples} == {71.5}
    assert first.samples[0].value == b"record of Right IndexFinger" * 3
    thumbs = StartCapture(Modality.THUMBS, "aa11bb22cc33-7.thumbs.1", 10.0, 40, previous_hash=first.hash)
    second = line.ask(thumbs).one(CaptureTaken)
    assert second.hash != first.hash
    assert service.asked[-1][1]["bio"][0]["previousHash"] == first.hash


def test_excepted_fingers_are_not_asked_for() -> None:
    service = Service()
    ask = StartCapture(Modality.THUMBS, "aa11bb22cc33-7.thumbs.1", 10.0, 40, exceptions=("Left Thumb", "Left"))
    taken = slap(service).ask(ask).one(CaptureTaken)
    bio = service.asked[-1][1]["bio"][0]
    assert (bio["bioSubType"], bio["exception"], bio["count"]) == (["Right Thumb"], ["Left Thumb"], "1")
    assert [sample.subtype for sample in taken.samples] == ["Right Thumb"]


def test_a_face_has_no_subtype_on_the_wire_and_one_here() -> None:
    service = Service("Face")
    line = Line(Sbi("camera", 4501, (Modality.PHOTO,)), service).open()
    taken = line.ask(FACE).one(CaptureTaken)
    assert [(sample.subtype, sample.format) for sample in taken.samples] == [("Face", "iso19794-5")]
    assert service.asked[0][1] == {"type": "Face"}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"transactionId": "another"}, "transaction"),
        ({"bioType": "Iris"}, "kind"),
        ({"qualityScore": "170"}, "quality"),
        ({"qualityScore": "nan"}, "quality"),
        ({"bioSubType": "Left Thumb"}, "instead of"),
        ({"bioValue": ""}, "base64url"),
        ({"bioValue": b64(b"exchanged")}, "hash chain"),
    ],
)
def test_a_capture_that_is_not_ours_is_refused(change: dict[str, str], word: str) -> None:
    service = Service()
    service.change = change
    failed = slap(service).ask(SLAP).one(CaptureFailed)
    assert word in failed.error
    assert failed.remedy


def test_a_missing_finger_is_named() -> None:
    service = Service()
    service.drop = 1
    line = slap(service).ask(SLAP)
    failed = line.one(CaptureFailed)
    assert failed.error == "the device did not deliver Right LittleFinger"
    assert "exception" in failed.remedy
    assert not line.heard(CaptureTaken), "three fingers of four are nothing"


def test_the_wrong_hand_is_refused() -> None:
    service = Service()
    service.names = list(SUBTYPES[Modality.LEFT_FOUR])
    failed = slap(service).ask(SLAP).one(CaptureFailed)
    assert failed.error == "the device saw the left hand instead of the right hand"
    assert "right hand" in failed.remedy


def test_an_excepted_finger_that_comes_all_the_same_is_refused() -> None:
    service = Service()
    service.names = list(SUBTYPES[Modality.RIGHT_FOUR])
    asked = StartCapture(Modality.RIGHT_FOUR, SLAP.transaction, 10.0, 40, exceptions=("Right RingFinger",))
    failed = slap(service).ask(asked).one(CaptureFailed)
    assert failed.error == "the device delivered Right RingFinger, which has an exception"


def test_one_finger_twice_is_refused() -> None:
    service = Service()
    service.names = [*SUBTYPES[Modality.RIGHT_FOUR], "Right IndexFinger"]
    assert slap(service).ask(SLAP).one(CaptureFailed)


def test_a_hand_with_all_its_fingers_excepted_is_never_asked_for() -> None:
    service = Service()
    line = slap(service)
    verbs = len(service.asked)
    asked = StartCapture(Modality.THUMBS, SLAP.transaction, 10.0, 40, exceptions=("Left Thumb", "Right Thumb"))
    assert "exception" in line.ask(asked).wait(3).one(CaptureFailed).error
    assert all(verb != "RCAPTURE" for verb, _ in service.asked[verbs:])


def test_a_chain_broken_in_its_middle_takes_nothing() -> None:
    service = Service()
    answer = Service().captured({"transactionId": SLAP.transaction, "bio": [SUBJECT]})
    answer["biometrics"][2]["hash"] = answer["biometrics"][1]["hash"]
    service.capture = http(answer)
    line = slap(service).ask(SLAP)
    failed = line.one(CaptureFailed)
    assert "hash chain" in failed.error
    assert "out of use" in failed.remedy
    assert not line.heard(CaptureTaken)
    service.capture = None
    assert line.ask(SLAP).one(CaptureTaken)


@pytest.mark.parametrize("change", [{"hash": ""}, {"hash": None}, {"hash": "AB" * 32}])
def test_a_capture_without_its_place_in_the_chain_is_refused(change: dict[str, Any]) -> None:
    service = Service()
    answer = Service().captured({"transactionId": SLAP.transaction, "bio": [SUBJECT]})
    answer["biometrics"][0] |= change
    service.capture = http(answer)
    assert "hash chain" in slap(service).ask(SLAP).one(CaptureFailed).error


def test_an_earlier_capture_played_again_does_not_follow() -> None:
    service = Service()
    service.capture = http(Service().captured({"transactionId": SLAP.transaction, "bio": [SUBJECT]}))
    line = slap(service)
    first = line.ask(SLAP).one(CaptureTaken)
    asked = StartCapture(Modality.RIGHT_FOUR, SLAP.transaction, 10.0, 40, previous_hash=first.hash)
    assert "hash chain" in line.ask(asked).one(CaptureFailed).error


def test_the_same_image_for_two_fingers_is_refused() -> None:
    service = Service()
    same, previous, entries = b"the same picture", FIRST, []
    for name in SUBTYPES[Modality.RIGHT_FOUR]:
        own = hashlib.sha256(same).digest()
        previous = hashlib.sha256(bytes.fromhex(previous) + own).hexdigest().upper()
        claims = {"bioType": "Finger", "bioSubType": name, "bioValue": b64(same), "qualityScore": "80"}
        entries.append({"data": jwt(claims | {"transactionId": SLAP.transaction}), "hash": previous})
    service.capture = http({"biometrics": entries})
    assert "twice" in slap(service).ask(SLAP).one(CaptureFailed).error


def test_a_camera_takes_the_photo_of_an_exception_like_a_photo() -> None:
    service = Service("Face")
    line = Line(Sbi("camera", 4501, (Modality.PHOTO,)), service).open()
    asked = StartCapture(Modality.EXCEPTION_PHOTO, "aa11bb22cc33-7.exception-photo.1", 10.0, 30)
    taken = line.ask(asked).one(CaptureTaken)
    assert taken.modality is Modality.EXCEPTION_PHOTO
    assert [(sample.subtype, sample.format) for sample in taken.samples] == [("Face", "iso19794-5")]
    assert service.asked[-1][1]["bio"][0]["type"] == "Face"


def test_a_capture_that_hangs_on_another_chain_is_refused() -> None:
    ask = StartCapture(Modality.RIGHT_FOUR, SLAP.transaction, 10.0, 40, previous_hash="not hex")
    service = Service()
    service.capture = http(Service().captured({"transactionId": SLAP.transaction, "bio": [SUBJECT]}))
    assert "hex" in slap(service).ask(ask).one(CaptureFailed).error
    other = StartCapture(Modality.RIGHT_FOUR, SLAP.transaction, 10.0, 40, previous_hash="AB" * 32)
    assert "hash chain" in slap(service).ask(other).one(CaptureFailed).error


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("701", "in time"),
        ("105", "right way"),
        ("111", "busy"),
        ("703", "still running"),
        ("110", "USB"),
        ("999", "note"),
    ],
)
def test_an_error_of_the_device_comes_with_what_to_do(code: str, word: str) -> None:
    service = Service()
    service.error = {"errorCode": code, "errorInfo": "sorry"}
    line = slap(service).ask(SLAP).wait(11)
    failed = line.one(CaptureFailed)
    assert code in failed.error
    assert word in failed.remedy
    service.error = {"errorCode": "0", "errorInfo": ""}
    assert line.ask(SLAP).one(CaptureTaken), "the next capture works without a restart"


@pytest.mark.parametrize("words", ["Platen is dirty", "LATENT print detected", "please clean the sensor"])
def test_a_dirty_platen_is_to_be_cleaned(words: str) -> None:
    service = Service()
    service.error = {"errorCode": "101", "errorInfo": words}
    failed = slap(service).ask(SLAP).one(CaptureFailed)
    assert "soft dry cloth" in failed.remedy
    assert "Right IndexFinger" in failed.error, "which finger the device speaks of"


def test_a_device_that_calls_itself_dirty_is_a_fault_until_it_is_cleaned() -> None:
    service = Service()
    service.status = "Dirty Platen"
    line = slap(service)
    assert "cloth" in line.one(DeviceFault).remedy
    service.status = "Ready"
    assert line.wait(6).one(DeviceOnline)


def test_a_device_that_is_busy_for_a_moment_is_asked_again_by_itself() -> None:
    service = Service()
    service.busy = 3
    line = slap(service).ask(SLAP).wait(4)
    assert line.one(CaptureTaken)
    assert not line.heard(CaptureFailed)
    timeouts = [int(request["timeout"]) for verb, request in service.asked if verb == "RCAPTURE"]
    assert timeouts == [10_000, 9_000, 8_000, 7_000], "the officer does not wait longer than was asked for"


def test_a_device_that_stays_busy_fails_the_capture_in_its_time() -> None:
    service = Service()
    service.busy = 100
    line = slap(service).ask(SLAP).wait(9)
    assert "busy" in line.one(CaptureFailed).remedy


def test_a_device_that_is_busy_without_us_is_a_fault_after_a_while() -> None:
    service = Service()
    service.status = "Busy"
    line = slap(service).wait(20)
    assert line.heard(DeviceOnline) and not line.heard(DeviceFault)
    fault = line.wait(20).one(DeviceFault)
    assert fault.reasons == ("busy",)
    assert "other program" in fault.remedy
    service.status = "Ready"
    assert line.wait(6).one(DeviceOnline)


def test_a_device_that_was_taken_away_is_told_at_once_and_found_again() -> None:
    service = Service()
    line = slap(service)
    line.heard(DeviceOnline)
    service.status = "Not Registered"
    service.error = {"errorCode": "100", "errorInfo": "Device not registered"}
    line.ask(SLAP)
    assert "management service" in line.one(CaptureFailed).remedy
    assert line.one(DeviceFault).reasons == ("not-registered",)
    service.status, service.error = "Ready", {"errorCode": "0", "errorInfo": ""}
    assert line.wait(6).one(DeviceOnline)
    assert line.ask(SLAP).one(CaptureTaken)


def test_a_capture_waits_for_a_device_that_is_just_coming_back() -> None:
    service = Service()
    line = slap(service).wait(0.1)
    service.silent = True
    assert line.wait(30).one(DeviceLost)
    service.silent = False
    assert line.ask(SLAP).wait(8).one(CaptureTaken)


def test_a_device_that_is_not_ready_is_a_fault_until_it_is() -> None:
    service = Service()
    service.status = "Not Ready"
    line = slap(service)
    assert line.one(DeviceFault).reasons == ("not-ready",)
    line.wait(11)
    assert not line.heard(DeviceFault), "told once"
    service.status = "Ready"
    assert line.wait(6).one(DeviceOnline)


def test_a_busy_device_is_usable() -> None:
    service = Service()
    service.status = "Busy"
    assert slap(service).one(DeviceOnline)


def test_a_close_between_requests_is_normal() -> None:
    service = Service()
    service.head = "Connection: close\r\n"
    line = slap(service)
    for _ in range(4):
        line.close("end of stream").wait(0.5).open().wait(4)
    assert line.one(DeviceOnline).details["maker"] == "Suprema"
    assert not line.heard(DeviceLost)
    line.ask(SLAP).close("end of stream").wait(0.5).open()
    assert line.one(CaptureTaken)


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    service = Service()
    line = slap(service).wait(0.1)
    body = json.dumps(Service().captured({"transactionId": SLAP.transaction, "bio": [SUBJECT]})).encode()
    service.capture = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
    assert line.ask(SLAP).close("end of stream").one(CaptureTaken)


def test_a_close_within_a_capture_fails_it() -> None:
    service = Service()
    service.capture = http({"biometrics": []})[:-5]
    line = slap(service).ask(SLAP)
    assert not line.heard(CaptureFailed)
    failed = line.close("end of stream").one(CaptureFailed)
    assert "closed the connection" in failed.error
    service.capture = None
    assert line.wait(1).open().ask(SLAP).one(CaptureTaken)


def test_a_service_that_is_gone_is_lost_after_some_seconds() -> None:
    line = slap(Service()).close("refused")
    assert not line.heard(DeviceLost)
    assert "refused" in line.wait(5).one(DeviceLost).error
    assert line.ask(SLAP).wait(20).one(CaptureFailed)


def test_a_silent_service_is_lost_and_found() -> None:
    service = Service()
    line = slap(service)
    line.heard(DeviceOnline)
    service.silent = True
    assert line.wait(30).one(DeviceLost)
    service.silent = False
    assert line.wait(10).one(DeviceOnline)


def test_a_silent_capture_fails_within_the_grace_and_the_next_one_works() -> None:
    service = Service()
    service.capture = b""
    line = slap(service).ask(SLAP).wait(14.5)
    assert "does not answer" in line.one(CaptureFailed).error
    service.capture = None
    assert line.wait(3).ask(SLAP).one(CaptureTaken)


def test_a_stopped_capture_is_dropped_when_it_comes() -> None:
    service = Service()
    service.capture = b""
    line = slap(service).ask(SLAP).ask(StopCapture())
    line.feed(http(Service().captured({"transactionId": SLAP.transaction, "bio": [SUBJECT]}))).wait(0.1)
    assert not line.heard(CaptureTaken)
    service.capture = None
    assert line.ask(SLAP).one(CaptureTaken)


def test_an_endless_answer_is_cut_off() -> None:
    service = Service()
    service.capture = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    line = slap(service).ask(SLAP)
    for _ in range(300):
        line.feed(bytes(65536))
    assert line.one(CaptureFailed)
    assert "MiB" in line.heard(FrameRejected)[0].reason
    service.capture = None
    assert line.wait(3).ask(SLAP).one(CaptureTaken)


def test_what_is_not_http_fails_the_capture_and_the_line_recovers() -> None:
    service = Service()
    service.capture = b"SSH-2.0-OpenSSH\r\n\r\n"
    line = slap(service).ask(SLAP)
    assert line.one(CaptureFailed)
    assert line.one(FrameRejected).beginning.startswith(b"SSH")
    service.capture = None
    assert line.wait(3).ask(SLAP).one(CaptureTaken)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"1" * 5000, b'{"a":"\\ud800"}', b"null", b"[]", b"\xff"])
def test_json_made_to_hurt_is_a_fault_and_no_more(body: bytes) -> None:
    line = Line(Sbi("slap", 4501, (Modality.THUMBS,)), lambda out: http(body)).open()
    assert line.one(DeviceFault).reasons == ("not-found",)


def test_a_modality_it_is_not_there_for_is_refused() -> None:
    assert "takes" in slap(Service()).ask(FACE).one(CaptureFailed).remedy
