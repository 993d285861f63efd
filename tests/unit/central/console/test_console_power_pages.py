"""What the power page and the alarms tell, and what a person may do there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from central.console.commands import GIVE
from contract.messages import GensetPhase, Supply
from tests.tools.console_power import SITUATIONS, phase
from tests.tools.console_world import BOOTH, World
from tests.unit.central.console.test_console_pages import token, visit


def the_power_page(world: World, **params: str) -> str:
    return str(visit(world).get(f"/booths/{BOOTH}/power", params=params).text)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_power_situation_is_told_in_the_language_that_was_asked_for(situation: str, lang: str) -> None:
    browser = visit(SITUATIONS[situation]())
    page = browser.get(f"/booths/{BOOTH}/power", params={"lang": lang}).text
    assert {"id": "Diagram satu garis", "en": "One-line diagram"}[lang] in page
    assert "None" not in page and "nan" not in re.sub(r"<[^>]*>", " ", page).split()
    for path in ("/", "/alarms", f"/booths/{BOOTH}"):
        assert browser.get(path, params={"lang": lang}).status_code == 200


def test_the_booth_page_leads_to_the_power_page() -> None:
    browser = visit(SITUATIONS["mains"]())
    assert f'href="/booths/{BOOTH}/power"' in browser.get(f"/booths/{BOOTH}").text


def test_the_power_page_of_an_offline_booth_says_since_when_and_offers_nothing() -> None:
    page = the_power_page(SITUATIONS["offline"]())
    assert "Terputusnya kabar bukan tanda listrik padam" in page
    assert 'class="plant wide stale"' in page
    assert f'href="/booths/{BOOTH}/power/' not in page


def test_a_booth_that_said_it_goes_off_is_off_and_not_lost() -> None:
    world = SITUATIONS["battery"]()
    world.boards[BOOTH] = replace(world.boards[BOOTH], online=False, off=True, supply=Supply.OFF)
    assert "menyala lagi sendiri saat listrik kembali" in the_power_page(world)
    assert "Terputus<" not in visit(world).get("/").text


def test_a_shutdown_that_was_announced_is_told_on_top_with_its_cause() -> None:
    page = the_power_page(SITUATIONS["closing"]())
    assert "Diumumkan: loket akan menutup diri" in page and "baterai cukup 158 dtk lagi" in page


def test_the_worst_alarm_and_the_minutes_left_stand_on_the_overview() -> None:
    page = visit(SITUATIONS["fault"]()).get("/").text
    assert "Genset gagal menyala" in page and "dan 3 alarm lain" in page and "6 menit tersisa" in page


def test_unacknowledged_alarms_are_counted_on_top_of_every_page() -> None:
    totals = visit(SITUATIONS["fault"]()).get("/totals").text
    assert re.search(r'id="total-alarms".*?3</b><span>Alarm belum diakui', totals)


def test_an_alarm_is_acknowledged_with_who_did_it() -> None:
    world = SITUATIONS["genset"]()
    browser = visit(world)
    form = browser.get("/alarms").text
    answer = browser.post(
        f"/booths/{BOOTH}/alarms/genset.fuel-low/1/acknowledge", data={"token": token(form), "back": "power"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/booths/{BOOTH}/power")
    assert world.asked == [("alarm", BOOTH, "acknowledge", "genset.fuel-low", "1", "technician")]
    page = browser.get(f"/booths/{BOOTH}/power").text
    assert "Pengakuan alarm “Bahan bakar hampir habis” dikirim." in page


def test_an_alarm_is_shelved_only_with_a_time_and_a_reason() -> None:
    world = SITUATIONS["genset"]()
    browser = visit(world)
    address = f"/booths/{BOOTH}/alarms/genset.fuel-low/1/shelve"
    fields = {"token": token(browser.get(address).text), "minutes": "240", "reason": " truk  datang sore "}
    for missing in ("minutes", "reason"):
        answer = browser.post(address, data={**fields, missing: ""})
        assert answer.status_code == 400 and "Pilih lama waktu dan tulis alasannya." in answer.text
    assert browser.post(address, data={**fields, "minutes": "99999"}).status_code == 400
    assert world.asked == []
    assert browser.post(address, data={**fields, "name": "Budi"}).headers["location"] == "/alarms"
    told = ("alarm", BOOTH, "shelve", "genset.fuel-low", "1", "240", "truk datang sore", "technician Budi")
    assert world.asked == [told]
    assert "Ditunda" in browser.get("/alarms?state=shelved").text


def test_alarms_can_be_narrowed_to_one_state() -> None:
    page = visit(SITUATIONS["genset"]()).get("/alarms?state=acknowledged&part=list").text
    assert "PLN padam" in page and "Bahan bakar hampir habis" not in page


@pytest.mark.parametrize("command", sorted(GIVE))
def test_a_command_is_confirmed_before_it_is_sent(command: str) -> None:
    world = SITUATIONS["mains"]()
    if command in ("ups-cancel", "genset-stop"):
        figures = world.boards[BOOTH].figures | {"ups.status": "OL CAL"}
        exercising = phase(GensetPhase.EXERCISING, verified=True)
        world.boards[BOOTH] = replace(world.boards[BOOTH], figures=figures, genset=exercising)
    browser = visit(world)
    address = f"/booths/{BOOTH}/power/{command}"
    form = browser.get(address).text
    assert world.asked == []
    answer = browser.post(address, data={"token": token(form), "name": "Siti", "sure": "yes"})
    assert answer.headers["location"] == f"/booths/{BOOTH}/power"
    assert [(asked[1], asked[-1]) for asked in world.asked] == [(BOOTH, "technician Siti")]
    page = browser.get(f"/booths/{BOOTH}/power").text
    assert "Perintah dikirim" in page and "Menunggu jawaban loket" in page and "teknisi Siti" in page


def test_what_drains_the_battery_or_turns_an_engine_needs_a_tick() -> None:
    world = SITUATIONS["mains"]()
    browser = visit(world)
    for command in ("ups-deep", "genset-start"):
        address = f"/booths/{BOOTH}/power/{command}"
        answer = browser.post(address, data={"token": token(browser.get(address).text)})
        assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert world.asked == []


def test_an_unsafe_command_is_not_sent_even_from_an_old_page() -> None:
    world = SITUATIONS["mains"]()
    browser = visit(world)
    form = browser.get(f"/booths/{BOOTH}/power/ups-quick").text
    world.boards[BOOTH] = replace(world.boards[BOOTH], supply=Supply.ON_BATTERY)
    answer = browser.post(f"/booths/{BOOTH}/power/ups-quick", data={"token": token(form)})
    assert answer.status_code == 409
    assert "PLN tidak memikul loket sekarang" in answer.text
    assert world.asked == []


def test_a_command_that_the_coordinator_refuses_tells_why() -> None:
    world = SITUATIONS["mains"]()
    browser = visit(world)
    form = browser.get(f"/booths/{BOOTH}/power/mute-booth").text
    world.refusal = "the same is on its way to the booth already"
    browser.post(f"/booths/{BOOTH}/power/mute-booth", data={"token": token(form)})
    page = browser.get(f"/booths/{BOOTH}/power").text
    assert "Tidak dijalankan: perintah yang sama sudah dalam perjalanan ke loket" in page


def test_a_command_that_the_booth_refused_stays_on_the_page_with_its_reason() -> None:
    page = the_power_page(SITUATIONS["mains"]())
    assert "Ditolak" in page and "loket tidak memakai PLN: genset tidak diuji saat padam" in page


@pytest.mark.parametrize(
    "path",
    [
        "/booths/nobody/power", f"/booths/{BOOTH}/power/explode", f"/booths/{BOOTH}/alarms/mains.out/9/shelve",
    ],
)  # fmt: skip
def test_a_power_page_that_does_not_exist_is_told_on_a_page(path: str) -> None:
    answer = visit(SITUATIONS["mains"]()).get(path)
    assert answer.status_code == 404 and "Kembali ke ikhtisar" in answer.text


@pytest.mark.parametrize("action", ["acknowledge", "shelve", "unshelve", "destroy"])
def test_an_alarm_form_that_is_not_from_this_session_does_nothing(action: str) -> None:
    world = SITUATIONS["genset"]()
    answer = visit(world).post(f"/booths/{BOOTH}/alarms/genset.fuel-low/1/{action}", data={"token": "0" * 64})
    assert answer.status_code in (400, 403)
    assert world.asked == []
