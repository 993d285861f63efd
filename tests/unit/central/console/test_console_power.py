"""What the power page draws and tells: nothing as live that is not known, and why something may not be done now."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.console import alarms, commands, day, drawing, plant, power, texts
from central.core.views import BoothView, DipView, OutageView, SupplySpan
from contract.messages import AlarmState, DeviceState, GensetPhase, Priority, Supply
from tests.tools import console_power as scenes
from tests.tools.console_world import BOOTH, calm_booth

STALE_S = 30.0
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 24, 7, 5, 9, tzinfo=UTC)


def booth_of(situation: str) -> BoothView:
    return scenes.the_booth(scenes.SITUATIONS[situation]())


def drawn(booth: BoothView, language: texts.Language = "id") -> plant.Plant:
    return plant.plant(language, booth, datetime.now(UTC), STALE_S)


def spans(*told: tuple[float, Supply]) -> list[SupplySpan]:
    starts = [NOW - hours * HOUR for hours, _ in told]
    ends: list[datetime | None] = [*starts[1:], None][: len(starts)]
    return [SupplySpan(supply, start, end) for (_, supply), start, end in zip(told, starts, ends, strict=True)]


def day_of(*told: tuple[float, Supply], booth: BoothView | None = None) -> day.Day:
    return day.day("id", NOW, booth or calm_booth(last_heard=NOW), spans(*told), (), ())


# --- the diagram ---


def test_on_mains_power_comes_through_the_ats_and_the_genset_is_dead() -> None:
    picture = drawn(booth_of("mains"))
    assert picture.blade == "mains"
    assert picture.wires == {
        "mains": "live", "genset": "dead", "heavy": "live", "ups": "live", "battery": "idle", "essential": "live",
        "shed1": "live", "shed2": "live",
    }  # fmt: skip
    assert {part.weight for part in picture.parts.values()} == {"calm"}


def test_in_an_outage_the_battery_feeds_the_loads_that_are_not_shed() -> None:
    picture = drawn(booth_of("battery"))
    assert picture.wires["mains"] == picture.wires["heavy"] == picture.wires["ups"] == "dead"
    assert picture.wires["battery"] == picture.wires["essential"] == picture.wires["shed2"] == "battery"
    assert picture.wires["shed1"] == "dead"
    assert picture.parts["shed1"].word == "dimatikan dulu"


def test_the_genset_carries_all_from_the_other_side_of_the_ats() -> None:
    picture = drawn(booth_of("genset"))
    assert picture.blade == "genset"
    assert picture.wires["genset"] == picture.wires["ups"] == picture.wires["heavy"] == "live"
    assert picture.wires["mains"] == "dead"
    assert picture.parts["genset"].lines == ("231 V · 50,2 Hz", "BBM 17 %")


def test_a_genset_that_is_not_proven_to_run_is_not_drawn_as_live() -> None:
    booth = booth_of("genset")
    told = replace(booth.genset, verified=False) if booth.genset else None
    figures = booth.figures | {"genset.verified": False, "ats.position": "moving"}
    picture = drawn(replace(booth, genset=told, figures=figures))
    assert picture.wires["genset"] == "unknown"
    assert picture.parts["genset"].word == "belum terbukti"


def test_behind_a_moving_ats_the_line_is_dead() -> None:
    booth = booth_of("genset")
    picture = drawn(replace(booth, figures=booth.figures | {"ats.position": "moving"}))
    assert (picture.blade, picture.wires["ups"], picture.wires["heavy"]) == ("moving", "dead", "dead")


def test_an_ats_that_says_both_is_drawn_nowhere() -> None:
    booth = booth_of("mains")
    picture = drawn(replace(booth, figures=booth.figures | {"ats.position": "both", "ats.quality": "implausible"}))
    assert picture.blade == "unknown"
    assert picture.parts["ats"].word == "keduanya?"


@pytest.mark.parametrize("situation", ["offline", "stale"])
def test_of_a_booth_that_is_not_heard_nothing_is_drawn_as_live_or_dead(situation: str) -> None:
    booth = booth_of("offline" if situation == "offline" else "genset")
    if situation == "stale":
        booth = replace(booth, figures_at=datetime.now(UTC) - timedelta(minutes=5))
    picture = drawn(booth)
    assert not picture.fresh and picture.blade == "unknown"
    assert set(picture.wires.values()) == {"unknown"}
    assert all(part.trust == "stale" and part.since.startswith("terakhir ") for part in picture.parts.values())


def test_a_lost_ups_tells_since_when_and_is_no_outage() -> None:
    picture = drawn(booth_of("lost"))
    ups = picture.parts["ups"]
    assert (ups.trust, ups.weight, ups.word, ups.lines) == ("lost", "problem", "tak diketahui", ())
    assert ups.since.startswith("hilang sejak ")
    assert picture.parts["battery"].lines == ()
    assert picture.wires["mains"] == picture.wires["essential"] == "live"


def test_a_figure_that_is_not_known_is_left_out_and_never_zero() -> None:
    booth = booth_of("mains")
    figures = booth.figures | {"mains.volts": None, "input.voltage": None, "battery.charge": float("nan")}
    parts = drawn(replace(booth, figures=figures)).parts
    assert parts["mains"].lines == ()
    assert parts["battery"].lines == ("27,2 V",)


def test_a_booth_without_genset_and_board_has_no_such_parts() -> None:
    assert list(drawn(booth_of("plain")).parts) == ["mains", "ups", "battery", "essential"]


def test_without_ats_contacts_the_ups_tells_whether_the_line_is_live() -> None:
    booth = booth_of("mains")
    figures = booth.figures | {"ats.position": None, "input.voltage": 0.0}
    assert drawn(replace(booth, figures=figures)).wires["heavy"] == "dead"
    figures |= {"input.voltage": 226.0}
    assert drawn(replace(booth, figures=figures)).wires["heavy"] == "live"


def test_an_alarm_marks_its_part_without_changing_what_its_state_is_called() -> None:
    part = drawn(booth_of("genset")).parts["genset"]
    assert (part.weight, part.tone, part.word) == ("problem", "calm", "memikul beban")


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("situation", scenes.SITUATIONS)
def test_the_diagram_can_be_read_as_words(situation: str, language: texts.Language) -> None:
    words = drawn(booth_of(situation), language).summary()
    assert words.count(": ") >= 4 and "None" not in words and "nan" not in words


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("situation", scenes.SITUATIONS)
def test_no_words_run_out_of_their_box_and_no_box_lies_on_another(situation: str, language: texts.Language) -> None:
    for picture in drawing.drawings(drawn(booth_of(situation), language)):
        for box in picture.boxes:
            room = (box.width - 20) / 6.6
            for line in (box.part.word, *box.part.lines):
                assert len(line) <= room, f"{line!r} in {picture.name}"
        for first in picture.boxes:
            for second in picture.boxes:
                apart = first.x + first.width <= second.x or first.y + first.height <= second.y
                assert (
                    first is second
                    or apart
                    or second.x + second.width <= first.x
                    or (second.y + second.height <= first.y)
                )


# --- the day ---


def test_an_outage_is_as_long_in_the_picture_as_it_lasted() -> None:
    picture = day_of((20, Supply.ON_MAINS), (6, Supply.ON_BATTERY), (4, Supply.ON_MAINS))
    assert dict(picture.totals) == {
        Supply.ON_MAINS: "18 jam", Supply.ON_BATTERY: "2 jam", Supply.UNKNOWN: "4 jam",
    }  # fmt: skip
    battery = [part for part in picture.stretches if part.supply is Supply.ON_BATTERY]
    assert [(round(part.start, 2), round(part.width, 2)) for part in battery] == [(75.0, 8.33)]
    assert battery[0].words == "Memakai baterai: 08:05 – 10:05, 2 jam"


def test_a_supply_that_was_told_yesterday_holds_until_the_next_change() -> None:
    picture = day_of((30, Supply.ON_BATTERY), (12, Supply.ON_MAINS))
    assert dict(picture.totals) == {Supply.ON_MAINS: "12 jam", Supply.ON_BATTERY: "12 jam"}


def test_after_a_booth_was_last_heard_its_supply_is_not_known() -> None:
    silent = calm_booth(online=False, last_heard=NOW - 3 * HOUR)
    picture = day_of((20, Supply.ON_MAINS), booth=silent)
    assert dict(picture.totals) == {Supply.ON_MAINS: "17 jam", Supply.UNKNOWN: "7 jam"}


def test_a_booth_that_said_it_goes_off_is_drawn_as_off_and_not_as_unknown() -> None:
    off = calm_booth(online=False, off=True, last_heard=NOW - 3 * HOUR)
    picture = day_of((30, Supply.ON_BATTERY), (3, Supply.OFF), booth=off)
    assert dict(picture.totals)[Supply.OFF] == "3 jam"
    assert Supply.UNKNOWN not in dict(picture.totals)


@pytest.mark.parametrize("told", [(), ((5.0, Supply.ON_MAINS),), ((40.0, Supply.OFF), (39.0, Supply.ON_GENSET))])
def test_the_whole_day_is_always_drawn_without_holes(told: tuple[tuple[float, Supply], ...]) -> None:
    picture = day_of(*told)
    assert sum(part.width for part in picture.stretches) == pytest.approx(100, abs=0.01)
    ends = [part.start + part.width for part in picture.stretches]
    assert [part.start for part in picture.stretches[1:]] == pytest.approx(ends[:-1], abs=0.01)


def test_the_hours_are_those_of_west_indonesia() -> None:
    marks = day_of((30, Supply.ON_MAINS)).hours
    assert [mark.words for mark in marks] == ["16:00", "20:00", "00:00", "04:00", "08:00", "12:00"]
    assert marks[-1].place == pytest.approx(100 - (2 + 5 / 60 + 9 / 3600) / 24 * 100, abs=0.01)


def test_an_outage_is_listed_with_what_carried_the_booth() -> None:
    carried = {Supply.ON_BATTERY: 40.0, Supply.GENSET_STARTING: 50.0, Supply.ON_GENSET: 3600.0, Supply.OFF: 0.2}
    outage = OutageView(BOOTH, NOW - 2 * HOUR, NOW - HOUR, carried)
    picture = day.day("en", NOW, calm_booth(), spans((30, Supply.ON_MAINS)), (outage,), ())
    assert [(each.length, each.carried) for each in picture.outages] == [("1 h", "battery 1 min 30 s, genset 1 h")]


def test_a_dip_is_marked_with_its_length_and_depth() -> None:
    dips = (DipView(NOW - 12 * HOUR, 0.12, 61.0), DipView(NOW - 30 * HOUR, 0.3, None))
    picture = day.day("id", NOW, calm_booth(), spans((30, Supply.ON_MAINS)), (), dips)
    assert [(mark.place, mark.words) for mark in picture.dips] == [
        (50.0, "kedip 0,12 dtk, pukul 02:05, terendah 61 V"),
    ]


# --- energy and the genset ---


def energy_of(booth: BoothView, language: texts.Language = "id") -> power.Energy:
    return power.energy(language, booth, datetime.now(UTC), STALE_S)


def test_the_energy_left_is_told_with_its_confidence_and_what_it_forbids() -> None:
    energy = energy_of(booth_of("battery"))
    assert (energy.figure, energy.unit, energy.weight) == ("18", "menit", "attention")
    assert energy.confidence == "keyakinan sedang (70 %)"
    record, card = energy.may
    assert record.allowed is True and card.allowed is False
    assert card.why == "PLN padam: kartu tidak mulai dicetak tanpa PLN"
    assert card.expected.startswith("diperkirakan boleh pukul ")


@pytest.mark.parametrize("left", [None, "soon", True])
def test_energy_that_is_not_known_is_never_told_as_zero(left: object) -> None:
    booth = booth_of("battery")
    energy = energy_of(replace(booth, figures=booth.figures | {"energy.seconds": left}))
    assert (energy.figure, energy.weight) == ("", "unknown")


def test_an_empty_battery_is_told_as_zero_minutes() -> None:
    booth = booth_of("fault")
    energy = energy_of(replace(booth, figures=booth.figures | {"energy.seconds": 12.0}))
    assert (energy.figure, energy.weight) == ("0", "problem")


def test_of_an_offline_booth_it_is_not_known_what_may_start() -> None:
    energy = energy_of(booth_of("offline"))
    assert energy.stale and energy.heard.startswith("terakhir ")
    assert [job.allowed for job in energy.may] == [None, None]


def test_energy_of_many_hours_is_told_in_hours() -> None:
    booth = booth_of("mains")
    energy = energy_of(replace(booth, figures=booth.figures | {"energy.seconds": 9000.0}))
    assert (energy.figure, energy.unit) == ("2,5", "jam")


def panel(booth: BoothView) -> power.Genset:
    made = power.genset("id", booth, booth.genset, datetime.now(UTC), STALE_S)
    assert made is not None
    return made


def test_the_sequence_shows_where_it_is_and_which_crank_it_is() -> None:
    genset = panel(booth_of("battery"))
    assert genset.phase == "Distarter, percobaan 2"
    assert [step.words for step in genset.steps if step.state == "now"] == ["starter"]
    assert [step.state for step in genset.steps][:2] == ["before", "now"]


def test_a_running_genset_without_proof_is_told_so() -> None:
    booth = booth_of("genset")
    assert panel(booth).verified is True
    told = replace(booth.genset, verified=False) if booth.genset else None
    doubted = panel(replace(booth, genset=told, figures=booth.figures | {"genset.verified": False}))
    assert (doubted.verified, doubted.weight) == (False, "attention")
    assert panel(booth_of("mains")).verified is None


def test_a_low_tank_is_marked_at_the_fuel_alone() -> None:
    genset = panel(booth_of("genset"))
    assert genset.weight == "calm"
    marked = [(row.label, row.value, row.note) for row in genset.rows if row.weight == "problem"]
    assert marked == [("Bahan bakar", "17 %", "cukup untuk 2,7 jam")]


def test_a_genset_that_is_not_heard_shows_since_when() -> None:
    genset = panel(booth_of("lost"))
    assert genset.old.startswith("hilang sejak ") and genset.weight == "unknown"


def test_a_booth_without_a_genset_has_no_panel() -> None:
    assert power.genset("id", booth_of("plain"), None, datetime.now(UTC), STALE_S) is None


# --- alarms ---


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("key", sorted(alarms.KEYS))
def test_every_alarm_has_a_name_a_cause_and_a_remedy_whatever_it_tells(key: str, language: texts.Language) -> None:
    assert alarms.name(language, key) != key
    assert "{" not in alarms.cause(language, key, {})
    assert alarms.remedy(language, key).endswith(".")


def test_the_alarms_of_the_operations_guide_are_all_known() -> None:
    guide = Path(alarms.__file__).parents[2] / "docs" / "operations.md"
    assert set(re.findall(r"^### ([a-z]+\.[a-z-]+)$", guide.read_text(), re.MULTILINE)) == alarms.KEYS


def test_a_cause_names_its_figures() -> None:
    assert alarms.cause("id", "genset.battery-weak", {"volts": 10.94}).startswith("Aki starter genset 10,9 V")
    assert alarms.cause("en", "ats.stuck", {"wanted": "genset", "position": "moving"}) == (
        "The transfer switch was sent to genset but stays at moving."
    )
    assert alarms.cause("id", "genset.fault", {"alarms": "low-oil-pressure, alarm-31"}).endswith(
        "tekanan oli rendah, alarm-31."
    )
    assert "tidak diketahui %" in alarms.cause("id", "battery.old", {"health_pct": "?"})


def test_an_alarm_of_a_newer_version_is_told_in_the_booths_words() -> None:
    assert alarms.cause("id", "wind.strong", {}, "the mains are out") == "PLN padam"
    assert alarms.remedy("en", "wind.strong", "Close the window.") == "Close the window."


def test_a_shelved_alarm_is_calm_and_never_the_worst() -> None:
    shelved = scenes.alarm("ups.failed", Priority.CRITICAL, AlarmState.SHELVED)
    held = scenes.alarm("mains.out", Priority.MEDIUM)
    assert alarms.weight(shelved) == "calm"
    assert alarms.worst((shelved, held)) == held
    assert alarms.worst((shelved,)) is None


# --- commands ---


def unsafe(booth: BoothView, name: str) -> str:
    return commands.unsafe(plant.Reading("en", booth, datetime.now(UTC), STALE_S), name)


def test_on_calm_mains_all_can_be_tested_and_what_does_not_run_cannot_be_ended() -> None:
    calm = booth_of("mains")
    told = {name: unsafe(calm, name) for name in commands.GIVE}
    assert {name: why for name, why in told.items() if why} == {
        "ups-cancel": "no UPS test is running",
        "genset-stop": "the genset is not being tested",
    }


@pytest.mark.parametrize("situation", ["battery", "genset", "fault"])
@pytest.mark.parametrize("name", ["ups-quick", "ups-two-minutes", "ups-deep", "genset-start"])
def test_nothing_is_tested_in_an_outage(situation: str, name: str) -> None:
    assert "mains" in unsafe(booth_of(situation), name)


@pytest.mark.parametrize("name", commands.GIVE)
def test_nothing_is_sent_to_an_offline_booth(name: str) -> None:
    assert unsafe(booth_of("offline"), name) == "the booth is offline"


def test_a_running_test_can_be_ended_and_no_second_one_begins() -> None:
    booth = booth_of("mains")
    testing = replace(booth, figures=booth.figures | {"ups.status": "OL CAL"})
    assert unsafe(testing, "ups-cancel") == ""
    assert unsafe(testing, "ups-quick") == "a UPS test is running"


def test_a_half_full_battery_is_not_drained_for_a_test() -> None:
    booth = booth_of("mains")
    assert "60 %" in unsafe(replace(booth, figures=booth.figures | {"battery.charge": 60.0}), "ups-deep")


@pytest.mark.parametrize("mode", ["stop", "manual"])
def test_a_genset_at_which_somebody_may_work_is_not_started(mode: str) -> None:
    booth = booth_of("mains")
    assert "AUTO" in unsafe(replace(booth, figures=booth.figures | {"genset.mode": mode}), "genset-start")


def test_an_exercising_genset_can_be_stopped_and_not_started_again() -> None:
    booth = replace(booth_of("mains"), genset=scenes.phase(GensetPhase.EXERCISING, verified=True))
    assert unsafe(booth, "genset-stop") == ""
    assert unsafe(booth, "genset-start") == "the genset is busy: exercising"


def test_a_silent_ups_cannot_be_tested_but_the_booth_can_be_silenced() -> None:
    booth = booth_of("lost")
    assert unsafe(booth, "ups-quick") == unsafe(booth, "mute-ups") == "the UPS does not answer"
    assert unsafe(booth, "mute-booth") == ""


def test_a_lost_device_is_named_with_its_time_even_without_an_alarm() -> None:
    booth = replace(booth_of("lost"), alarms=())
    assert any(device.state is DeviceState.LOST for device in booth.devices)
    assert drawn(booth).parts["ups"].since.startswith("hilang sejak ")
