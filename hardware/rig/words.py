"""The words of `loket rig`: what each does to the bench."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hardware.rig.bench import Bench
from hardware.rig.words_desk import DeskWords
from hardware.rig.words_power import PowerWords, cable, choice, number
from hardware.simulators.sbi import FAULTS, LASTING

_SBI_STATUS = {"ready": "Ready", "busy": "Busy", "not-ready": "Not Ready", "not-registered": "Not Registered"}
_FEEDS = ("on-ups", "on-mains")
_BUTTONS = ("start", "next", "retry", "stop")


class Words:
    """Carries out the words of one command; ValueError says what may be said instead."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._known: dict[str, Callable[[list[str]], str]] = {
            **PowerWords(bench).known(),
            **DeskWords(bench).known(),
            "printer": self._printer,
            "scanner": self._cable_of("scanner"),
            "signature": self._cable_of("signature"),
            "tickets": self._cable_of("tickets"),
            "reader": self._cable_of("finger"),
            "scan": self._scan,
            "applicant": self._applicant,
            "sign": self._sign,
            "press": self._press,
            "door": self._door,
            "sbi": self._sbi,
            "centre": self._centre,
            "day": self._day,
            "facts": self._facts,
            "status": self._status,
        }

    def act(self, words: list[str]) -> str:
        """Do it; what to tell the person."""
        if not words or words[0] not in self._known:
            raise ValueError(f"unknown word {words[0] if words else ''!r}; there are: {', '.join(self._known)}")
        return self._known[words[0]](words[1:])

    def _printer(self, words: list[str]) -> str:
        bench, printer = self._bench, self._bench.printer
        if words[:1] == ["refill"] and len(words) <= 2:
            cards = int(number(words[1], 1, 100)) if len(words) == 2 else 50
            bench.ptys.call(lambda: printer.load(cards))
            return f"{cards} cards put into the feeder"
        acts: dict[str, Callable[[], object]] = {
            "jam": printer.jam,
            "clear": printer.clear_jam,
            "empty": self._empty_feeder,
            "cover-open": printer.open_cover,
            "cover-close": printer.close_cover,
            "ribbon-out": lambda: setattr(printer.path, "ribbon_left", 0),
            "ribbon-new": printer.replace_ribbon,
            "reject-full": lambda: setattr(printer.path, "reject_full", True),
            "reject-empty": printer.empty_reject_box,
        }
        word = choice("printer", words, (*acts, "refill", *_FEEDS, "power-off", "power-on", "unplug", "plug"))
        if word in acts:
            bench.ptys.call(acts[word])
        elif word in _FEEDS:
            bench.feed_printer(on_ups=word == "on-ups")
        elif word.startswith("power-"):
            bench.power_printer(word == "power-on")
        else:
            cable(bench.ptys, "printer", word)
        return "the next card will jam" if word == "jam" else f"printer {word}"

    def _empty_feeder(self) -> None:
        """A person takes the blanks out again: they are no longer loaded."""
        path = self._bench.printer.path
        path.loaded -= path.feeder
        path.feeder = 0

    def _cable_of(self, name: str) -> Callable[[list[str]], str]:
        return lambda words: cable(self._bench.ptys, name, choice(name, words, ("unplug", "plug")))

    def _scan(self, words: list[str]) -> str:
        if len(words) == 2:
            if not all(re.fullmatch(r"\d{16}", word) for word in words):
                raise ValueError("scan KK NIK: both have 16 digits")
            self._bench.scan(f"KK:{words[0]};NIK:{words[1]}")
        elif len(words) == 1:
            self._bench.scan(words[0])
        else:
            raise ValueError("scan KK NIK (16 digits each), or one text for any other document")
        return "scanned"

    def _applicant(self, words: list[str]) -> str:
        if words:
            raise ValueError("applicant takes no further word")
        return " ".join(self._bench.applicant())

    def _sign(self, words: list[str]) -> str:
        if words:
            raise ValueError("sign takes no further word")
        self._bench.sign()
        return "signing"

    def _press(self, words: list[str]) -> str:
        self._bench.press(choice("press", words, _BUTTONS))
        return f"pressed {words[0]}"

    def _door(self, words: list[str]) -> str:
        self._bench.door(choice("door", words, ("open", "close")) == "open")
        return f"door {words[0]}"

    def _sbi(self, words: list[str]) -> str:
        name = choice("sbi", words[:1], tuple(self._bench.sbi))
        device = self._bench.sbi[name]
        if len(words) == 2 and words[1] in _SBI_STATUS:

            def status() -> None:
                device.status = _SBI_STATUS[words[1]]
                if words[1] == "ready":
                    device.faults.clear()

            self._bench.sbi_server.call(status)
            return f"{name} is {_SBI_STATUS[words[1]]}"
        if len(words) == 2 and words[1] == "clean":
            self._bench.sbi_server.call(device.clean)
            return f"{name} is clean"
        if len(words) not in (2, 3):
            raise ValueError(f"sbi {name} {' | '.join((*_SBI_STATUS, 'clean', *FAULTS, *LASTING))} [N]")
        times = int(number(words[2], -1, 1000)) if len(words) == 3 else 1
        self._bench.sbi_server.call(lambda: device.fault(words[1], times))
        if words[1] in LASTING:
            return f"{name}: {words[1]}{'' if times else ' no more'}"
        return f"{name}: {words[1]} for {'all' if times < 0 else times} captures"

    def _centre(self, words: list[str]) -> str:
        if words[:1] == ["nik"] and len(words) == 3:
            self._bench.centre.set_standing(words[1], words[2])
            return f"the centre calls {words[2]} {words[1]}"
        if not 1 <= len(words) <= 2:
            raise ValueError("centre up | down | slow | duplicate | adjudicate | wrong [NIK]")
        self._bench.centre.set_mode(*words)
        return f"centre {' for '.join(words)}"

    def _day(self, words: list[str]) -> str:
        day = self._bench.day
        if words[:1] == ["pace"] and len(words) == 2:
            day.pace = number(words[1], 0, 86400)
            return f"an applicant each {day.pace:g} s" if day.pace else "no applicants"
        day.serving = choice("day", words, ("on", "off")) == "on"
        if not day.serving:
            day.pace = 0.0
        elif not day.pace:
            day.pace = 20.0
        return f"day {words[0]}"

    def _facts(self, words: list[str]) -> str:
        if words:
            raise ValueError("facts takes no further word")
        bench = self._bench
        told = bench.ptys.call(lambda: bench.plant.facts(bench.ptys.now()))
        if bench.desk is not None:
            told |= {"tickets": bench.desk.tickets, "calls": bench.desk.calls(1000)}
        return json.dumps(told)

    def _status(self, words: list[str]) -> str:
        told = status(self._bench)
        if words == ["json"]:
            return json.dumps(told)
        return "\n".join(f"{key:20} {_plain(value)}" for key, value in told.items())


