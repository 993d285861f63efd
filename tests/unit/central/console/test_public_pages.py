"""What the public reads at the coordinator: the truth about the queue and the card, and nothing of the person."""

from __future__ import annotations

import re
import string
import warnings
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from central.console import public_status, texts_public
from central.console.app import ConsoleSettings, create_app
from central.console.public import rough
from central.console.public_status import status, told
from central.console.texts import Language
from central.core.views_desk import BoardView, CalledView, TicketStatusView
from contract.desk import Service, TicketState
from tests.tools.public_demo import NOW, TICKETS, Public, a_ticket, at, printable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PASSWORD = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("rahasia")
CONSOLE = Path(texts_public.__file__).parent


def visit(world: Public, now: datetime = NOW, **settings: object) -> TestClient:
    app = create_app(world, world, world, ConsoleSettings(**settings))  # type: ignore[arg-type]
    app.state.console.now = lambda: now
    return TestClient(app, base_url="http://127.0.0.1:8080", follow_redirects=False)


@pytest.fixture
def public() -> Public:
    return Public()


def headline(ticket: TicketStatusView, language: Language = "id", now: datetime = NOW) -> str:
    return told(language, status(ticket, now).now, now)


def when(ticket: TicketStatusView, language: Language = "id", now: datetime = NOW) -> str:
    picture = status(ticket, now)
    return "; ".join(told(language, words, now) for words in (picture.when, picture.between) if words)


def why(ticket: TicketStatusView, language: Language = "id") -> str:
    return " ".join(told(language, words, NOW) for words in status(ticket, NOW).why)


def way(ticket: TicketStatusView) -> dict[str, str]:
    return {step.key: step.state for step in status(ticket, NOW).steps}


# --- where a card is ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("waiting", "Menunggu dipanggil"),
        ("called", "Anda dipanggil ke Loket 3"),
        ("skipped", "Nomor Anda terlewat"),
        ("present", "Sedang direkam"),
        ("recorded", "Rekaman selesai, menunggu dikirim"),
        ("centre-away", "Menunggu jawaban pusat"),
        ("duplicate", "Perlu diperiksa petugas"),
        ("printable", "Menunggu dicetak"),
        ("printing", "Sedang dicetak"),
        ("uncertain", "Cetakan sedang diperiksa petugas"),
        ("ready", "KTP siap diambil"),
        ("handed", "KTP sudah diserahkan"),
        ("cancelled", "Perekaman dibatalkan"),
        ("yesterday", "Nomor ini sudah ditutup"),
        ("lost-done", "Sudah dilayani"),
    ],
)
def test_the_page_says_where_the_card_is(name: str, words: str) -> None:
    assert headline(TICKETS[name]) == words


def test_the_way_shows_what_is_done_what_waits_and_what_comes() -> None:
    assert way(TICKETS["waiting"]) == {
        "number": "done",
        "called": "next",
        "recorded": "ahead",
        "sent": "ahead",
        "printed": "ahead",
        "ready": "ahead",
        "handed": "ahead",
    }
    assert way(TICKETS["called"])["called"] == "now"
    assert way(TICKETS["present"])["recorded"] == "now"
    assert way(TICKETS["centre-away"])["sent"] == "now"
    assert way(TICKETS["printable"])["printed"] == "next"
    assert way(TICKETS["ready"]) | {"handed": ""} == dict.fromkeys(way(TICKETS["ready"]), "done") | {"handed": ""}
    assert way(TICKETS["ready"])["handed"] == "next"
    assert set(way(TICKETS["handed"]).values()) == {"done"}
    assert "now" not in way(TICKETS["cancelled"]).values() and "next" not in way(TICKETS["cancelled"]).values()


def test_each_service_has_its_own_way() -> None:
    assert "recorded" not in way(TICKETS["lost"]) and "sent" not in way(TICKETS["lost"])
    assert list(way(TICKETS["pickup"])) == ["number", "called", "handed"]


# --- when ---


