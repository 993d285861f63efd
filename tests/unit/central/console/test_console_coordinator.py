"""The console over a real coordinator: what a booth tells is on its power page, what is asked is sent to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from central.adapters.store import Store
from central.adapters.views import StoreViews
from central.console.app import ConsoleSettings, create_app
from central.core.items import Effects, Item
from central.runtime import Inbox
from contract import topics
from contract.messages import (
    AlarmChanged,
    AlarmCommand,
    AlarmState,
    CommandDone,
    GensetChanged,
    GensetPhase,
    MainsDipped,
    Outcome,
    Priority,
    Supply,
    SupplyChanged,
    TestUpsCommand,
)
from tests.tools.console_power import MAINS_FIGURES
from tests.tools.console_world import World as Changes
from tests.unit.central.booth import Booth, World, commands, settings
from tests.unit.central.console.test_console_pages import TestClient, token

POWER = "/booths/b1/power"


class Desk(Inbox):
    """The coordinator's actions, carried out at once instead of by its thread."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.effects: list[Effects] = []
        self.put = self._do

    def _do(self, item: Item | None) -> None:
        assert item is not None
        done = self.world.give(item)
        self.effects.append(done)
        for reply, answer in done.replies:
            reply(answer)


class Site:
    """One booth, its coordinator and a browser before the console."""

    def __init__(self) -> None:
        self.world, self.booth = World(Store.memory(), settings("b1")), Booth()
        self.world.wall = datetime.now(UTC)
        self.desk = Desk(self.world)
        views = StoreViews(self.world.store, lambda: self.world.wall)
        app = create_app(views, self.desk, Changes(), ConsoleSettings())
        self.browser = TestClient(app, base_url="http://127.0.0.1:8080", follow_redirects=False)
        self.world.give(self.booth.state("online"))

    def tell(self, *bodies: object, ago: float = 60) -> None:
        at = self.world.wall - timedelta(seconds=ago)
        self.world.give(*(self.booth.event(body, at=at) for body in bodies))  # type: ignore[arg-type]

    def figures(self, **figures: object) -> None:
        payload = json.dumps(MAINS_FIGURES | {name.replace("__", "."): value for name, value in figures.items()})
        self.world.give(self.booth.message(topics.TELEMETRY, payload.encode()))

    def page(self, path: str = POWER) -> str:
        return str(self.browser.get(path).text)


@pytest.fixture
def site() -> Site:
    return Site()


def fuel(state: AlarmState = AlarmState.UNACKNOWLEDGED, person: str = "") -> AlarmChanged:
    return AlarmChanged(
        alarm="genset.fuel-low", occurrence=3, priority=Priority.HIGH, state=state, active=True, person=person,
        figures={"fuel_pct": 14.0, "hours": 2.2},
    )  # fmt: skip


def test_what_a_booth_tells_of_its_power_is_on_its_page(site: Site) -> None:
    site.tell(SupplyChanged(supply=Supply.ON_MAINS, mains_contact=True), ago=7200)
    site.tell(SupplyChanged(supply=Supply.ON_BATTERY, mains_contact=False), ago=3600)
    site.tell(SupplyChanged(supply=Supply.ON_MAINS, mains_contact=True), ago=3000)
    site.tell(MainsDipped(seconds=0.2, lowest_v=80.0), GensetChanged(phase=GensetPhase.STOPPED), fuel())
    site.figures()
    page = site.page()
    assert "58</b> menit" in page and "226 V" in page
    assert "10 mnt</td>" in page and "baterai 10 mnt" in page
    assert "1 kedip di bawah satu detik" in page
    assert "Bahan bakar genset 14 %, cukup untuk 2,2 jam." in page
    assert "Berhenti, siap" in page
    assert "Bahan bakar hampir habis" in site.page("/alarms") and "Bahan bakar hampir habis" in site.page("/")


def test_an_acknowledgement_goes_to_the_booth_and_counts_when_the_booth_says_so(site: Site) -> None:
    site.tell(SupplyChanged(supply=Supply.ON_MAINS, mains_contact=True), fuel())
    form = site.page("/alarms")
    site.browser.post("/booths/b1/alarms/genset.fuel-low/3/acknowledge", data={"token": token(form)})
    sent = commands(site.desk.effects[-1])
    assert [command.body for command in sent] == [
        AlarmCommand(action="acknowledge", alarm="genset.fuel-low", occurrence=3, person="technician")
    ]
    page = site.page("/alarms")
    assert "dikirim, menunggu loket" in page and ">Belum diakui</span>" in page
    site.tell(fuel(AlarmState.ACKNOWLEDGED, "technician"), CommandDone(command=sent[0].id, outcome=Outcome.DONE), ago=0)
    page = site.page("/alarms")
    assert "dikirim, menunggu loket" not in page and ">Diakui</span>" in page and "oleh teknisi" in page


def test_an_acknowledgement_of_an_alarm_that_rose_again_is_refused_with_its_reason(site: Site) -> None:
    site.tell(SupplyChanged(supply=Supply.ON_MAINS, mains_contact=True), fuel())
    site.browser.post("/booths/b1/alarms/genset.fuel-low/2/acknowledge", data={"token": token(site.page("/alarms"))})
    assert commands(site.desk.effects[-1]) == []
    page = site.page("/alarms")
    assert "Tidak dijalankan: alarm ini muncul lagi: lihat yang baru dulu" in page


def test_a_test_of_the_battery_goes_to_the_booth_and_its_refusal_is_told(site: Site) -> None:
    site.tell(SupplyChanged(supply=Supply.ON_MAINS, mains_contact=True))
    site.figures()
    form = site.page(f"{POWER}/ups-two-minutes")
    site.browser.post(f"{POWER}/ups-two-minutes", data={"token": token(form), "name": "Siti"})
    sent = commands(site.desk.effects[-1])
    assert [command.body for command in sent] == [TestUpsCommand(length="two-minutes", person="technician Siti")]
    assert "Menunggu jawaban loket" in site.page()
    reason = "a recording or a print is under way: test the battery when the booth is idle"
    site.tell(CommandDone(command=sent[0].id, outcome=Outcome.REFUSED, reason=reason), ago=0)
    page = site.page()
    assert (
        "Ditolak" in page and "ada perekaman atau cetak: uji baterai saat loket sepi" in page and "teknisi Siti" in page
    )
