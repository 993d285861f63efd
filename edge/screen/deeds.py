"""What an officer's forms ask for: the fields of each form become one action of the booth's core."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from contract.desk import ExceptionKind, Precedence, Service
from contract.messages import Modality
from edge.core import actions as act
from edge.core.view import RecordingView

Form = Mapping[str, str]
TEXT_LIMIT: Final = 200


class FormError(ValueError):
    """The form is none of this screen's pages; or (`moved`) the page was older than the recording."""

    def __init__(self, moved: bool = False) -> None:
        super().__init__("the recording has gone on since this page was made" if moved else "no form of this screen")
        self.moved = moved


def moment(recording: RecordingView) -> str:
    """Names a point of a recording: what a form was made for must still be what it is done to."""
    return f"{recording.enrolment}:{recording.modality}:{len(recording.tries)}"


def action(name: str, form: Form, recording: RecordingView | None) -> act.Action:
    """The action of a form. Raises FormError."""
    make = DEEDS.get(name)
    if make is None:
        raise FormError
    at = form.get("at")
    if at is not None and (recording is None or at != moment(recording)):
        raise FormError(moved=True)
    try:
        return make(form)
    except (KeyError, ValueError) as error:
        raise FormError from error


def _text(form: Form, name: str) -> str:
    """One line of a person's words."""
    return " ".join(form.get(name, "").split())[:TEXT_LIMIT]


def _reason(form: Form) -> str:
    """A reason of the list, the person's own words, or both."""
    return ": ".join(filter(None, (_text(form, "reason"), _text(form, "other"))))


def _digits(form: Form, name: str) -> str:
    """A number as it stands on paper, in groups."""
    return re.sub(r"[\s.\-]", "", form.get(name, ""))[:40]


def _card(form: Form) -> act.Action:
    text = f"KK:{_digits(form, 'kk')};NIK:{_digits(form, 'nik')}"
    return act.ReadCard(text, form.get("ticket", ""), Precedence(form.get("precedence") or "none"))


def _except(form: Form) -> act.Action:
    lasting = {"permanent": True, "temporary": False}[form["lasting"]]
    return act.NoteException(_text(form, "subtype"), ExceptionKind(form["kind"]), lasting, Modality(form["modality"]))


def _hand(form: Form) -> act.Action:
    to: Literal["holder", "representative"] = "representative" if form.get("to") == "representative" else "holder"
    return act.HandOver(form["enrolment"], to, _text(form, "name") if to == "representative" else "")


def _end(form: Form) -> act.Action:
    state: Literal["done", "closed"] = "closed" if form.get("state") == "closed" else "done"
    return act.EndTicket(form["ticket"], state, _reason(form))


DEEDS: Final[Mapping[str, Callable[[Form], act.Action]]] = {
    "take": lambda form: act.TakeTicket(Service(form["service"]), Precedence(form.get("precedence") or "none")),
    "card": _card,
    "call": lambda form: act.CallNext(
        act.Desk(form["desk"]), Service(form["service"]) if form.get("service") else None
    ),
    "prefer": lambda form: act.Prefer(form["ticket"], Precedence(form["precedence"])),
    "recall": lambda form: act.Recall(form["ticket"]),
    "arrive": lambda form: act.Arrive(form["ticket"]),
    "skip": lambda form: act.Skip(form["ticket"]),
    "return": lambda form: act.Return(form["ticket"]),
    "end": _end,
    "reprint": lambda form: act.ReprintTicket(form["ticket"]),
    "settle": lambda form: act.SettlePaper(form["ticket"]),
    "begin": lambda form: act.Begin(form["enrolment"], _reason(form)),
    "capture": lambda form: act.Capture(),
    "stop": lambda form: act.StopTrying(),
    "accept": lambda form: act.AcceptPoor(_reason(form)),
    "except": _except,
    "withdraw": lambda form: act.WithdrawException(_text(form, "subtype"), Modality(form["modality"])),
    "cancel": lambda form: act.CancelRecording(_reason(form)),
    "hand": _hand,
    "store-finger": lambda form: act.StoreFinger(form["officer"], int(form["page"])),
    "stop-waiting": lambda form: act.StopWaiting(),
}
"""Name of a form (`/do/<name>`) -> what it asks for."""

SLOW: Final = frozenset({"store-finger"})
"""These are answered when a person has done something at the booth."""
