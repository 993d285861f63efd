"""What the officer's page says of the booth's picture: states in words, what is wrong and how it is put right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from contract.desk import ExceptionKind, PaperState, Precedence, Service, Standing, TicketState
from contract.messages import DeviceState, Supply
from edge.core.view import ApplicantView, RecordingView, TicketView, View, Wait
from edge.screen import refusals
from edge.screen.remedies import translated
from edge.screen.texts import TEXTS
from edge.screen.words import Language, duration, say

Level = Literal["calm", "attention", "problem"]
QUEUE_SHOWN: Final = 30
"""Waiting tickets that have their buttons on the page; the page's weight is bounded."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is to be seen: how bad, in words, and what to do."""

    level: Level
    words: str
    remedy: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", self.words[:1].upper() + self.words[1:])
        object.__setattr__(self, "remedy", self.remedy[:1].upper() + self.remedy[1:])


@dataclass(frozen=True, slots=True)
class Picture:
    """A view in a language. `passed_s`: how long ago it was made; its relative times are grown by that."""

    language: Language
    view: View
    passed_s: float

    def _t(self, key: str, **figures: object) -> str:
        return say(TEXTS, self.language, key, **figures)

    # --- names ----------------------------------------------------------------------------------------

    def service(self, service: Service) -> str:
        return self._t(f"service.{service.value}")

    def precedence(self, precedence: Precedence) -> str:
        return self._t(f"precedence.{precedence.value}")

    def state(self, state: TicketState) -> str:
        return self._t(f"state.{state.value}")

    def standing(self, standing: Standing) -> str:
        return self._t(f"standing.{standing.value}")

    def kind(self, kind: ExceptionKind | str) -> str:
        return self._t(f"exception.{kind}")

    def ago(self, seconds: float | None) -> str:
        """How long ago something is by now."""
        return duration(self.language, None if seconds is None else seconds + self.passed_s)

    def wait(self, wait: Wait | None) -> str:
        """An expected time with its range, in minutes."""
        if wait is None:
            return self._t("wait.unknown")
        low, high = round(wait.low_s / 60), round(wait.high_s / 60)
        expected = round(wait.expected_s / 60)
        if high < 1:
            return self._t("wait.now")
        return self._t("wait.range", expected=expected, low=low, high=high)

    # --- finding --------------------------------------------------------------------------------------

    def tickets(self) -> tuple[TicketView, ...]:
        """All that have a place in the queue."""
        queue = self.view.queue
        return queue.called + queue.present + queue.waiting + queue.skipped + queue.uncertain

    def number(self, id: str) -> str:
        """The number of a ticket or of an enrolment, if it has one."""
        if not id:
            return ""
        for ticket in self.tickets():
            if id in (ticket.id, ticket.enrolment):
                return ticket.number
        return next((one.number for one in self.view.applicants if one.enrolment == id), "")

    def ready(self) -> ApplicantView | None:
        """Whose recording begins with the start button: who is present, else the first who may."""
        may = [one for one in self.view.applicants if one.stage == "waiting" and one.may_begin is None]
        present = {ticket.enrolment for ticket in self.view.queue.present}
        return next((one for one in may if one.enrolment in present), may[0] if may else None)

    def paper(self, ticket: TicketView) -> str:
        """What is to be said of a ticket's paper; nothing while all is well."""
        return self._t("paper.uncertain") if ticket.paper is PaperState.UNCERTAIN else ""

    # --- what is wrong --------------------------------------------------------------------------------

    def power(self) -> Told:
        """The supply in one line: what feeds the booth, how long it lasts, what may not begin."""
        power = self.view.power
        words = self._t(f"supply.{power.supply.value}")
        level: Level = "calm"
        stored = power.supply in (Supply.ON_BATTERY, Supply.GENSET_STARTING)
        if stored:
            level = "attention"
            words = f"{words}: {duration(self.language, power.left_s)}"
        elif power.supply in (Supply.SHUTTING_DOWN, Supply.OFF):
            level = "problem"
        elif power.supply in (Supply.UNKNOWN, Supply.MAINS_RETURNING):
            level = "attention"
        if not power.may_record:
            level = "problem" if stored else level if level == "problem" else "attention"
            words = f"{words}, {self._t('power.no-record')}"
        elif not power.may_print and power.supply is not Supply.ON_MAINS:
            words = f"{words}, {self._t('power.no-print')}"
        why = power.no_record if not power.may_record else power.no_print if not power.may_print else ""
        return Told(level, words, translated(self.language, why))

    def no_record(self) -> Told:
        """Why no recording may begin."""
        words = self._t("power.no-record")
        return Told("attention", words + ".", translated(self.language, self.view.power.no_record))

    def troubles(self) -> tuple[Told, ...]:
        """All that is wrong now beside the supply, worst first; each with its remedy."""
        view, queue, found = self.view, self.view.queue, []
        if view.refusal is not None:
            found.append(Told("problem", refusals.told(self.language, view.refusal)))
        for device in view.devices:
            if device.state is not DeviceState.OK:
                error = translated(self.language, device.error)
                remedy = translated(self.language, device.remedy)
                found.append(Told("problem", f"{device.name}: {error}", remedy))
        if queue.uncertain:
            found.append(Told("attention", self._t("trouble.paper", count=len(queue.uncertain))))
        if queue.paper_low:
            found.append(Told("attention", self._t("trouble.paper-low"), self._t("trouble.paper-low.remedy")))
        if queue.speaker_error:
            error = translated(self.language, queue.speaker_error)
            found.append(Told("attention", self._t("trouble.speaker", error=error), self._t("trouble.speaker.remedy")))
        return tuple(sorted(found, key=lambda told: told.level != "problem"))

    def reader(self) -> str:
        """What the finger reader waits for, in words; nothing when it waits for nothing."""
        return self._t(f"finger.{self.view.finger}") if self.view.finger in ("put", "lift") else ""

    # --- the recording --------------------------------------------------------------------------------

    def advice(self, recording: RecordingView) -> Told:
        """The one thing to do now."""
        name = recording.modality.value
        if recording.capturing:
            return Told("calm", self._t(f"do.{name}"))
        if recording.judging:
            return Told("calm", self._t("do.judging"))
        if recording.device_error:
            error = translated(self.language, recording.device_error)
            remedy = translated(self.language, recording.device_remedy)
            return Told("problem", f"{recording.device}: {error}", remedy)
        if recording.error:
            remedy = translated(self.language, recording.remedy)
            return Told("problem", translated(self.language, recording.error), remedy or self._t(f"tip.{name}"))
        if recording.tries and not recording.tries[-1].good:
            reason = translated(self.language, recording.tries[-1].reason) or self._t("do.poor")
            return Told("problem", reason, self._t(f"tip.{name}"))
        return Told("calm", self._t("do.ready", modality=self._t(f"ask.{name}")))
