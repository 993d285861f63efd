"""The power board as the controller and the plant know it: in virtual time, with real frames."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contract import power_wire as wire
from firmware.board import WIRED, Board


class Plant:
    """A board with a controller that drives each second, unless it is silent."""

    def __init__(self, now: int = 1_000_000, **board: int) -> None:
        self.board = Board(**board)  # type: ignore[arg-type]
        self.now = now
        self.mains, self.genset, self.contacts, self.tamper = 2300, 0, wire.C_ATS_MAINS, False
        self.wanted: int | None = wire.SAFE
        self.frames: list[wire.Frame] = []
        self._decoder = wire.Decoder()
        self._seq = 0
        self._next = now
        self.sense()

    def sense(self, **changed: int) -> None:
        vars(self).update(changed)
        self.board.sense(self.mains, self.genset, 2650, self.contacts, self.tamper, self.now)
        self._collect()

    def send(self, data: bytes) -> None:
        self.board.receive(data, self.now)
        self._collect()

    def _collect(self) -> None:
        self.frames += self._decoder.receive(self.board.outgoing())

    def pass_ms(self, duration: int) -> None:
        end = self.now + duration
        while self.now < end:
            if self.wanted is not None and self.now >= self._next:
                self._seq += 1
                self.send(wire.drive(self._seq, self.wanted))
                self._next = self.now + 1000
            stop = end if self.wanted is None else min(end, self._next)
            self.now = min(stop, self.now + self.board.next_ms(self.now))
            self.sense()

    def want(self, relays: int) -> None:
        self.wanted, self._next = relays, self.now
        self.pass_ms(1)

    def until(self, condition: Callable[[], bool], limit_ms: int = 200_000) -> int:
        """How many ms passed until then."""
        start = self.now
        while not condition():
            assert self.now - start < limit_ms, "it did not happen"
            self.pass_ms(10)
        return self.now - start

    @property
    def relays(self) -> tuple[str, ...]:
        return wire.words(self.board.relays(), wire.RELAYS)

    @property
    def started(self) -> bool:
        return "genset_start" in self.relays

    @property
    def permitted(self) -> bool:
        return "ats_inhibit" not in self.relays

    @property
    def refused(self) -> tuple[str, ...]:
        return wire.words(self.board.report.refused, wire.REFUSALS)

    def reports(self) -> list[wire.Report]:
        told = [wire.read_report(f.payload) for f in self.frames if f.kind == wire.REPORT]
        return [report for report in told if report is not None]


START, PERMIT = wire.GENSET_START | wire.ATS_INHIBIT, wire.GENSET_START


def outage(plant: Plant) -> None:
    """The mains are gone, the genset runs and is warm."""
    plant.sense(mains=0)
    plant.want(START)
    plant.pass_ms(4000)
    plant.sense(genset=2300, contacts=wire.C_ATS_MAINS | wire.C_RUNNING)
    plant.pass_ms(2000)


def on_genset(plant: Plant) -> None:
    outage(plant)
    plant.want(PERMIT)
    plant.sense(contacts=wire.C_ATS_GENSET | wire.C_RUNNING)
    plant.pass_ms(1000)


# --- safe by itself ---------------------------------------------------------------------------------------------


def test_a_board_that_has_just_started_is_safe_and_tells_nothing_it_has_not_read() -> None:
    board = Board()
    assert wire.words(board.relays(), wire.RELAYS) == ("ats_inhibit",)
    board.receive(wire.ask(1), 5)
    assert board.outgoing() == b""


@pytest.mark.parametrize("deadman_ms", [500, 5000, 30_000])
def test_a_silent_controller_leaves_the_relays_safe_to_the_millisecond(deadman_ms: int) -> None:
    plant = Plant(deadman_ms=deadman_ms)
    plant.want(START | wire.SHED_1)
    plant.wanted = None
    plant.pass_ms(deadman_ms - 2)
    assert plant.relays == ("genset_start", "ats_inhibit", "shed_1")
    plant.pass_ms(2)
    assert plant.relays == ("ats_inhibit",)
    plant.pass_ms(30)
    assert plant.refused == ("deadman",)
    assert (plant.reports()[-1].deadman_trips, plant.reports()[-1].driven) == (1, False)


def test_after_the_deadman_being_heard_is_not_enough() -> None:
    plant = Plant()
    plant.want(START)
    plant.wanted = None
    plant.pass_ms(6000)
    for _ in range(10):
        plant.send(wire.ask(1))
        plant.send(wire.identify(1))
        plant.pass_ms(1000)
    assert plant.relays == ("ats_inhibit",)
    plant.pass_ms(10_000)
    plant.want(START)
    assert plant.started
    assert plant.refused == ()


def test_any_frame_of_the_controller_holds_the_deadman_off_but_not_noise() -> None:
    plant = Plant()
    plant.want(START)
    plant.wanted = None
    for _ in range(4):
        plant.send(wire.ask(1))
        plant.pass_ms(3000)
    assert plant.started
    for _ in range(4):
        plant.send(b"noise\0" + wire.frame(wire.ASK, 1, b"", wire.VERSION + 1))
        plant.pass_ms(2000)
    assert plant.relays == ("ats_inhibit",)
    assert plant.reports()[-1].bad_frames == 4


def test_a_controller_of_another_version_is_told_ours_and_moves_nothing() -> None:
    plant = Plant()
    plant.wanted = None
    plant.send(wire.frame(wire.DRIVE, 1, b"\x01", wire.VERSION + 1))
    identity = wire.read_identity(plant.frames[-1].payload)
    assert plant.frames[-1].kind == wire.IDENTITY
    assert identity is not None
    assert identity.protocol == wire.VERSION
    assert plant.relays == ("ats_inhibit",)


def test_the_handshake_tells_who_the_board_is() -> None:
    board = Board(b"ABCDEFGH", reset_cause=2, watchdog_resets=3, watchdog_ms=8000)
    board.receive(wire.identify(1) + wire.config(2, 3000), 0)
    _, after = (wire.read_identity(f.payload) for f in wire.Decoder().receive(board.outgoing()))
    assert after is not None
    assert (after.uid, wire.RESET_CAUSES[after.reset_cause], after.watchdog_ms) == (b"ABCDEFGH", "watchdog", 8000)
    assert after.deadman_ms == 3000


# --- the genset ---------------------------------------------------------------------------------------------------


def test_the_load_goes_to_the_genset_only_when_the_mains_are_surely_gone_and_its_volts_are_good() -> None:
    plant = Plant()
    plant.sense(genset=2300, contacts=wire.C_ATS_MAINS | wire.C_RUNNING)
    plant.pass_ms(2000)
    plant.want(PERMIT)
    assert plant.refused == ("mains-present",)
    plant.sense(mains=0)
    assert plant.refused == ("mains-just-lost",)
    plant.pass_ms(998)
    assert not plant.permitted
    plant.pass_ms(2)
    assert plant.permitted
    assert plant.refused == ()


def test_a_genset_out_of_its_band_gets_no_load() -> None:
    for volts in (0, 1900, 2700):
        plant = Plant()
        outage(plant)
        plant.sense(genset=volts)
        plant.pass_ms(3000)
        plant.want(PERMIT)
        assert plant.refused == ("genset-volts",)
        assert not plant.permitted


def test_a_brown_out_is_an_absence_and_a_step_of_the_genset_is_none() -> None:
    plant = Plant()
    on_genset(plant)
    plant.sense(mains=1700, genset=1800)
    plant.pass_ms(1500)
    assert plant.permitted
    plant.sense(genset=2300)
    plant.pass_ms(5000)
    assert plant.permitted


def test_the_mains_that_return_while_the_ats_moves_take_the_permission_back_at_once() -> None:
    plant = Plant()
    outage(plant)
    plant.want(PERMIT)
    assert plant.permitted
    plant.sense(contacts=wire.C_RUNNING)  # it moves
    plant.sense(mains=2300)
    assert not plant.permitted


def test_the_genset_keeps_the_load_while_the_returned_mains_are_watched() -> None:
    plant = Plant()
    on_genset(plant)
    plant.sense(mains=2300)
    plant.pass_ms(60_000)
    assert plant.permitted
    plant.want(START)
    assert not plant.permitted


def test_a_mains_contact_that_is_closed_without_volts_counts_as_mains() -> None:
    plant = Plant(wired=WIRED | wire.C_MAINS)
    outage(plant)
    plant.sense(contacts=wire.C_ATS_MAINS | wire.C_RUNNING | wire.C_MAINS)
    plant.want(PERMIT)
    assert plant.refused == ("mains-present",)


def test_an_ats_in_both_places_stops_everything_until_it_is_released_for_a_minute() -> None:
    plant = Plant()
    on_genset(plant)
    plant.sense(contacts=wire.C_ATS_MAINS | wire.C_ATS_GENSET | wire.C_RUNNING)
    assert plant.relays == ("ats_inhibit",)
    assert plant.refused == ("ats-both-closed",)
    plant.sense(contacts=wire.C_ATS_MAINS, genset=0)
    plant.pass_ms(120_000)
    assert plant.refused == ("ats-both-closed",), "it still asks for the start"
    plant.want(wire.SAFE)
    plant.pass_ms(59_000)
    assert plant.refused == ("ats-both-closed",)
    plant.pass_ms(1100)
    assert plant.refused == ()


# --- the starter --------------------------------------------------------------------------------------------------


def test_a_starter_turns_fifteen_seconds_rests_five_and_is_locked_after_three() -> None:
    plant = Plant()
    plant.sense(mains=0)
    plant.want(START)
    times = []
    for crank in range(3):
        assert plant.started
        times.append(plant.until(lambda: not plant.started))
        if crank < 2:
            assert plant.refused == ("crank-rest",)
            times.append(plant.until(lambda: plant.started))
    assert times == pytest.approx([15_000, 5000, 15_000, 5000, 15_000], abs=20)
    plant.pass_ms(300_000)
    assert not plant.started
    assert plant.refused == ("crank-locked",)
    plant.want(wire.SAFE)
    plant.pass_ms(59_000)
    plant.want(START)
    assert plant.refused == ("crank-locked",), "not released long enough"
    plant.want(wire.SAFE)
    plant.pass_ms(60_100)
    plant.want(START)
    assert plant.started


def test_letting_go_and_asking_again_does_not_cheat_the_starter_of_its_rest() -> None:
    plant = Plant()
    plant.want(START)
    plant.pass_ms(14_000)
    plant.want(wire.SAFE)
    plant.want(START)
    assert not plant.started
    assert plant.refused == ("crank-rest",)


@pytest.mark.parametrize("sign", [{"contacts": wire.C_RUNNING}, {"genset": 2300}])
def test_a_running_engine_is_no_crank_by_its_contact_or_by_its_volts(sign: dict[str, int]) -> None:
    plant = Plant()
    plant.want(START)
    plant.pass_ms(3000)
    plant.sense(**sign)
    plant.pass_ms(600_000)
    assert plant.started


def test_an_engine_that_stalls_is_not_cranked_while_it_spins_down() -> None:
    plant = Plant()
    on_genset(plant)
    plant.sense(genset=0, contacts=wire.C_ATS_GENSET)
    assert plant.until(lambda: not plant.started) == pytest.approx(2000, abs=20)
    assert "crank-rest" in plant.refused
    assert plant.until(lambda: plant.started) == pytest.approx(5000, abs=20)


def test_ticks_that_wrap_change_nothing() -> None:
    def story(start: int) -> list[tuple[str, ...]]:
        plant = Plant(now=start)
        on_genset(plant)
        plant.sense(mains=2300, genset=0, contacts=wire.C_ATS_GENSET)
        told = []
        for _ in range(100):
            plant.pass_ms(700)
            told.append(plant.relays + plant.refused)
        return told

    for before in (1, 5000, 20_000, 40_000):
        assert story((1 << 30) - before) == story(1_000_000)


# --- what it tells ------------------------------------------------------------------------------------------------


def test_a_change_is_told_at_once_and_quiet_is_told_twice_a_second() -> None:
    plant = Plant()
    plant.pass_ms(100)
    plant.frames.clear()
    plant.sense(contacts=wire.C_ATS_MAINS | wire.C_FUEL_LOW)
    assert [r.contacts for r in plant.reports()] == [wire.C_ATS_MAINS | wire.C_FUEL_LOW]
    plant.frames.clear()
    plant.pass_ms(5000)
    assert len(plant.reports()) == 10


def test_a_dip_between_two_reports_is_counted_and_its_lowest_volts_are_told() -> None:
    plant = Plant()
    plant.pass_ms(1000)
    plant.frames.clear()
    plant.now += 5
    plant.sense(mains=900)
    plant.now += 5
    plant.sense(mains=2300)
    plant.pass_ms(600)
    assert {r.dips for r in plant.reports()} == {1}
    assert min(r.mains_low_dv for r in plant.reports()) == 900
    plant.frames.clear()
    plant.pass_ms(1000)
    assert {r.mains_low_dv for r in plant.reports()} == {2300}


def test_only_what_is_wired_is_told() -> None:
    plant = Plant()
    plant.sense(contacts=127)
    assert plant.board.report.contacts == WIRED
    assert plant.board.report.wired == WIRED


def test_what_nobody_fetches_fills_no_memory() -> None:
    board = Board()
    for now in range(0, 600_000, 20):
        board.sense(2300 if now % 40 else 0, 0, 0, 0, False, now)
    assert len(board.outgoing()) <= 1024


def test_an_opened_case_is_told() -> None:
    plant = Plant()
    plant.pass_ms(100)
    plant.tamper = True
    plant.sense()
    assert plant.reports()[-1].tamper
