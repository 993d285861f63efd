"""Messages: what one version writes another reads, and what no booth can say is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from contract import deeds, desk
from contract import messages as m
from contract.packet import Manifest
from tests.tools.fuzz import inputs, rounds

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

BODIES: list[m.Message] = [
    m.BoothStarted(version="0.1.0"),
    m.SupplyChanged(supply=m.Supply.ON_BATTERY, mains_contact=False, battery_v=26.1, charge_pct=80.0, ups_status="OB"),
    m.SupplyChanged(
        supply=m.Supply.MAINS_RETURNING,
        mains_contact=True,
        runtime_s=1_200.0,
        sources={"mains": m.Quality.GOOD, "ups": m.Quality.STALE},
        cause="the mains must be steady for 60 s",
    ),
    m.MainsDipped(seconds=0.4, lowest_v=171.0),
    m.GensetChanged(phase=m.GensetPhase.CRANKING, attempt=2, cause="the mains are away", fuel_pct=64.0),
    m.LoadShed(stage=1, cause="20 minutes are left"),
    m.ShutdownChanged(stage="announced", cause="3 minutes are left"),
    m.UpsTested(passed=None, cause="the mains went away"),
    m.AlarmChanged(
        alarm="genset.fuel-low",
        occurrence=3,
        priority=m.Priority.HIGH,
        state=m.AlarmState.SHELVED,
        active=True,
        cause="the tank is nearly empty",
        remedy="refuel",
        figures={"fuel_pct": 12.5, "unit": "%"},
        person="Sari",
        reason="diesel comes at noon",
    ),
    m.DeviceChanged(device="printer", kind="evolis", state=m.DeviceState.FAULT, error="jam", reasons=("media-jam",)),
    m.DoorChanged(open=True),
    m.DocumentRefused(reason="no NIK in the text"),
    m.EnrolmentOpened(enrolment="0123456789ab-1", nik="3526014101900001", kk="3526010101100001", warnings=("date",)),
    m.EnrolmentStarted(enrolment="0123456789ab-1"),
    m.AttemptMade(
        enrolment="0123456789ab-1", modality=m.Modality.IRIS, attempt=2, accepted=False, quality={"Left": 41.5}
    ),
    m.EnrolmentCompleted(enrolment="0123456789ab-1", packet="0123456789ab-1", size=9, parts=1, sha256="0" * 64),
    m.EnrolmentCancelled(enrolment="0123456789ab-1", reason="went home"),
    m.PrintChanged(job="job-0123456789ab-1", attempt=1, state=m.PrintState.PRINTING, counter_before=7),
    m.CommandDone(command="c-1", outcome=m.Outcome.FORGED, reason="signature"),
    desk.TicketIssued(
        ticket="0123456789ab-t7",
        number="A-007",
        day="2026-03-02",
        service=desk.Service.NEW,
        precedence=desk.Precedence.ELDERLY,
        enrolment="0123456789ab-1",
        wait_s=2_100.0,
        wait_low_s=1_500.0,
        wait_high_s=3_000.0,
    ),
    desk.TicketPaper(ticket="0123456789ab-t7", state=desk.PaperState.UNCERTAIN, reason="the power failed"),
    desk.TicketMoved(ticket="0123456789ab-t7", state=desk.TicketState.CALLED, place="3", calls=2, officer="siti"),
    desk.TicketLinked(ticket="0123456789ab-t7", enrolment="0123456789ab-1"),
    desk.QueueFigures(waiting={desk.Service.NEW: 12}, wait_s={desk.Service.NEW: 2_100.0}, open=False, note="closed"),
    desk.NikChecked(enrolment="0123456789ab-1", standing=desk.Standing.UNKNOWN, officer="siti", reason="letter"),
    desk.ExceptionNoted(
        enrolment="0123456789ab-1",
        modality=m.Modality.RIGHT_FOUR,
        subtype="Right LittleFinger",
        kind=desk.ExceptionKind.AMPUTATED,
        permanent=True,
        officer="siti",
    ),
    desk.ModalityClosed(
        enrolment="0123456789ab-1", modality=m.Modality.IRIS, attempt=2, accepted=False, reason="cataract"
    ),
    desk.CardHanded(enrolment="0123456789ab-1", to="representative", name="Budi", officer="siti"),
    deeds.link(None, 1_772_438_400.0, "siti", "begin", "0123456789ab-1"),
]


def envelope(said: m.Message, /, **change: Any) -> dict[str, Any]:
    """The JSON of an event as it travels."""
    event = m.Event(
        epoch="0123456789ab", seq=1, id="e-1", boot="b-1", time=NOW, kind=m.KINDS[type(said)], body=said.model_dump()
    )
    return json.loads(event.model_dump_json()) | change


def command(body: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a command as it is signed."""
    times = {"issued": NOW.isoformat(), "expires": (NOW + timedelta(minutes=5)).isoformat()}
    return {"v": 1, "id": "c-1", "booth": "bangkalan", **times, "body": body}


def test_each_kind_of_event_has_an_example_here() -> None:
    assert {type(body) for body in BODIES} == set(m.BODIES.values())


