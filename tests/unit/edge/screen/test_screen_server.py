"""The booth's screen over HTTP: who may ask, what reaches the booth, what is told, what is kept and forgotten."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract.desk import ExceptionKind, Precedence, Service
from contract.messages import Modality, Supply
from edge.adapters.officers import Officers as RealOfficers
from edge.core import actions as act
from edge.core.events_desk import OfficerAsked, OfficerRefusedSign, OfficerSigned
from edge.core.refusals import refuse
from edge.core.view import PowerView
from edge.screen import context as screen_context
from edge.screen.app import Screen
from tests.tools.screen_world import (
    Officers,
    StandIn,
    poor_recording,
    recording,
    thumbnail,
    ticket,
    view,
    views,
    waiting,
)

PINS = {"Siti": "481516", "Budi": "234200"}
JSON = {"accept": "application/json"}


@pytest.fixture(scope="module")
def open_booth() -> Iterator[StandIn]:
    with StandIn(view()) as booth:
        yield booth


@pytest.fixture(scope="module")
def guarded_booth() -> Iterator[StandIn]:
    with StandIn(view(), PINS) as booth:
        yield booth


@pytest.fixture
def booth(open_booth: StandIn) -> StandIn:
    """A booth that nobody need sign in to, as in the morning."""
    open_booth.reset(view())
    return open_booth


@pytest.fixture
def guarded(guarded_booth: StandIn) -> StandIn:
    """A booth with officers, none of them signed in."""
    guarded_booth.reset(view())
    return guarded_booth


def client(booth: StandIn, **more: Any) -> httpx.Client:
    return httpx.Client(base_url=booth.screen.url, timeout=20, trust_env=False, **more)


def ask(booth: StandIn, form: str, /, **fields: str) -> dict[str, Any]:
    with client(booth) as browser:
        answer = browser.post(f"/do/{form}", data=fields, headers=JSON)
    told: dict[str, Any] = answer.json()
    return told


# --- pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("state", views())
def test_every_state_of_the_booth_has_its_page_in_both_languages(booth: StandIn, state: str, language: str) -> None:
    booth.reset(views()[state])
    with client(booth) as browser:
        for panel in ("queue", "ticket", "basket", "more"):
            page = browser.get("/", params={"panel": panel, "lang": language})
            assert page.status_code == 200
            assert f'<html lang="{language}">' in page.text


def test_the_first_page_is_light_even_with_a_hundred_people_waiting(booth: StandIn) -> None:
    many = tuple(ticket(f"A-{n:03}", wait=waiting(n)) for n in range(100))
    shown = view(recording=poor_recording())
    booth.reset(replace(shown, queue=replace(shown.queue, waiting=many)))
    with client(booth) as browser:
        weight = sum(len(browser.get(path).content) for path in ("/", "/static/screen.css", "/static/screen.js"))
    assert weight <= 150_000


def test_the_battery_is_told_with_its_minutes_and_what_may_not_begin(booth: StandIn) -> None:
    booth.reset(views()["battery"])
    with client(booth) as browser:
        page = browser.get("/").text
        assert "Baterai: 14 menit, tidak ada perekaman baru" in page
        assert "Battery: 14 min, no new recording" in browser.get("/?lang=en").text


def test_an_unknown_runtime_is_not_shown_as_zero(booth: StandIn) -> None:
    booth.show(power=PowerView(Supply.ON_BATTERY))
    with client(booth) as browser:
        assert "Baterai: tidak diketahui" in browser.get("/").text


def test_the_whole_nik_is_on_the_page_only_while_it_is_recorded(booth: StandIn) -> None:
    with client(booth) as browser:
        assert "352601" not in browser.get("/").text
        booth.show(recording=recording())
        assert "352601 410190 0001" in browser.get("/").text


# --- what is asked -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields", "action"),
    [
        ("take", {"service": "lost", "precedence": "elderly"}, act.TakeTicket(Service.LOST, Precedence.ELDERLY)),
        (
            "card",
            {"kk": "3526 0101 0110 0001", "nik": "3526.0141.0190.0001", "ticket": "t1"},
            act.ReadCard("KK:3526010101100001;NIK:3526014101900001", "t1"),
        ),
        ("call", {"desk": "front", "service": "pickup"}, act.CallNext(act.Desk.FRONT, Service.PICKUP)),
        ("recall", {"ticket": "t1"}, act.Recall("t1")),
        ("arrive", {"ticket": "t1"}, act.Arrive("t1")),
        ("skip", {"ticket": "t1"}, act.Skip("t1")),
        ("return", {"ticket": "t1"}, act.Return("t1")),
        ("end", {"ticket": "t1", "state": "closed", "reason": "went"}, act.EndTicket("t1", "closed", "went")),
        ("reprint", {"ticket": "t1"}, act.ReprintTicket("t1")),
        ("settle", {"ticket": "t1"}, act.SettlePaper("t1")),
        ("begin", {"enrolment": "e1", "reason": "moved", "other": "yesterday"}, act.Begin("e1", "moved: yesterday")),
        ("stop", {}, act.StopTrying()),
        ("accept", {"reason": "worn", "other": " by  lime "}, act.AcceptPoor("worn: by lime")),
        (
            "except",
            {"subtype": "Left Thumb", "kind": "amputated", "lasting": "permanent", "modality": "thumbs"},
            act.NoteException("Left Thumb", ExceptionKind.AMPUTATED, True, Modality.THUMBS),
        ),
        (
            "withdraw",
            {"subtype": "Left Thumb", "modality": "thumbs"},
            act.WithdrawException("Left Thumb", Modality.THUMBS),
        ),
        ("cancel", {"reason": "went"}, act.CancelRecording("went")),
        (
            "hand",
            {"enrolment": "e1", "to": "representative", "name": "Ali"},
            act.HandOver("e1", "representative", "Ali"),
        ),
        ("hand", {"enrolment": "e1", "to": "holder", "name": "Ali"}, act.HandOver("e1", "holder", "")),
    ],
)
def test_each_form_asks_the_booth_for_its_action(
    booth: StandIn, name: str, fields: dict[str, str], action: act.Action
) -> None:
    booth.refusals[type(action)] = refuse("unknown")
    ask(booth, name, **fields)
    assert [asked.action for asked in booth.asked] == [action]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("take", {"service": "gold"}),
        ("take", {}),
        ("recall", {}),
        ("except", {"subtype": "x", "kind": "amputated", "lasting": "perhaps", "modality": "thumbs"}),
        ("nothing-we-know", {}),
    ],
)
def test_a_form_of_no_page_of_ours_asks_for_nothing_and_is_told(
    booth: StandIn, name: str, fields: dict[str, str]
) -> None:
    assert ask(booth, name, **fields) == {"good": False, "words": "Formulir ini tidak dikenal. Muat halaman lagi."}
    assert booth.asked == []


def test_a_refusal_is_told_in_the_readers_language(booth: StandIn) -> None:
    booth.refusals[act.CallNext] = refuse("area-full", limit=3)
    with client(booth) as browser:
        said = browser.post("/do/call", data={"desk": "recording"}, headers=JSON)
        assert said.json() == {"good": False, "words": "Sudah 3 pemohon di ruang perekaman"}
        said = browser.post("/do/call?lang=en", data={"desk": "recording"}, headers=JSON)
        assert said.json() == {"good": False, "words": "3 applicants are in the recording area already"}


def test_a_called_number_is_told(booth: StandIn) -> None:
    booth.given[act.CallNext] = "t-A-028"
    assert ask(booth, "call", desk="recording") == {"good": True, "words": "Nomor A-028 dipanggil."}


def test_without_a_script_the_answer_stands_on_the_page_that_follows_once(booth: StandIn) -> None:
    booth.refusals[act.CallNext] = refuse("no-one-waiting")
    with client(booth, follow_redirects=True) as browser:
        page = browser.post(
            "/do/call", data={"desk": "front"}, headers={"referer": f"{booth.screen.url}/?panel=basket"}
        )
        assert page.url.query == b"panel=basket"
        assert "Tidak ada yang menunggu" in page.text
        assert 'id="notice" role="status" hidden' in browser.get("/").text


def test_a_press_meant_for_an_earlier_point_of_the_recording_does_nothing(booth: StandIn) -> None:
    booth.show(recording=recording(Modality.LEFT_FOUR))
    said = ask(booth, "capture", at="e-26:right-four:0")
    assert not said["good"]
    assert booth.asked == []
    assert ask(booth, "capture", at="e-26:left-four:0")["good"]


def test_a_booth_that_does_not_answer_is_told_as_what_it_is(booth: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_context.Context.ask, "__defaults__", ("", 0.2))
    booth.silent = True
    said = ask(booth, "recall", ticket="t1")
    assert not said["good"]
    assert "Mungkin masih dikerjakan" in said["words"]


# --- who may -------------------------------------------------------------------------------------------


def test_where_there_are_officers_nothing_is_shown_or_done_before_signing_in(guarded: StandIn) -> None:
    with client(guarded) as browser:
        assert browser.get("/").headers["location"] == "/masuk"
        assert browser.get("/live", headers={"accept": "text/event-stream"}).status_code == 401
        assert browser.post("/do/call", data={"desk": "front"}).status_code == 401
        assert browser.get("/preview/photo", headers={"accept": "image/*"}).status_code == 401
        assert browser.get("/papan").status_code == 200
    assert guarded.asked == []


def sign_in(browser: httpx.Client, name: str = "Siti", pin: str = "481516") -> httpx.Response:
    return browser.post("/masuk", data={"name": name, "pin": pin})


def test_an_officer_signs_in_with_a_pin_and_acts_under_that_name(guarded: StandIn) -> None:
    with client(guarded) as browser:
        signed = sign_in(browser)
        assert signed.headers["location"] == "/"
        cookie = signed.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert "Siti" in browser.get("/").text
        browser.post("/do/call", data={"desk": "front"}, headers=JSON)
        assert guarded.asked[0].officer == "Siti"
        browser.post("/keluar")
        assert browser.get("/").status_code == 303
    hows = [(event.officer, event.how) for event in guarded.events if isinstance(event, OfficerSigned)]
    assert hows == [("Siti", "pin"), ("Siti", "out")]


def test_programs_beside_the_booth_hear_whether_somebody_works_at_the_screen(guarded: StandIn) -> None:
    with client(guarded) as browser, client(guarded) as other:
        before = other.get("/hidup").json()
        sign_in(browser)
        after = other.get("/hidup").json()
    assert after["officers"] == before["officers"] + 1
    queue = view().queue
    assert len(queue.waiting) <= after["waiting"] <= len(queue.waiting) + len(queue.called) + len(queue.present)
    assert after.keys() == {"officers", "waiting"}, "nothing about any person"


def test_a_wrong_pin_is_told_and_noted(guarded: StandIn) -> None:
    with client(guarded) as browser:
        page = sign_in(browser, pin="1")
    assert page.status_code == 403
    assert "Nama atau PIN salah" in page.text
    assert [event for event in guarded.events if isinstance(event, OfficerRefusedSign)] == [
        OfficerRefusedSign("Siti", "wrong-pin")
    ]


def test_after_too_many_wrong_pins_even_the_right_one_waits() -> None:
    class Locked(Officers):
        def wait_s(self, name: str) -> float:
            return 41.2

    with StandIn(view(), sign=Locked(PINS)) as booth, client(booth) as browser:
        page = sign_in(browser)
        assert "Terlalu banyak PIN salah: tunggu 42 detik" in page.text
        assert "set-cookie" not in page.headers


def test_a_damaged_list_of_officers_locks_the_page_and_does_not_open_it(tmp_path: Path) -> None:
    kept = RealOfficers(tmp_path)
    kept.add("Siti", "246813")
    kept.path.write_text("{ torn")
    with StandIn(view(), sign=kept) as booth, client(booth) as browser:
        for page in (browser.get("/"), browser.post("/do/capture", headers={"Origin": booth.screen.url})):
            assert page.status_code == 503 and "Daftar petugas rusak" in page.text
        assert browser.get("/papan").status_code == 200
        assert not [event for event in booth.events if isinstance(event, OfficerAsked)]


def test_an_officer_signs_in_by_finger(guarded: StandIn) -> None:
    guarded.given[act.WantFinger] = "Budi"
    with client(guarded, follow_redirects=True) as browser:
        assert "Budi" in browser.post("/masuk/jari").text


def test_a_finger_that_is_nobodys_lets_nobody_in(guarded: StandIn) -> None:
    guarded.refusals[act.WantFinger] = refuse("finger-unknown")
    with client(guarded, follow_redirects=True) as browser:
        page = browser.post("/masuk/jari")
        assert "Jari ini tidak dikenal" in page.text
        assert browser.get("/").url.path == "/masuk"


def test_officers_store_their_own_finger_whatever_the_form_says(guarded: StandIn) -> None:
    with client(guarded) as browser:
        sign_in(browser)
        browser.post("/do/store-finger", data={"officer": "Budi", "page": "3"}, headers=JSON)
    assert guarded.asked[-1].action == act.StoreFinger("Siti", 7)


def test_who_is_no_officer_any_more_is_out_at_once() -> None:
    officers = Officers(dict(PINS))
    with StandIn(view(), sign=officers) as booth, client(booth) as browser:
        sign_in(browser)
        assert browser.get("/").status_code == 200
        del officers.pins["Siti"]
        assert browser.get("/").status_code == 303


def test_a_booth_without_officers_says_so_and_works(booth: StandIn) -> None:
    with client(booth) as browser:
        assert "belum ada petugas terdaftar" in browser.get("/").text
        assert browser.get("/masuk").headers["location"] == "/"


def test_a_screen_open_to_the_network_needs_officers() -> None:
    with pytest.raises(ValueError, match=r"register one, or set host to 127\.0\.0\.1"):
        Screen("0.0.0.0", 0, lambda event: None, Officers({}))


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}])
def test_another_sites_form_is_refused(booth: StandIn, headers: dict[str, str]) -> None:
    with client(booth) as browser:
        assert browser.post("/do/call", data={"desk": "front"}, headers=headers).status_code == 403
    assert booth.asked == []


def test_a_name_that_another_site_points_at_this_machine_is_refused(booth: StandIn) -> None:
    with client(booth) as browser:
        assert browser.get("/", headers={"host": "evil.example"}).status_code == 421


def test_a_form_that_is_too_large_is_refused(booth: StandIn) -> None:
    with client(booth) as browser:
        assert browser.post("/do/call", content=b"x" * 20_000).status_code == 413


# --- live ----------------------------------------------------------------------------------------------


def parts_of(lines: Iterator[str]) -> dict[str, str]:
    for line in lines:
        if line.startswith("data: {"):
            found: dict[str, str] = json.loads(line.removeprefix("data: "))
            return found
    raise AssertionError("the stream ended")


def test_an_open_page_is_sent_only_what_changed(booth: StandIn) -> None:
    with client(booth) as browser, browser.stream("GET", "/live?panel=queue") as stream:
        lines = stream.iter_lines()
        assert set(parts_of(lines)) == {"top", "side", "main", "bar"}
        booth.show(link=False)
        changed = parts_of(lines)
        assert set(changed) == {"top"}
        assert "Koordinator terputus" in changed["top"]


def test_a_stream_ends_when_its_officer_has_signed_out(guarded: StandIn) -> None:
    with client(guarded) as browser:
        sign_in(browser)
        with browser.stream("GET", "/live") as stream:
            lines = stream.iter_lines()
            parts_of(lines)
            httpx.post(f"{guarded.screen.url}/keluar", cookies=dict(browser.cookies), trust_env=False)
            guarded.show(link=False)
            assert not any("Koordinator terputus" in line for line in lines)


# --- pictures ------------------------------------------------------------------------------------------


def test_small_pictures_are_forgotten_with_their_recording(booth: StandIn) -> None:
    booth.show(recording=recording())
    with client(booth) as browser:
        picture = thumbnail("x")
        booth.screen.judged("e-26.right-four.1", {"Right IndexFinger": picture})
        assert "/thumbnail/e-26.right-four.1/0" in browser.get("/").text
        assert browser.get("/thumbnail/e-26.right-four.1/0").content == picture
        booth.screen.judged("e-26.right-four.2", {"Right IndexFinger": picture})
        assert browser.get("/thumbnail/e-26.right-four.1/0").status_code == 404
        booth.show(recording=None)
        assert browser.get("/thumbnail/e-26.right-four.2/0").status_code == 404


class Sbi(threading.Thread):
    """A device service that streams two frames and ends, as often as it is asked."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        self.verbs: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    def run(self) -> None:
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            with line:
                raw = b""
                while b"}" not in raw:
                    raw += line.recv(4096)
                head, _, body = raw.partition(b"\r\n\r\n")
                self.verbs.append(head.split()[0].decode())
                self.bodies.append(json.loads(body))
                if self.verbs[-1] == "MOSIPDISC":
                    answer = json.dumps([{"deviceId": "D-1", "deviceStatus": "Ready"}]).encode()
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
                    continue
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=B\r\n\r\n")
                line.sendall(b"--B\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n\r\n\xff\xd8one!\r\n")


def test_the_live_picture_is_relayed_and_asked_for_again_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.screen.preview.PAUSE_S", 0.05)
    device = Sbi()
    device.start()
    previews = {Modality.RIGHT_FOUR: device.address}
    with StandIn(view(recording=recording()), previews=previews) as booth, client(booth) as browser:
        assert 'src="/preview/right-four"' in browser.get("/").text
        with browser.stream("GET", "/preview/right-four") as stream:
            assert stream.headers["content-type"].startswith("multipart/x-mixed-replace")
            seen = b""
            for chunk in stream.iter_raw():
                seen += chunk
                if seen.count(b"\xff\xd8one!") == 2:
                    break
        assert browser.get("/preview/photo").status_code == 404
    device.socket.close()
    assert device.verbs[:4] == ["MOSIPDISC", "STREAM", "MOSIPDISC", "STREAM"]
    assert device.bodies[1]["deviceId"] == "D-1"
    assert device.bodies[1]["deviceSubId"] == "2"
