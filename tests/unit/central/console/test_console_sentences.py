"""The timeline says each event as a plain sentence in both languages, whatever its body holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.console import sentences, texts
from central.core.views import TimelineEntry
from contract import deeds
from contract.desk import (
    CardHanded,
    ExceptionKind,
    ExceptionNoted,
    ModalityClosed,
    NikChecked,
    PaperState,
    Precedence,
    QueueFigures,
    Service,
    Standing,
    TicketIssued,
    TicketLinked,
    TicketMoved,
    TicketPaper,
    TicketState,
)
from contract.messages import (
    BODIES,
    KINDS,
    AlarmChanged,
    AlarmState,
    BoothStarted,
    CommandDone,
    DeviceChanged,
    DeviceState,
    DocumentRefused,
    DoorChanged,
    EnrolmentCancelled,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    GensetChanged,
    GensetPhase,
    LoadShed,
    MainsDipped,
    Message,
    Modality,
    Outcome,
    PrintChanged,
    PrintState,
    Priority,
    Quality,
    ShutdownChanged,
    Supply,
    SupplyChanged,
    UpsTested,
)
from contract.messages import AttemptMade as Attempt

NOW = datetime(2026, 11, 24, 7, 5, 9, tzinfo=UTC)
EXAMPLES: list[Message] = [
    BoothStarted(version="0.1.0"),
    *(SupplyChanged(supply=supply, mains_contact=None) for supply in Supply),
    *(DeviceChanged(device="printer", kind="evolis", state=state) for state in DeviceState),
    DoorChanged(open=True),
    DoorChanged(open=False),
    DocumentRefused(reason="the NIK has 15 digits, not 16"),
    EnrolmentOpened(enrolment="e-1", nik="3526015708990001", kk="3526012004110007"),
    EnrolmentStarted(enrolment="e-1"),
    *(Attempt(enrolment="e-1", modality=modality, attempt=1, accepted=True) for modality in Modality),
    EnrolmentCompleted(enrolment="e-1", packet="e-1", size=70_000, parts=2, sha256="0" * 64),
    EnrolmentCancelled(enrolment="e-1", reason="stopped by the officer"),
    *(PrintChanged(job="job-e-1", attempt=1, state=state) for state in PrintState),
    MainsDipped(seconds=0.12, lowest_v=61.0),
    *(GensetChanged(phase=phase, attempt=1) for phase in GensetPhase),
    LoadShed(stage=0),
    LoadShed(stage=2, cause="the battery is low"),
    *(ShutdownChanged(stage=stage) for stage in ("announced", "closing", "committed", "cancelled")),
    *(UpsTested(passed=passed) for passed in (True, False, None)),
    *(
        AlarmChanged(alarm="mains.out", occurrence=1, priority=priority, state=state, active=True)
        for priority in Priority
        for state in AlarmState
    ),
    *(CommandDone(command="c-1", outcome=outcome) for outcome in Outcome),
    *(
        TicketIssued(ticket="t-1", number="A-027", day="2026-11-24", service=service, wait_s=1500.0)
        for service in Service
    ),
    TicketIssued(ticket="t-1", number="A-028", day="2026-11-24", service=Service.NEW, precedence=Precedence.ELDERLY),
    *(TicketPaper(ticket="t-1", state=state) for state in PaperState),
    *(TicketMoved(ticket="t-1", state=state) for state in TicketState),
    TicketMoved(ticket="t-1", state=TicketState.CALLED, place="3", calls=2),
    TicketLinked(ticket="t-1", enrolment="e-1"),
    QueueFigures(waiting={Service.NEW: 3}),
    QueueFigures(open=False, note="the capacity of the day is given"),
    *(
        ExceptionNoted(enrolment="e-1", modality=Modality.THUMBS, subtype="Left Thumb", kind=kind, permanent=True)
        for kind in ExceptionKind
    ),
    ExceptionNoted(
        enrolment="e-1", modality=Modality.IRIS, subtype="Left", kind=ExceptionKind.DAMAGED, permanent=False,
        withdrawn=True,
    ),
    ModalityClosed(enrolment="e-1", modality=Modality.IRIS, attempt=1, accepted=True),
    ModalityClosed(enrolment="e-1", modality=Modality.IRIS, attempt=3, accepted=True, reason="an eye is inflamed"),
    *(NikChecked(enrolment="e-1", standing=standing, reason="a new resident") for standing in Standing),
    CardHanded(enrolment="e-1", to="holder"),
    CardHanded(enrolment="e-1", to="representative", name="Budi"),
    deeds.link(None, 1_800_000_000.0, "siti", "call-next", "t-1"),
    deeds.link(None, 1_800_000_000.0, "", "wave"),
]  # fmt: skip


def entry(kind: str, body: dict[str, Any]) -> TimelineEntry:
    return TimelineEntry("1", "bangkalan-1", 1, NOW, NOW, kind, body)


def said(body: Message, language: texts.Language = "id") -> tuple[str, str]:
    return sentences.sentence(language, entry(KINDS[type(body)], body.model_dump(mode="json")))


def test_the_examples_are_of_every_kind_of_event() -> None:
    assert {KINDS[type(body)] for body in EXAMPLES} == set(BODIES)


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("body", EXAMPLES, ids=repr)
def test_an_event_is_a_sentence(body: Message, language: texts.Language) -> None:
    words, _ = said(body, language)
    assert words[0].isupper() or words.startswith("job-")
    assert "{" not in words and "None" not in words and "say." not in words


@pytest.mark.parametrize("kind", BODIES)
def test_every_kind_has_a_name_and_a_drawing(kind: str) -> None:
    assert f"event.{kind}" in texts.TEXTS
    assert f'"{sentences.drawing(kind)}"' in (sentences_templates() / "macros.html").read_text()


def sentences_templates() -> Any:
    from pathlib import Path

    return Path(sentences.__file__).parent / "templates"


def test_an_outage_tells_what_the_battery_has() -> None:
    body = SupplyChanged(supply=Supply.ON_BATTERY, mains_contact=False, charge_pct=87.2)
    assert said(body) == ("Listrik padam; loket memakai baterai (baterai 87 %)", "attention")


def test_a_reading_that_no_ups_gave_is_left_out_rather_than_zero() -> None:
    words, _ = said(SupplyChanged(supply=Supply.ON_BATTERY, mains_contact=False))
    assert words == "Listrik padam; loket memakai baterai"


def test_a_contact_that_disagrees_with_the_fused_supply_is_told() -> None:
    words, _ = said(SupplyChanged(supply=Supply.ON_BATTERY, mains_contact=True), "en")
    assert "the mains contact says mains is present" in words


def test_a_lost_source_is_told_beside_the_supply_that_goes_on() -> None:
    body = SupplyChanged(supply=Supply.ON_MAINS, mains_contact=True, sources={"ups": Quality.LOST})
    assert said(body) == ("Listrik PLN ada; loket memakai listrik PLN (UPS hilang)", "normal")


def test_a_genset_that_only_acknowledged_is_not_told_as_running() -> None:
    words, weight = said(GensetChanged(phase=GensetPhase.WARMING, attempt=1))
    assert "Belum terbukti berputar" in words and weight == "attention"
    assert "Belum terbukti" not in said(GensetChanged(phase=GensetPhase.WARMING, attempt=1, verified=True))[0]


def test_an_alarm_is_told_with_its_figures() -> None:
    body = AlarmChanged(
        alarm="genset.fuel-low", occurrence=1, priority=Priority.HIGH, state=AlarmState.UNACKNOWLEDGED, active=True,
        figures={"fuel_pct": 14.0, "hours": 2.25},
    )  # fmt: skip
    words, weight = said(body)
    assert words == ("Alarm tinggi: Bahan bakar hampir habis. Bahan bakar genset 14 %, cukup untuk 2,2 jam.")
    assert weight == "problem"


def test_a_jam_is_told_with_its_remedy_in_indonesian() -> None:
    body = DeviceChanged(
        device="printer",
        kind="evolis",
        state=DeviceState.FAULT,
        reasons=("media-jam-error",),
        error="a card is jammed",
        remedy="Open the cover, take the jammed card out, close it.",
    )
    words, weight = said(body)
    assert words.startswith("Pencetak kartu (printer) perlu ditangani. Kartu macet. Buka penutup")
    assert weight == "attention"


def test_an_uncertain_print_weighs_most() -> None:
    assert said(PrintChanged(job="job-e-1", attempt=1, state=PrintState.UNCERTAIN))[1] == "problem"


def test_the_birth_date_in_a_nik_is_hidden() -> None:
    words, _ = said(EnrolmentOpened(enrolment="e-1", nik="3526015708990001", kk="3526012004110007"))
    assert "352601********01" in words and "570899" not in words


def test_an_event_of_a_newer_version_is_told_as_unknown() -> None:
    assert sentences.sentence("en", entry("lamp.changed", {}))[0].endswith("lamp.changed")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    kind=st.sampled_from(sorted(BODIES)),
    body=st.dictionaries(
        st.sampled_from(
            [
                "supply",
                "phase",
                "stage",
                "alarm",
                "passed",
                "seconds",
                "device",
                "state",
                "open",
                "job",
                "nik",
                "reason",
            ]
        ),
        json_values,
    ),
)
def test_no_body_stops_the_timeline(kind: str, body: dict[str, Any]) -> None:
    assert sentences.sentence("id", entry(kind, body))[0]
