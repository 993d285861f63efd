"""What the console's pages tell, who may see them, and what a form must carry."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from central.console.app import ConsoleSettings, create_app
from central.core.views import DeadLetterView
from contract.messages import DeviceState, Supply
from tests.tools.console_demo import troubled_world
from tests.tools.console_world import BOOTH, World, a_job, calm_booth

with warnings.catch_warnings():
    # Starlette would rather have a client that is not in Debian; the one that the coordinator brings works as well.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BOOTHS = (f"/booths/{BOOTH}", f"/booths/{BOOTH}/power")
PAGES = ("/", *BOOTHS, "/alarms", "/print", "/encodings", "/dead-letters", "/totals")
UNCERTAIN = "job-3c00aa41b7d2-17"


def visit(world: World, **settings: object) -> TestClient:
    app = create_app(world, world, world, ConsoleSettings(**settings))  # type: ignore[arg-type]
    return TestClient(app, base_url="http://127.0.0.1:8080", follow_redirects=False)


@pytest.fixture
def world() -> World:
    return troubled_world()


@pytest.fixture
def browser(world: World) -> TestClient:
    return visit(world)


def token(page: str) -> str:
    return re.findall(r'name="token" value="([^"]+)"', page)[0]


# --- what is told ---


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_speaks_the_language_that_was_asked_for(browser: TestClient, path: str, lang: str) -> None:
    answer = browser.get(path, params={"lang": lang})
    assert answer.status_code == 200
    assert {"id": "Listrik padam", "en": "Outages now"}[lang] in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_show_that_there_is_nothing_yet(path: str) -> None:
    empty = World(centre_up=None)
    empty.boards[BOOTH] = calm_booth(
        name=BOOTH, title="", online=False, last_heard=None, supply=Supply.UNKNOWN, supply_since=None, figures={},
        figures_at=None, devices=(), door_open=None, waiting=0, version="", boot="",
    )  # fmt: skip
    answer = visit(empty).get(path)
    assert answer.status_code == 200
    assert "Belum diketahui" in answer.text
    assert "None" not in answer.text


def test_a_console_without_booths_says_how_one_appears() -> None:
    assert "muncul di sini begitu tersambung" in visit(World()).get("/").text


def test_the_chosen_language_is_remembered(browser: TestClient) -> None:
    assert "Technicians&#39; console" in browser.get("/?lang=en").text
    assert "Print queue" in browser.get("/print").text


@pytest.mark.parametrize("state", list(DeviceState))
@pytest.mark.parametrize("supply", list(Supply))
def test_every_state_of_a_booth_has_its_word(supply: Supply, state: DeviceState) -> None:
    world = World()
    devices = tuple(replace(device, state=state) for device in calm_booth().devices)
    world.boards[BOOTH] = calm_booth(supply=supply, devices=devices, door_open=True, lost=3, printing="job-1")
    for path in ("/", f"/booths/{BOOTH}"):
        page = visit(world).get(path).text
        assert "3 kejadian hilang" in page
        assert {"ok": "ormal", "fault": "Perlu ditangani", "lost": "Tidak menjawab"}[state] in page


def test_the_overview_names_the_broken_device_and_the_job_that_waits_for_a_person(browser: TestClient) -> None:
    page = browser.get("/").text
    assert "Pencetak kartu (printer)" in page and "kartu macet" in page
    assert f"/print/{UNCERTAIN}" in page


def test_the_booth_page_tells_what_to_do(browser: TestClient) -> None:
    assert "Buka penutup, keluarkan kartu yang macet, tutup lagi." in browser.get(f"/booths/{BOOTH}").text


def test_the_timeline_can_be_narrowed_to_one_kind(browser: TestClient) -> None:
    page = browser.get(f"/booths/{BOOTH}?kind=door.changed&part=timeline").text
    assert "Pintu kabinet dibuka" in page and "Listrik padam" not in page


def test_figures_that_are_too_old_are_grey(world: World) -> None:
    old = datetime.now(UTC) - timedelta(minutes=10)
    world.boards[BOOTH] = replace(world.boards[BOOTH], figures_at=old)
    assert 'class="gauges stale"' in visit(world).get(f"/booths/{BOOTH}").text
    world.boards[BOOTH] = replace(world.boards[BOOTH], figures_at=datetime.now(UTC))
    assert 'class="gauges"' in visit(world).get(f"/booths/{BOOTH}").text


def test_an_unreachable_centre_is_told(world: World) -> None:
    world.centre_up = False
    assert "Tak terjangkau" in visit(world).get("/totals").text


def test_a_dead_letter_is_shown_as_text_and_never_runs(world: World) -> None:
    world.letters = [DeadLetterView(1, datetime.now(UTC), "t", "<i>why</i>", b"<script>alert(1)</script>\x00")]
    page = visit(world).get("/dead-letters").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;·" in page
    assert "<script>alert" not in page and "<i>" not in page


def test_the_first_page_is_at_most_150_kb_with_all_that_it_loads(browser: TestClient) -> None:
    first = browser.get("/")
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', first.text)
    assert len(loaded) == 5
    sizes = [int(browser.get(path).headers["content-length"]) for path in loaded]
    assert len(first.content) + sum(sizes) <= 150_000


def test_no_page_loads_anything_from_elsewhere(browser: TestClient) -> None:
    for path in PAGES:
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', browser.get(path).text)


def test_assets_are_kept_and_pages_are_not(browser: TestClient) -> None:
    page = browser.get("/")
    style = re.findall(r'href="(/static/console.css[^"]+)"', page.text)[0]
    assert "immutable" in browser.get(style).headers["cache-control"]
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/nowhere", "/booths/nobody", "/print/job-nobody", "/booths/../../etc"])
def test_what_does_not_exist_is_told_on_a_page(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "Kembali ke ikhtisar" in answer.text


def test_a_fault_of_the_coordinator_is_told_on_a_page(world: World) -> None:
    def broken() -> None:
        raise OSError("disk")

    world.booths = broken  # type: ignore[assignment, method-assign]
    app = create_app(world, world, world, ConsoleSettings())
    answer = TestClient(app, base_url="http://localhost", raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "Koordinator gagal membaca datanya" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


# --- what a person may do ---


def test_a_settled_job_is_told_to_the_coordinator_with_who_said_it(world: World, browser: TestClient) -> None:
    form = browser.get(f"/print/{UNCERTAIN}").text
    assert "Blangko tetap dihitung baik" in form
    fields = {"token": token(form), "found": "spoiled", "sure": "yes", "name": " Siti  Aminah "}
    answer = browser.post(f"/print/{UNCERTAIN}", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/print")
    assert world.asked == [("settle", UNCERTAIN, "spoiled", "technician Siti Aminah")]
    assert "disimpan: Kartu rusak" in browser.get("/print").text
    assert "disimpan" not in browser.get("/print").text


@pytest.mark.parametrize("fields", [{}, {"found": "printed"}, {"found": "maybe", "sure": "yes"}, {"sure": "yes"}])
def test_a_decision_without_a_choice_and_a_look_is_asked_again(
    world: World, browser: TestClient, fields: dict[str, str]
) -> None:
    form = browser.get(f"/print/{UNCERTAIN}").text
    answer = browser.post(f"/print/{UNCERTAIN}", data={"token": token(form), **fields})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert world.asked == []


def test_a_refused_action_tells_why(world: World, browser: TestClient) -> None:
    world.refusal = "the booth is offline"
    form = browser.get(f"/booths/{BOOTH}").text
    browser.post(f"/booths/{BOOTH}/identify", data={"token": token(form)})
    assert world.asked == [("identify", BOOTH, "technician")]
    assert "Tidak dijalankan: loket terputus" in browser.get(f"/booths/{BOOTH}").text


@pytest.mark.parametrize("forged", ["", "0" * 64, "ü"])
@pytest.mark.parametrize("path", [f"/booths/{BOOTH}/identify", f"/print/{UNCERTAIN}"])
def test_a_form_that_is_not_from_this_session_does_nothing(
    world: World, browser: TestClient, path: str, forged: str
) -> None:
    browser.get("/")
    answer = browser.post(path, data={"token": forged, "found": "printed", "sure": "yes"})
    assert answer.status_code == 403
    assert world.asked == []


def test_a_form_sent_by_another_site_does_nothing(world: World, browser: TestClient) -> None:
    form = browser.get(f"/booths/{BOOTH}").text
    answer = browser.post(
        f"/booths/{BOOTH}/identify", data={"token": token(form)}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert world.asked == []


def test_another_sessions_token_is_worth_nothing(world: World, browser: TestClient) -> None:
    stolen = token(browser.get(f"/booths/{BOOTH}").text)
    other = TestClient(browser.app, base_url="http://127.0.0.1:8080", follow_redirects=False)
    other.get("/")
    assert other.post(f"/booths/{BOOTH}/identify", data={"token": stolen}).status_code == 403


# --- who may look ---


def test_every_answer_forbids_foreign_scripts_and_frames(browser: TestClient) -> None:
    for path in (*PAGES, "/nowhere"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_need_no_inline_script_or_style(browser: TestClient) -> None:
    for path in PAGES:
        page = browser.get(path).text
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_without_a_password_the_console_answers_to_loopback_names_only(browser: TestClient, host: str) -> None:
    assert browser.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
def test_a_loopback_name_is_answered(browser: TestClient, host: str) -> None:
    assert browser.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::"])
def test_a_console_open_to_the_network_needs_a_password(host: str) -> None:
    world = World()
    with pytest.raises(ValueError, match="password_hash"):
        create_app(world, world, world, ConsoleSettings(host=host))


@pytest.fixture(scope="module")
def hashed() -> str:
    return PasswordHasher(time_cost=1, memory_cost=64).hash("rahasia")


@pytest.fixture
def locked(world: World, hashed: str) -> Iterator[TestClient]:
    with visit(world, host="0.0.0.0", password_hash=hashed) as client:
        yield client


def login(client: TestClient, password: str) -> int:
    form = client.get("/login").text
    return client.post("/login", data={"token": token(form), "password": password}).status_code


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_before_signing_in_nothing_is_shown(locked: TestClient, path: str) -> None:
    answer = locked.get(path)
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/login", "")


def test_before_signing_in_no_live_stream_is_given(locked: TestClient) -> None:
    assert locked.get("/live?topics=booths").status_code == 401


def test_the_right_password_opens_the_console_until_signing_out(locked: TestClient) -> None:
    assert login(locked, "falsch") == 401
    assert login(locked, "rahasia") == 303
    page = locked.get("/")
    assert page.status_code == 200
    assert locked.post("/logout", data={"token": token(page.text)}).headers["location"] == "/login"
    assert locked.get("/").status_code == 303


def test_the_session_cookie_stays_with_this_site_and_away_from_scripts(locked: TestClient) -> None:
    cookie = locked.get("/login").headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie


@pytest.mark.parametrize("cookie", ["x", "a.1.9999999999.00", "..", "a.1.b.c"])
def test_an_invented_session_is_none(locked: TestClient, cookie: str) -> None:
    assert locked.get("/", headers={"cookie": f"loket_session={cookie}"}).status_code == 303


def test_after_five_wrong_passwords_even_the_right_one_must_wait(locked: TestClient) -> None:
    assert [login(locked, f"guess {n}") for n in range(5)] == [401] * 5
    assert login(locked, "rahasia") == 429


def test_signing_in_needs_a_form_of_this_console(locked: TestClient) -> None:
    assert locked.post("/login", data={"password": "rahasia"}).status_code == 403


def test_an_endless_form_is_refused(browser: TestClient) -> None:
    assert browser.post("/login", content=b"x" * 20_000).status_code == 413


def test_a_queue_of_every_state_is_shown(world: World) -> None:
    states = ("pending", "processing", "processing-stopped", "completed", "canceled", "aborted")
    world.jobs = {state: a_job(state, state) for state in states}
    page = visit(world).get("/print?lang=en").text
    for words in ("Waiting", "Printing", "Needs a decision", "Printed", "Cancelled", "Aborted"):
        assert words in page
