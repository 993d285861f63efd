"""The family card's code, and what a NIK's digits can and cannot tell.

NIK: `PPKKCC DDMMYY SSSS` - province, regency and district of first registration, birth date (a woman's day is +40),
serial from 0001. Malformed is a rejection with the reason; the digits prove nothing more (domain.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAGGED = re.compile(r"^\s*KK\s*[:=]\s*(\d+)\s*[;|, ]\s*NIK\s*[:=]\s*(\d+)\s*$", re.IGNORECASE)
_PLAIN = re.compile(r"^\s*(\d+)\s*[;|, ]\s*(\d+)\s*$")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class FamilyCard:
    """Both numbers of a scanned card: the family's (KK) and the applicant's (NIK)."""

    kk: str
    nik: str


def read(text: str) -> FamilyCard | str:
    """The numbers of a scanned text, or why they cannot be taken."""
    match = _TAGGED.match(text) or _PLAIN.match(text)
    if match is None:
        return "not a family card: expected KK and NIK, for example KK:3526010101100001;NIK:3526014101900001"
    kk, nik = match.groups()
    if len(kk) != 16 or not kk.isascii():
        return f"the KK number has {len(kk)} digits, not 16"
    fault = nik_fault(nik)
    return fault if fault else FamilyCard(kk, nik)


def nik_fault(nik: str) -> str:
    """Why these digits cannot be a NIK; empty when they can."""
    if len(nik) != 16 or not nik.isascii() or not nik.isdigit():
        return f"the NIK has {len(nik)} digits, not 16"
    day, month = int(nik[6:8]), int(nik[8:10])
    if day > 40:
        day -= 40
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1]:
        return f"the NIK's birth date {nik[6:12]} cannot be (day, month, year; a woman's day is +40)"
    if nik[:2] == "00":
        return "the NIK's province 00 does not exist"
    if nik[12:] == "0000":
        return "the NIK's serial 0000 does not exist"
    return ""
