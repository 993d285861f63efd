"""What stands on a ticket: Indonesian, with the English below it."""

from __future__ import annotations

from typing import Final

from contract.desk import Precedence, Service
from edge.core.requests import PrintTicket
from edge.core.settings import DeskSettings
from edge.core.tickets import Ticket, Told, local

SERVICES: Final[dict[Service, tuple[str, str]]] = {
    Service.NEW: ("Perekaman KTP-el baru", "New card: recording"),
    Service.LOST: ("KTP-el hilang", "Lost card"),
    Service.DAMAGED: ("KTP-el rusak", "Damaged card"),
    Service.CHANGE: ("Perubahan data", "Change of data"),
    Service.PICKUP: ("Pengambilan KTP-el", "Card pickup"),
}
PRECEDENCE: Final[dict[Precedence, tuple[str, str]]] = {
    Precedence.NONE: ("", ""),
    Precedence.ELDERLY: ("Prioritas: lanjut usia", "Priority: elderly"),
    Precedence.DISABLED: ("Prioritas: disabilitas", "Priority: disabled"),
    Precedence.PREGNANT: ("Prioritas: ibu hamil", "Priority: pregnant"),
}
FREE: Final = ("Layanan ini gratis.", "This service is free.")
_KEEP: Final = ("Simpan nomor ini sampai KTP-el diterima.", "Keep this number until you have your card.")
_STATUS: Final = ("Pindai untuk melihat status", "Scan to see the status")


def minutes(seconds: float) -> int:
    """Whole minutes, by fives from ten on: nobody can promise more."""
    exact = max(1, round(seconds / 60))
    return exact if exact < 10 else 5 * round(exact / 5)


def wait(told: Told | None) -> tuple[str, str]:
    """The wait in words: about, and between which."""
    if told is None:
        return "Perkiraan tunggu: belum dapat dihitung", "Expected wait: not known"
    low, high = minutes(told.low_s), max(minutes(told.high_s), minutes(told.low_s) + 1)
    if told.expected_s < 60:
        return f"Segera dipanggil (paling lama {high} menit)", f"Called soon (at most {high} minutes)"
    about = minutes(told.expected_s)
    return (
        f"Perkiraan tunggu: {about} menit ({low}-{high})",
        f"Expected wait: {about} minutes ({low}-{high})",
    )


def paper(row: Ticket, settings: DeskSettings) -> PrintTicket:
    """The whole ticket."""
    at = local(row.issued_at, settings)
    service, precedence = SERVICES[row.service], PRECEDENCE[row.precedence]
    told = wait(row.told)
    indonesian = (service[0], precedence[0], told[0], at.strftime("%d-%m-%Y %H.%M"))
    english = (service[1], precedence[1], told[1])
    lines = [line for line in indonesian if line] + [""] + [line for line in english if line]
    return PrintTicket(
        row.id,
        (settings.title,) if settings.title else (),
        row.number,
        tuple(lines),
        f"{settings.status_url}{row.id}" if settings.status_url else "",
        (*(_STATUS if settings.status_url else ()), *_KEEP, *FREE),
    )
