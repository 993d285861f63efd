"""The family card's code, and what a NIK's digits can and cannot tell.

NIK: `PPKKCC DDMMYY SSSS` - province, regency and district of first registration, birth date (a woman's day is +40),
serial from 0001. Malformed is a rejection with the reason; the digits prove nothing more (domain.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge.core.refusals import Refusal, refuse

_TAGGED = re.compile(r"^\s*KK\s*[:=]\s*(\d+)\s*[;|, ]\s*NIK\s*[:=]\s*(\d+)\s*$", re.IGNORECASE)
_PLAIN = re.compile(r"^\s*(\d+)\s*[;|, ]\s*(\d+)\s*$")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class FamilyCard:
    """Both numbers of a scanned card: the family's (KK) and the applicant's (NIK)."""

    kk: str
    nik: str


def read(text: str) -> FamilyCard | Refusal:
    """The numbers of a scanned text, or why they cannot be taken."""
    match = _TAGGED.match(text) or _PLAIN.match(text)
    if match is None:
        return refuse("not-a-card")
    kk, nik = match.groups()
    if len(kk) != 16 or not kk.isascii():
        return refuse("kk-length", digits=len(kk))
    return nik_fault(nik) or FamilyCard(kk, nik)


def nik_fault(nik: str) -> Refusal | None:
    """Why these digits cannot be a NIK; None when they can."""
    if len(nik) != 16 or not nik.isascii() or not nik.isdigit():
        return refuse("nik-length", digits=len(nik))
    day, month = int(nik[6:8]), int(nik[8:10])
    if day > 40:
        day -= 40
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1]:
        return refuse("nik-date", date=nik[6:12])
    if nik[:2] == "00":
        return refuse("nik-province")
    if nik[12:] == "0000":
        return refuse("nik-serial")
    return None
