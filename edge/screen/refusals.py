"""Why the booth does not do what was asked, in the reader's language."""

from __future__ import annotations

from typing import Final

from edge.core.refusals import SENTENCES, Refusal
from edge.screen import parts
from edge.screen.remedies import translated
from edge.screen.words import Language

INDONESIAN: Final[dict[str, str]] = {
    # documents
    "not-a-card": "bukan kartu keluarga: seharusnya nomor KK dan NIK, contoh KK:3526010101100001;NIK:3526014101900001",
    "kk-length": "nomor KK {digits} angka, seharusnya 16",
    "nik-length": "NIK {digits} angka, seharusnya 16",
    "nik-date": "tanggal lahir {date} dalam NIK tidak mungkin (tanggal, bulan, tahun; tanggal perempuan +40)",
    "nik-province": "provinsi 00 dalam NIK tidak ada",
    "nik-serial": "nomor urut 0000 dalam NIK tidak ada",
    "already-here": "NIK berakhiran {end} sudah menunggu di loket ini",
    "bench-full": "sudah {limit} pemohon menunggu",
    # work that waits
    "outbox-full": "{events} catatan menunggu koordinator: pulihkan jaringan lebih dahulu",
    "packets-full": "{packets} berkas menunggu koordinator: pulihkan jaringan lebih dahulu",
    "no-energy": "{why}",
    # tickets
    "no-desk": "loket ini tidak memberi nomor antrean",
    "closed": "pelayanan tutup: buka lagi {opens}",
    "day-full": "semua {capacity} nomor hari ini sudah diberikan",
    "no-ticket": "nomor itu tidak ada hari ini",
    "wrong-state": "nomor {number} {state}",
    "no-one-waiting": "tidak ada yang menunggu",
    "area-full": "sudah {limit} pemohon di ruang perekaman",
    "recording-runs": "perekaman {number} sedang berjalan: selesaikan atau batalkan dahulu",
    "not-given": "loket ini tidak memberi layanan itu",
    "no-ticket-printer": "loket ini tidak punya pencetak nomor",
    "paper-known": "kertas nomor {number} sudah jelas",
    # recording
    "no-enrolment": "pemohon itu tidak ada di loket ini",
    "no-family-card": "pindai dahulu kartu keluarga nomor {number}",
    "another-recording": "perekaman pemohon lain sedang berjalan",
    "not-recording": "tidak ada perekaman yang berjalan",
    "capturing": "pengambilan sedang berjalan: tunggu selesai, atau hentikan",
    "not-capturing": "tidak ada pengambilan yang berjalan",
    "nik-waits": "pusat sedang ditanya tentang NIK ini: beberapa detik lagi",
    "enrolled": "NIK ini sudah terekam di pusat: tidak perlu direkam lagi",
    "duplicate": "di pusat orang ini tercatat dengan NIK lain: {why}",
    "unknown-nik": "pusat tidak mengenal NIK ini: periksa kartu keluarga, atau lanjutkan dengan alasan",
    "attempts-left": "masih ada {left} dari {attempts} kesempatan: ulangi dahulu",
    "nothing-captured": "belum ada hasil: ulangi, atau catat pengecualian",
    "attempts-used": "{attempts} kesempatan sudah terpakai: lanjutkan dengan alasan, atau catat pengecualian",
    "no-such-part": "{subtype} bukan bagian dari {modality}",
    "is-officer": "satu jari pemohon ini adalah jari petugas {officer}: rekan sendiri tidak boleh direkam",
    "needs-reason": "sebutkan alasannya",
    "needs-name": "tulis siapa yang menerima kartu",
    "device-trouble": "{device}: {error}",
    # people
    "not-signed-in": "masuk dahulu",
    "wrong-pin": "nama atau PIN salah",
    "locked": "terlalu banyak PIN salah: tunggu {seconds} detik",
    "finger-unknown": "jari ini tidak dikenal",
    "finger-trouble": "{error}",
    "no-finger-device": "loket ini tidak punya pembaca jari",
    "no-card": "kartu itu tidak ada di keranjang",
    "halted": "loket sedang dimatikan",
    "unknown": "ini tidak dapat dilakukan",
}
#: States of a ticket, in a sentence that begins with its number.
_STATES: Final = {
    "waiting": "masih menunggu",
    "called": "sudah dipanggil",
    "present": "sudah hadir",
    "skipped": "dilewati",
    "done": "sudah selesai",
    "closed": "sudah ditutup",
}


def told(language: Language, refusal: Refusal) -> str:
    """The sentence of a refusal, with a capital; figures that are words of the program are translated, too."""
    sentence = (SENTENCES if language == "en" else INDONESIAN).get(refusal.code)
    if sentence is None:
        return str(refusal)
    figures = {name: _figure(language, name, value) for name, value in refusal.figures.items()}
    words = sentence.format(**figures)
    return words[:1].upper() + words[1:]


def _figure(language: Language, name: str, value: str | int | float) -> object:
    if not isinstance(value, str):
        return value
    match name:
        case "state" if language == "id":
            return _STATES.get(value, value)
        case "modality":
            return parts.modality(language, value).lower()
        case "subtype":
            return parts.part(language, value).lower()
        case "why" | "error":
            return translated(language, value)
    return value
