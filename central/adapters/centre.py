"""Client of the national centre's gateway (HTTP). Every outcome is an `Answer`; nothing is raised."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.core.encoding import UNKNOWN, Answer, Record
from central.core.nik import NikAnswer
from contract.desk import Standing

#: HTTP answers after which the same call is made again.
_AGAIN = frozenset({408, 425, 429})
#: No answer; RuntimeError: the connections were closed because the program ends.
_NO_ANSWER = (httpx.HTTPError, ValueError, RuntimeError)
_REFUSED = "ENROLL_FAILURE_AT_CENTRAL"


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore")

    state: str = Field(min_length=1, max_length=80)
    reason: str = Field(default="", max_length=500)


class _Standing(BaseModel):
    model_config = ConfigDict(extra="ignore")

    standing: Literal["eligible", "enrolled", "duplicate", "unknown"]
    reason: str = Field(default="", max_length=500)


class Centre:
    """One gateway. Calls block their thread at most `timeout_s` seconds per step."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=timeout_s, trust_env=False)

    def put(self, packet: str, booth: str, record: Record) -> Answer:
        """Register; the key makes a repetition harmless."""
        body = {
            "nik": record.nik,
            "kk": record.kk,
            "booth": booth,
            "sha256": record.sha256,
            "biometrics": [asdict(biometric) for biometric in record.biometrics],
        }
        answer = self._call("PUT", packet, json=body, headers={"Idempotency-Key": packet})
        return Answer(answer.state, answer.reason, answer.error, answer.bad, nik=record.nik)

    def get(self, packet: str) -> Answer:
        """Ask what became of it."""
        return self._call("GET", packet)

    def standing(self, nik: str) -> NikAnswer:
        """Ask whether this NIK may be recorded; changes nothing there."""
        try:
            response = self._client.get(f"/v1/niks/{nik}")
        except _NO_ANSWER as error:
            return NikAnswer(error=_silent(error))
        if response.status_code != 200:
            return NikAnswer(error=f"the centre answered HTTP {response.status_code} about the NIK")
        try:
            reply = _Standing.model_validate_json(response.content)
        except ValidationError:
            return NikAnswer(error=f"the centre's answer is not what was agreed: {response.text[:100]!r}")
        return NikAnswer(Standing(reply.standing), reply.reason)

    def health(self) -> bool:
        """Whether it answers."""
        try:
            return self._client.get("/v1/health").status_code == 200
        except _NO_ANSWER:
            return False

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def _call(self, method: str, packet: str, **arguments: object) -> Answer:
        try:
            response = self._client.request(method, f"/v1/enrolments/{packet}", **arguments)  # type: ignore[arg-type]
        except _NO_ANSWER as error:
            return Answer(error=_silent(error))
        code = response.status_code
        if code == 404 and method == "GET":
            return Answer(UNKNOWN)
        if code >= 500 or code in _AGAIN:
            return Answer(error=f"the centre answered HTTP {code}")
        if code not in (200, 201, 202):
            return Answer(_REFUSED, f"the centre refused it: HTTP {code} {response.text[:200]}".strip())
        try:
            reply = _Reply.model_validate_json(response.content)
        except ValidationError:
            return Answer(error=f"the centre's answer is not what was agreed: {response.text[:100]!r}")
        return Answer(reply.state, reply.reason)


def _silent(error: Exception) -> str:
    return f"the centre does not answer: {type(error).__name__} {error}"[:300].strip()