@pytest.mark.parametrize("body", BODIES, ids=lambda body: m.KINDS[type(body)])
def test_an_event_arrives_as_it_was_sent(body: m.Message) -> None:
    event = m.Event.model_validate_json(json.dumps(envelope(body)))
    assert m.BODIES[event.kind].model_validate(event.body) == body


@pytest.mark.parametrize("body", BODIES, ids=lambda body: m.KINDS[type(body)])
def test_a_field_of_a_newer_version_is_ignored(body: m.Message) -> None:
    newer = envelope(body, added_later={"x": 1})
    newer["body"]["added_later"] = True
    event = m.Event.model_validate(newer)
    assert m.BODIES[event.kind].model_validate(event.body) == body


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"seq": 0},
        {"seq": 2**63},
        {"epoch": ""},
        {"epoch": "a/b"},
        {"id": "a\n"},
        {"id": "x" * 81},
        {"time": "2026-03-02T08:00:00"},
        {"body": []},
    ],
    ids=str,
)
def test_an_envelope_that_no_booth_writes_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        m.Event.model_validate(envelope(BODIES[0], **change))


@pytest.mark.parametrize("nik", ["352601410190000", "35260141019000011", "35260141O1900001", "３526014101900001"])
def test_a_nik_that_is_not_sixteen_digits_is_refused(nik: str) -> None:
    with pytest.raises(ValidationError):
        m.EnrolmentOpened(enrolment="e-1", nik=nik, kk="3526010101100001")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "open-the-door"},
        {"kind": "settle", "job": "job-1", "attempt": 1, "found": "perhaps", "person": "Sari"},
        {"kind": "settle", "job": "job-1", "attempt": 0, "found": "printed", "person": "Sari"},
        {"kind": "print", "job": "j", "enrolment": "e", "attempt": 1, "created": NOW.isoformat(), "panels": {"x": ""}},
        {"kind": "test-ups", "length": "for ever", "person": "Sari"},
        {"kind": "test-genset", "action": "crank", "person": "Sari"},
        {"kind": "mute", "what": "everything", "person": "Sari"},
        {"kind": "mute"},
        {"kind": "alarm", "action": "forget", "alarm": "ups.lost", "occurrence": 1, "person": "Sari"},
        {"kind": "alarm", "action": "acknowledge", "alarm": "ups.lost", "occurrence": 0, "person": "Sari"},
        {"kind": "alarm", "action": "shelve", "alarm": "ups.lost", "occurrence": 1, "person": "S", "minutes": 10_081},
    ],
    ids=lambda body: "-".join(str(value)[:12] for value in body.values()),
)
def test_a_command_that_does_not_exist_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        m.Command.model_validate(command(body))


def test_a_commands_kind_chooses_its_model() -> None:
    found = m.Command.model_validate(
        command({"kind": "settle", "job": "job-1", "attempt": 1, "found": "not-begun", "person": "Sari"})
    )
    assert isinstance(found.body, m.SettleCommand)
    assert isinstance(m.Command.model_validate(command({"kind": "identify"})).body, m.IdentifyCommand)


@pytest.mark.parametrize(
    "body",
    [
        m.TestUpsCommand(length="deep", person="Sari"),
        m.TestGensetCommand(action="stop", person="Sari"),
        m.MuteCommand(what="ups", person="Sari"),
        m.AlarmCommand(
            action="shelve", alarm="ups.lost", occurrence=2, person="Sari", minutes=90, reason="a new one is coming"
        ),
    ],
    ids=lambda body: body.kind,
)
def test_a_command_of_the_power_plant_arrives_as_it_was_given(body: m.PowerCommand) -> None:
    found = m.Command.model_validate_json(json.dumps(command(body.model_dump(mode="json"))))
    assert found.body == body


def test_a_message_cannot_be_changed_after_it_was_checked() -> None:
    with pytest.raises(ValidationError):
        m.DoorChanged(open=True).open = False  # type: ignore[misc]


def test_fuzz_bad_json_is_refused_and_nothing_worse() -> None:
    models: list[type[m.Message]] = [
        m.Event,
        m.Hello,
        m.BoothState,
        m.Info,
        m.Ack,
        m.Command,
        m.SignedCommand,
        Manifest,
    ]
    good = [json.dumps(envelope(body)).encode() for body in BODIES]
    good += [
        m.Hello(epoch="e", first=1, last=9, boot="b").model_dump_json().encode(),
        m.Ack(epoch="e", seq=9, packets={"e-1": 3}).model_dump_json().encode(),
        json.dumps(command({"kind": "identify"})).encode(),
        json.dumps(command(m.MuteCommand(person="Sari").model_dump())).encode(),
    ]
    read = 0
    for data in inputs(good, rounds()):
        for model in models:
            try:
                message = model.model_validate_json(data)
            except ValidationError:
                continue
            read += 1
            if isinstance(message, m.Event) and message.kind in m.BODIES:
                try:
                    m.BODIES[message.kind].model_validate(message.body)
                except ValidationError:
                    continue
    assert read