def test_the_call_is_told_with_its_range_and_an_overdue_one_as_overdue() -> None:
    assert when(TICKETS["waiting"]) == "dipanggil sekitar pukul 10.50; antara 10.35 dan 11.10"
    assert when(TICKETS["waiting"], "en") == "called at about 10:50; between 10:35 and 11:10"
    assert "Lebih lama dari perkiraan" in when(TICKETS["waiting-late"])


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    assert when(TICKETS["waiting-outage"]) == "belum dapat dipastikan"


def test_the_card_is_promised_by_a_day_and_an_hour_never_too_early() -> None:
    assert when(TICKETS["outage"]) == "hari ini sebelum 15.00; paling lambat besok pukul 10.33"
    assert when(TICKETS["held"], "en") == "tomorrow at 10:33 at the latest"
    later = printable("later", due=at(15, 0, 26))
    assert when(later) == "paling lambat Kamis, 26 Nov pukul 15.00"


def test_a_broken_promise_is_admitted_with_what_is_expected_instead() -> None:
    late = printable("late", due=at(9), expected=at(11, 50))
    assert when(late) == "Terlambat dari janji (hari ini pukul 09.00). Mohon maaf.; hari ini sebelum 12.00"


# --- why not yet ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("outage", "Listrik di loket padam. Kartu tidak dicetak"),
        ("waiting-outage", "nomor Anda tidak hilang"),
        ("late", "Pencetak kartu sedang ditangani petugas"),
        ("centre-away", "Pusat data nasional sedang tidak dapat dihubungi"),
        ("uncertain", "supaya tidak tercetak dua kali"),
        ("held", "ditahan petugas"),
        ("printable", "Menunggu giliran cetak"),
        ("away", "Sambungan ke loket terputus; ini kabar terakhir, pukul 10.30"),
    ],
)
def test_the_page_says_in_plain_words_why_it_is_not_ready(name: str, words: str) -> None:
    assert words in why(TICKETS[name])


def test_one_reason_is_told_once() -> None:
    assert why(TICKETS["outage"]).count("Listrik") == 1
    assert why(TICKETS["away"]).count("terputus") == 1


@pytest.mark.parametrize("name", ["ready", "handed", "waiting"])
def test_where_nothing_is_late_nothing_is_excused(name: str) -> None:
    assert why(TICKETS[name]) == ""


def test_reasons_that_nobody_foresaw_are_told_as_trouble_without_english() -> None:
    assert why(printable("odd", print_why="flux capacitor drained")) == (
        "Ada kendala pada pencetakan; petugas menanganinya."
    )


def test_who_comes_is_told_what_to_bring(public: Public) -> None:
    browser = visit(public)
    assert "Surat kehilangan dari polisi" in browser.get("/status/lost").text
    assert "Kartu Keluarga (KK) dan fotokopinya" in browser.get("/status/waiting").text
    assert "Kertas nomor ini" in browser.get("/status/ready").text


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("name", TICKETS)
def test_every_status_page_is_free_of_charge_and_says_where_to_complain(
    public: Public, name: str, language: Language
) -> None:
    answer = visit(public, complaints="Pengaduan Bangkalan: 031-000").get(f"/status/{name}?lang={language}")
    assert answer.status_code == 200
    assert {"id": "Layanan ini gratis", "en": "This service is free of charge"}[language] in answer.text
    assert "1500 537" in answer.text and "031-000" in answer.text


# --- the board ---


def test_the_board_shows_calls_waits_and_outages_of_every_booth(public: Public) -> None:
    page = visit(public).get("/papan").text
    assert all(board.name in page for board in public.halls)
    assert "Loket 3" in page and "± 35 menit" in page and "s.d. 50 menit" in page
    assert "Listrik padam: pencetakan kartu berhenti" in page
    assert "Nomor hari ini habis" in page
    assert "Angka ini dari pukul 09.58" in page
    assert "Belum ada kabar hari ini" in page


def test_one_booth_can_be_asked_for_and_an_unknown_one_is_told_kindly(public: Public) -> None:
    browser = visit(public)
    page = browser.get("/papan?booth=kamal-1").text
    assert "A-009" in page and "A-027" not in page
    missing = browser.get("/papan?booth=none")
    assert missing.status_code == 404 and "Tidak ada loket dengan nama itu" in missing.text


