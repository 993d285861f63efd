"""Whatever the centre answers, the coordinator knows what it means and never falls over."""

from __future__ import annotations

import httpx
import pytest

from central.adapters.centre import Centre
from central.core.encoding import Record

RECORD = Record("3526014107900001", "3526010101100001", "00" * 32, ())


def centre(handler: object) -> Centre:
    found = Centre("http://centre.test", 1.0)
    found._client = httpx.Client(base_url="http://centre.test", transport=httpx.MockTransport(handler))  # type: ignore[arg-type]
    return found


def answering(status: int, content: bytes) -> Centre:
    return centre(lambda _request: httpx.Response(status, content=content))


def test_a_packet_is_registered_under_its_own_key() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"state": "RECEIVED_AT_CENTRAL", "reason": ""})

    answer = centre(handler).put("p-1", "b1", RECORD)
    assert (answer.state, answer.nik) == ("RECEIVED_AT_CENTRAL", RECORD.nik)
    (request,) = seen
    assert (request.method, request.url.path) == ("PUT", "/v1/enrolments/p-1")
    assert request.headers["Idempotency-Key"] == "p-1"


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
def test_a_centre_in_trouble_is_to_be_asked_again(status: int) -> None:
    answer = answering(status, b"").put("p-1", "b1", RECORD)
    assert str(status) in answer.error and not answer.state


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"state": 5}', b'{"state": ""}', b"\xff"])
def test_an_answer_that_is_not_what_was_agreed_is_to_be_asked_again(content: bytes) -> None:
    assert "not what was agreed" in answering(200, content).get("p-1").error


def test_a_silent_centre_is_to_be_asked_again() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("timed out", request=request)

    assert "does not answer" in centre(handler).get("p-1").error
    assert centre(handler).health() is False


def test_a_refusal_is_final_and_says_why() -> None:
    answer = answering(422, b"NIK is not of this regency").put("p-1", "b1", RECORD)
    assert answer.state == "ENROLL_FAILURE_AT_CENTRAL" and "not of this regency" in answer.reason


def test_a_centre_that_does_not_know_the_packet_says_so() -> None:
    assert answering(404, b"").get("p-1").state == "UNREGISTERED"