def status(bench: Bench) -> dict[str, Any]:
    """All that the bench knows, as plain JSON."""
    centre, day, desk = bench.centre, bench.day, bench.desk
    return {
        "mains": "on" if bench.mains_on else "off",
        **bench.ptys.call(lambda: bench.plant.status(bench.ptys.now())),
        "board": bench.board.told() if bench.board is not None else "none",
        "door": "open" if bench.door_open else "closed",
        "lamps": bench.lit(),
        "booth programs": bench.hub.connections,
        "cables": {name: "in" if bench.ptys.plugged(name) else "out" for name in bench.ptys.names()},
        "printer": bench.ptys.call(lambda: bench.printer.snapshot() | {"powered": bench.printer.powered}),
        "tickets": bench.ptys.call(desk.status) if desk is not None else "none",
        "sbi": {name: {"status": one.status, "captures": one.captures} for name, one in bench.sbi.items()},
        "centre": {
            "mode": centre.mode,
            "received": len(centre.enrolments),
            "registered": len(centre.registered()),
            "puts": centre.puts,
        },
        "day": {
            "serving": day.serving and not day.attended,
            "officers at the screen": desk.officers if desk is not None else 0,
            "pace_s": day.pace,
            "arrived": day.arrived,
            "waiting": day.waiting,
        },
    }


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
    if isinstance(value, list):
        return str(len(value)) if value and isinstance(value[0], dict) else " ".join(map(str, value)) or "-"
    return str(value)
