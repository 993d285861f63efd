"""The people of the day against a booth that is only lamps and buttons, in virtual time."""

from __future__ import annotations

from hardware.rig.day import Day, family_card


class Counter:
    """A booth of three steps per applicant, the second of which wants a signature."""

    def __init__(self) -> None:
        self.day = Day(self, pace=20.0)
        self.now = 0.0
        self.cards: list[str] = []
        self.waiting = 0
        self.step: int | None = None
        self.amber_until: float | None = None
        self.signed = 0
        self.served = 0
        self.refusals = 0

    def scan(self, text: str) -> None:
        self.cards.append(text)
        self.waiting += 1

    def press(self, button: str) -> None:
        if self.amber_until is not None:
            return
        if button == "start" and self.step is None:
            if not self.waiting:
                self.refusals += 1
                return
            self.waiting -= 1
            self.step = 0
        elif self.step is None:
            return
        self.amber_until = self.now + (0.8 if self.step != 1 else 10.0)
        self.lamps("amber")

    def sign(self) -> None:
        if self.amber_until is not None and self.step == 1:
            self.signed += 1
            self.amber_until = self.now + 2.0

    def lamps(self, *lit: str) -> None:
        for name in ("green", "amber", "red"):
            if self.day.lamps.get(name, False) != (name in lit):
                self.day.lamp(name, name in lit, self.now)

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 0.05
            if self.amber_until is not None and self.now >= self.amber_until:
                self.amber_until = None
                self.step = None if self.step == 2 else (self.step or 0) + 1
                self.served += self.step is None
                self.lamps("green")
            self.day.tick(self.now)


def test_every_applicant_is_served_to_the_end() -> None:
    booth = Counter()
    booth.lamps("green")
    booth.run(600)
    assert 24 <= len(booth.cards) <= 40
    assert booth.served >= len(booth.cards) - 1
    assert booth.signed >= booth.served


def test_nobody_comes_to_a_dark_booth_and_nobody_presses_its_buttons() -> None:
    booth = Counter()
    booth.run(100)
    assert (booth.cards, booth.refusals) == ([], 0)


def test_a_recording_that_a_power_cut_left_open_is_gone_on_with() -> None:
    booth = Counter()
    booth.day.pace = 0.0
    booth.step = 1
    booth.lamps("green")
    booth.run(60)
    assert booth.served == 1


def test_applicants_who_waited_before_a_restart_are_served() -> None:
    booth = Counter()
    booth.day.pace = 0.0
    booth.waiting = 2
    booth.lamps("green")
    booth.run(90)
    assert booth.served == 2


def test_a_family_card_that_the_scanner_lost_holds_nobody_up() -> None:
    booth = Counter()
    booth.lamps("green")
    booth.day.waiting = 3
    booth.run(60)
    assert booth.served >= 1


def test_the_counter_is_left_to_who_works_at_the_screen_and_applicants_still_sign() -> None:
    booth = Counter()
    booth.lamps("green")
    booth.day.leave_to_officer(True, 0)
    booth.run(30)
    assert booth.cards
    assert (booth.step, booth.served) == (None, 0), "nobody presses the buttons"
    booth.press("start")
    booth.run(1)
    booth.press("next")
    booth.run(10)
    assert booth.signed
    booth.day.leave_to_officer(False, booth.waiting)
    booth.run(60)
    assert booth.served >= 1, "the officer of the day goes on where the recording stands"


def test_nobody_comes_while_as_many_wait_as_the_screen_tells() -> None:
    booth = Counter()
    booth.lamps("green")
    booth.day.leave_to_officer(True, 3)
    booth.run(120)
    assert booth.cards == []


def test_no_two_applicants_have_the_same_nik_and_each_can_be_one() -> None:
    cards = [family_card(3526, number) for number in range(1, 3000)]
    assert len({nik for _, nik in cards}) == len(cards)
    for kk, nik in cards:
        assert len(kk) == len(nik) == 16
        assert 1 <= int(nik[6:8]) % 40 <= 28
        assert 1 <= int(nik[8:10]) <= 12
        assert nik[12:] != "0000"


def test_the_next_run_goes_on_with_new_applicants() -> None:
    first = Counter()
    first.lamps("green")
    first.run(100)
    second = Counter()
    second.day.arrived = first.day.arrived
    second.lamps("green")
    second.run(100)
    assert not set(first.cards) & set(second.cards)
