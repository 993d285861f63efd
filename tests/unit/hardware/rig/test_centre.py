"""The centre's stand-in, through Python's own HTTP client."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware.simulators.centre import Centre, CentreServer

NIK = "3526014101900001"


class Wall:
    now = 1000.0


def body(nik: str = NIK, sha256: str = "a" * 64) -> dict[str, Any]:
    capture = {"modality": "photo", "attempt": 1, "sha256": "b" * 64, "bytes": 20_000}
    return {"nik": nik, "kk": "3526010101100001", "booth": "b-1", "sha256": sha256, "biometrics": [capture]}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CentreServer]:
    server = CentreServer(Centre(tmp_path / "centre.json", slow_s=0.01), clock=lambda: Wall.now)
    Wall.now = 1000.0
    server.start()
    yield server
    server.close()


def call(server: CentreServer, method: str, path: str, asked: Any = None, key: str = "") -> tuple[int, bytes]:
    data = json.dumps(asked).encode() if asked is not None else None
    request = urllib.request.Request(server.url + path, data, {"Idempotency-Key": key}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def put(server: CentreServer, packet: str, asked: Any = None) -> tuple[int, str]:
    status, answer = call(server, "PUT", f"/v1/enrolments/{packet}", asked or body(), packet)
    return status, json.loads(answer)["state"]


def test_a_packet_is_received_then_ready_to_print(server: CentreServer) -> None:
    assert put(server, "e-1") == (202, "RECEIVED_AT_CENTRAL")
    Wall.now += 2
    assert json.loads(call(server, "GET", "/v1/enrolments/e-1")[1])["state"] == "PRINT_READY_RECORD"
    assert server.centre.registered() == {NIK: "e-1"}


def asked(server: CentreServer, nik: str) -> tuple[int, dict[str, str]]:
    status, answer = call(server, "GET", f"/v1/niks/{nik}")
    return status, json.loads(answer)


def test_a_nik_is_eligible_until_it_is_registered(server: CentreServer) -> None:
    assert asked(server, NIK) == (200, {"standing": "eligible", "reason": ""})
    put(server, "e-1")
    status, said = asked(server, NIK)
    assert (status, said["standing"]) == (200, "enrolled") and "e-1" in said["reason"]
    assert server.centre.puts == 1 and server.centre.asked == 2


def test_a_nik_has_the_standing_that_was_set_for_it_or_for_its_region(server: CentreServer) -> None:
    server.centre.set_standing("unknown", "3526")
    server.centre.set_standing("duplicate", NIK)
    server.centre.set_standing("eligible", "352602")
    assert asked(server, NIK)[1]["standing"] == "duplicate"
    assert asked(server, "3526014101900002")[1]["standing"] == "unknown"
    assert asked(server, "3526024101900002")[1]["standing"] == "eligible"
    with pytest.raises(ValueError, match="no standing"):
        server.centre.set_standing("gone", NIK)


def test_a_centre_in_trouble_says_nothing_of_a_nik(server: CentreServer) -> None:
    server.centre.set_mode("down", NIK)
    assert call(server, "GET", f"/v1/niks/{NIK}")[0] == 503
    assert asked(server, "3526014101900002")[0] == 200
    assert call(server, "GET", "/v1/niks/12")[0] == 404


def test_the_same_packet_is_registered_once_however_often_it_comes(server: CentreServer) -> None:
    assert [put(server, "e-1")[0] for _ in range(3)] == [202, 202, 202]
    assert len(server.centre.enrolments) == 1
    assert (server.centre.puts, server.centre.enrolments["e-1"]["puts"]) == (3, 3)


def test_the_same_packet_with_other_contents_is_a_conflict(server: CentreServer) -> None:
    put(server, "e-1")
    assert put(server, "e-1", body(sha256="c" * 64))[0] == 409


def test_a_nik_that_is_there_by_another_packet_is_a_duplicate(server: CentreServer) -> None:
    put(server, "e-1")
    put(server, "e-2")
    Wall.now += 2
    status, answer = call(server, "GET", "/v1/enrolments/e-2")
    assert (status, json.loads(answer)["state"]) == (200, "DUPLICATE_RECORD")
    assert "e-1" in json.loads(answer)["reason"]


def test_what_is_registered_survives_a_restart(server: CentreServer) -> None:
    put(server, "e-1")
    again = Centre(server.centre.file)
    assert again.get("e-1", Wall.now + 2) == (200, {"state": "PRINT_READY_RECORD", "reason": ""})


@pytest.mark.parametrize(
    ("mode", "state"),
    [("duplicate", "DUPLICATE_RECORD"), ("adjudicate", "ADJUDICATE_RECORD"), ("slow", "PRINT_READY_RECORD")],
)
def test_the_outcome_can_be_chosen_for_one_nik(server: CentreServer, mode: str, state: str) -> None:
    server.centre.set_mode(mode, NIK)
    put(server, "e-1")
    put(server, "e-2", body("3526014101900002"))
    Wall.now += 2
    assert put(server, "e-1") == (200, state)
    assert put(server, "e-2", body("3526014101900002")) == (200, "PRINT_READY_RECORD")


def test_down_answers_503_and_registers_nothing(server: CentreServer) -> None:
    server.centre.set_mode("down")
    assert put(server, "e-1")[0] == 503
    assert call(server, "GET", "/v1/health")[0] == 503
    assert not server.centre.enrolments
    server.centre.set_mode("up")
    assert call(server, "GET", "/v1/health") == (200, b'{"status": "up"}')


def test_wrong_answers_no_json(server: CentreServer) -> None:
    server.centre.set_mode("wrong")
    status, answer = call(server, "PUT", "/v1/enrolments/e-1", body(), "e-1")
    assert status == 200
    with pytest.raises(ValueError):
        json.loads(answer)


@pytest.mark.parametrize(
    ("path", "asked", "key", "status"),
    [
        ("/v1/enrolments/e-1", body(), "other", 400),
        ("/v1/enrolments/e-1", {"nik": NIK}, "e-1", 422),
        ("/v1/enrolments/e-1", [1], "e-1", 422),
        ("/v1/enrolments/e-1", body(nik="12"), "e-1", 422),
        ("/v1/other", body(), "e-1", 404),
    ],
)
def test_what_cannot_be_registered_is_refused(
    server: CentreServer, path: str, asked: Any, key: str, status: int
) -> None:
    assert call(server, "PUT", path, asked, key)[0] == status
    assert not server.centre.enrolments


def test_an_unknown_packet_and_an_unknown_mode_are_said_to_be(server: CentreServer) -> None:
    assert call(server, "GET", "/v1/enrolments/e-9")[0] == 404
    with pytest.raises(ValueError, match="there are: up, down"):
        server.centre.set_mode("off")