def test_a_wait_is_never_told_shorter_than_it_is() -> None:
    assert [rough("id", seconds) for seconds in (61, 300, 301, 5400, 5401, 7300)] == [
        "5 menit",
        "5 menit",
        "10 menit",
        "90 menit",
        "2 jam",
        "2½ jam",
    ]


# --- who may read, and what it costs ---


def test_the_public_needs_no_password_and_technicians_pages_still_do(public: Public) -> None:
    browser = visit(public, host="0.0.0.0", password_hash=PASSWORD, public=True)
    for path in ("/papan", "/status/waiting", "/static/public.css"):
        assert browser.get(path).status_code == 200
    for path in ("/", "/print", "/booths/bangkalan-1", "/papan-x", "/status"):
        assert browser.get(path).headers.get("location") == "/login", path


def test_unless_it_is_configured_the_public_must_sign_in_too(public: Public) -> None:
    browser = visit(public, host="0.0.0.0", password_hash=PASSWORD)
    assert browser.get("/papan").headers["location"] == "/login"
    assert browser.get("/status/waiting").headers["location"] == "/login"


def test_a_public_page_sets_no_cookie_and_may_be_kept_for_seconds(public: Public) -> None:
    for path in ("/papan", "/status/waiting", "/status/none"):
        answer = visit(public).get(path)
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "public, max-age=3"
        assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_a_crowd_that_asks_at_once_costs_one_question(public: Public) -> None:
    browser = visit(public)
    for _ in range(50):
        assert browser.get("/papan").status_code == 200
    assert public.questions == 1


def test_nothing_can_be_changed_by_the_public(public: Public) -> None:
    assert visit(public).post("/papan").status_code == 405
    assert visit(public).post("/status/waiting").status_code == 405


def test_no_page_names_the_person(public: Public) -> None:
    browser = visit(public)
    for name in TICKETS:
        assert not re.search(r"\d{10,}", browser.get(f"/status/{name}").text)
    told_of = {field.name for kind in (TicketStatusView, BoardView, CalledView) for field in fields(kind)}
    assert told_of.isdisjoint({"nik", "kk", "nik_end", "kk_end", "officer", "person"})


@pytest.mark.parametrize("name", ["none", "x" * 200, "%3Cscript%3E", "..%2F..", "a%0Ab"])
def test_an_unknown_number_is_answered_kindly(public: Public, name: str) -> None:
    answer = visit(public).get(f"/status/{name}")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text and name not in answer.text


# --- words ---


@pytest.mark.parametrize("key", texts_public.PUBLIC)
def test_a_text_is_in_both_languages_with_the_same_places(key: str) -> None:
    indonesian, english = texts_public.PUBLIC[key]
    places = [[name for _, name, _, _ in string.Formatter().parse(words) if name] for words in (indonesian, english)]
    assert indonesian.strip() and english.strip()
    assert sorted(places[0]) == sorted(places[1])


def test_every_text_of_the_templates_exists_and_none_is_idle() -> None:
    sources = [*CONSOLE.glob("templates/public_*.html"), CONSOLE / "public.py", CONSOLE / "public_status.py"]
    whole = "".join(path.read_text(encoding="utf-8") for path in sources)
    asked = set(re.findall(r'"((?:public|board|status|now|do|when|why|bring|step|day|supply)\.[a-z-]+)"', whole))
    asked |= set(re.findall(r"'((?:public|board)\.[a-z-]+)'", whole))
    asked -= {"public.css", "public.js"}
    assert asked <= texts_public.PUBLIC.keys()
    made = ("now.", "do.", "bring.", "step.", "service.", "precedence.")
    assert [key for key in texts_public.PUBLIC if key not in asked and not key.startswith(made)] == []


def test_every_stage_and_service_has_its_words() -> None:
    for ticket in TICKETS.values():
        for language in ("id", "en"):
            assert headline(ticket, language)
    for service in Service:
        for state in TicketState:
            ticket = a_ticket(service=service, state=state, calls=1, called=NOW - timedelta(minutes=1), place="Aula")
            picture = public_status.status(ticket, NOW)
            assert told("id", picture.now, NOW) and told("en", picture.now, NOW)
            assert picture.bring == "" or picture.bring in texts_public.PUBLIC
