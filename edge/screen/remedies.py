"""Plain words for the errors, reasons and remedies that the booth's drivers and its core tell in English."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from edge.screen import parts
from edge.screen.words import Language

KNOWN: Final[dict[str, str]] = {
    # recording: what to do
    "Ask the applicant to place it again, clean and still, as the device shows.": (
        "Minta pemohon meletakkannya lagi: bersih, rata, dan diam, seperti pada alat."
    ),
    "Nothing was captured in time: ask the applicant to place it again, clean and still, as the device shows.": (
        "Tidak ada hasil pada waktunya: minta pemohon meletakkannya lagi, bersih, rata, dan diam."
    ),
    "Turn it the right way up: the device sees a wrong orientation.": "Putar ke arah yang benar: posisinya terbalik.",
    "Place exactly what is asked for, no more and no fewer.": (
        "Letakkan tepat yang diminta, tidak kurang dan tidak lebih."
    ),
    "The device is busy: wait a moment and try again.": "Alat sedang sibuk: tunggu sebentar, lalu ulangi.",
    "A capture is still running: wait a moment and try again.": (
        "Pengambilan masih berjalan di alat: tunggu sebentar, lalu ulangi."
    ),
    "Try again; if it comes back, restart the device's service.": (
        "Ulangi; bila terjadi lagi, jalankan ulang layanan alat."
    ),
    "Try again; if it comes back, restart the device's service and note the error number.": (
        "Ulangi; bila terjadi lagi, jalankan ulang layanan alat dan catat nomor galatnya."
    ),
    "Check the device's USB cable and wait until its light is on.": (
        "Periksa kabel USB alat dan tunggu sampai lampunya menyala."
    ),
    "Check the device's USB cable; then restart its service.": (
        "Periksa kabel USB alat, lalu jalankan ulang layanannya."
    ),
    "Register the device with its maker's management service, then restart its service.": (
        "Daftarkan alat pada layanan pembuatnya, lalu jalankan ulang layanan alat."
    ),
    "The device reports tampering: take it out of use and tell the head of service.": (
        "Alat melaporkan pembongkaran: jangan dipakai dan beri tahu kepala layanan."
    ),
    "The device's key has expired: renew it with its maker's management service.": (
        "Kunci alat kedaluwarsa: perbarui pada layanan pembuatnya."
    ),
    "Check that the device's service (SBI) runs on this controller and that its USB cable is in.": (
        "Periksa apakah layanan alat (SBI) berjalan di pengendali ini dan kabel USB-nya terpasang."
    ),
    "Check the signature pad's cable; the pad's light must be on.": (
        "Periksa kabel alat tanda tangan; lampunya harus menyala."
    ),
    "Ask the applicant to sign on the pad with its pen.": (
        "Minta pemohon menandatangani pada alat, dengan pena alat itu."
    ),
    "Check the scanner's cable and that its light goes on when a card is shown.": (
        "Periksa kabel pemindai dan apakah lampunya menyala saat kartu ditunjukkan."
    ),
    "Correct `takes` in the booth file.": "Perbaiki `takes` di berkas loket.",
    "Correct `takes` of this device in the booth file.": "Perbaiki `takes` alat ini di berkas loket.",
    "Clean the device's glass with a soft dry cloth, let fingers be wiped dry, and try again.": (
        "Bersihkan kaca alat dengan kain lembut kering, keringkan jari, lalu ulangi."
    ),
    "Close any other program that uses the device; if there is none, restart the device's service.": (
        "Tutup program lain yang memakai alat; bila tidak ada, jalankan ulang layanan alat."
    ),
    "Take it again.": "Ambil lagi.",
    "If it comes back, take the device out of use and tell the head of service: somebody may stand between the device"
    " and this program.": (
        "Bila terjadi lagi, jangan pakai alat ini dan beri tahu kepala layanan: mungkin ada yang menyela di antara alat"
        " dan program ini."
    ),
    "Ask for the right hand, flat on the glass, as the device shows.": (
        "Minta tangan kanan, rata di atas kaca, seperti pada alat."
    ),
    "Ask for the left hand, flat on the glass, as the device shows.": (
        "Minta tangan kiri, rata di atas kaca, seperti pada alat."
    ),
    "Keep it off the device; if it can be taken, take its exception back first.": (
        "Jauhkan dari alat; bila dapat diambil, batalkan dulu pengecualiannya."
    ),
    "Ask for it as well; if it cannot be taken, note an exception with its reason.": (
        "Minta juga bagian itu; bila tidak dapat diambil, catat pengecualian dengan alasannya."
    ),
    "Go on without it: there is nothing to be captured.": "Lanjutkan tanpa itu: tidak ada yang dapat diambil.",
    # recording: what went wrong
    "error {} of the device for {}: {}": "galat alat {} untuk {}: {}",
    "the device did not deliver {}": "alat tidak memberi {}",
    "the device saw the left hand instead of the right hand": "alat melihat tangan kiri, bukan tangan kanan",
    "the device saw the right hand instead of the left hand": "alat melihat tangan kanan, bukan tangan kiri",
    "the device delivered {}, which has an exception": "alat memberi {}, padahal dikecualikan",
    "the device delivered {}: one of them twice": "alat memberi {}: salah satunya dua kali",
    "the device delivered the same image twice": "alat memberi gambar yang sama dua kali",
    "the device's glass is dirty": "kaca alat kotor",
    "the device has been busy for a while with what nobody here asked for": (
        "alat sudah lama sibuk dengan hal yang tidak diminta di sini"
    ),
    "everything of it has an exception": "semua bagiannya dikecualikan",
    "the hash before this capture is no hex text": "sidik pengambilan sebelumnya rusak",
    "the finger reader could not take the image": "pembaca jari gagal mengambil gambar",
    "the finger's image is too messy": "gambar jari kurang jelas: bersihkan jari dan kaca",
    "the image shows too little of the finger": "jari hanya terbaca sebagian: letakkan di tengah kaca",
    "the fingers do not match": "jari tidak cocok",
    "the finger is not among those that are stored": "jari ini belum disimpan",
    "the two impressions are not of the same finger": "kedua sentuhan bukan dari jari yang sama",
    "the finger reader has no such page": "tempat simpan itu tidak ada pada pembaca jari",
    "the stored finger cannot be read back": "jari yang disimpan tidak dapat dibaca kembali",
    "the finger reader cannot send its image": "pembaca jari tidak dapat mengirim gambar",
    "the finger reader cannot delete the page": "pembaca jari tidak dapat menghapus",
    "the finger reader has lost its image": "pembaca jari kehilangan gambar: ulangi",
    "the finger reader cannot write its memory": "pembaca jari tidak dapat menyimpan",
    "the finger reader is not connected": "pembaca jari tidak tersambung",
    "the finger reader refuses the password": "pembaca jari menolak kata sandi",
    "the finger reader was without power for a moment": "pembaca jari kehilangan daya sesaat: ulangi",
    "the finger reader does not answer": "pembaca jari tidak menjawab",
    "the finger reader's line is disturbed": "kabel pembaca jari terganggu",
    "no finger was put on the reader in time": "tidak ada jari pada pembaca sampai waktu habis",
    "the finger was not lifted in time": "jari tidak diangkat sampai waktu habis",
    "somebody else asked": "petugas lain memakainya",
    "a finger of this applicant is that of the officer {}: nobody records a colleague's finger": (
        "satu jari pemohon ini adalah jari petugas {}: rekan sendiri tidak boleh direkam"
    ),
    "Cancel this recording, and let another office record this person.": (
        "Batalkan perekaman ini; orang ini direkam di kantor lain."
    ),
    "below {}: {}": "mutu di bawah {}: {}",
    "no sample was delivered": "alat tidak memberi hasil",
    "error {} of the device: {}": "galat alat {}: {}",
    "stopped by the officer": "dihentikan petugas",
    "the device did not answer in time": "alat tidak menjawab pada waktunya",
    "the device was not ready in time": "alat tidak siap pada waktunya",
    "the device is not ready": "alat belum siap",
    "the device is not registered": "alat belum terdaftar",
    "the device delivered nothing": "alat tidak memberi hasil",
    "the device delivered {} instead of {}": "alat memberi {}, bukan {}",
    "the device delivered another kind than {}": "alat memberi jenis lain dari {}",
    "the device answered another capture's transaction": "alat menjawab pengambilan yang lain",
    "the device's hash chain is broken: the capture may have been exchanged on the way": (
        "rantai sidik alat terputus: hasil mungkin ditukar di jalan"
    ),
    "the device gave a capture without a quality of 0..100": "alat memberi hasil tanpa nilai mutu 0..100",
    "the device's service is gone: {}": "layanan alat hilang: {}",
    "the device's service does not answer": "layanan alat tidak menjawab",
    "the device's service knows no device": "layanan alat tidak menemukan alatnya",
    "the device's service answers wrongly ({})": "layanan alat menjawab salah ({})",
    "nobody signed in time": "tidak ada tanda tangan pada waktunya",
    "there is too little ink for a signature": "goresan terlalu sedikit untuk tanda tangan",
    "the signature pad is not connected": "alat tanda tangan tidak tersambung",
    "the signature pad was unplugged": "alat tanda tangan tercabut",
    "the port is gone: {}": "porta hilang: {}",
    "the port was lost: {}": "porta terputus: {}",
    # the tickets' printer
    "the paper is out": "kertas habis",
    "the cover is open": "penutup terbuka",
    "the printer is off-line": "pencetak tidak siap",
    "the printer does not answer": "pencetak tidak menjawab",
    "the printer's port is closed": "porta pencetak tertutup",
    # the loudspeaker
    "the loudspeaker does not work": "pengeras suara tidak bekerja",
    # power
    "the supply is not known yet: check the mains contact and the UPS": (
        "sumber listrik belum diketahui: periksa kontak listrik dan UPS"
    ),
    "the booth is shutting down: the battery is nearly empty": "loket sedang dimatikan: baterai hampir habis",
    "the contact alone says that the mains are back: plug the UPS's cable in, or wait for its word": (
        "hanya kontak yang menyatakan listrik kembali: pasang kabel UPS, atau tunggu kabarnya"
    ),
    "mains are out: a card is not begun without them": "listrik padam: kartu tidak mulai dicetak",
    "mains are out, and the energy left is not known: the UPS does not answer": (
        "listrik padam dan sisa baterai tidak diketahui: UPS tidak menjawab"
    ),
    "the battery lasts {} min, and {} min are needed to finish: wait for the mains": (
        "baterai cukup {} menit, perlu {} menit sampai selesai: tunggu listrik"
    ),
    "the battery lasts {} s, and {} min are needed to finish: wait for the mains": (
        "baterai cukup {} detik, perlu {} menit sampai selesai: tunggu listrik"
    ),
    "the battery lasts {}, and {} are needed to finish: wait for the mains": (
        "baterai cukup {}, perlu {} sampai selesai: tunggu listrik"
    ),
    "the mains are just back: a card waits until they have proved steady": (
        "listrik baru kembali: kartu menunggu sampai listrik terbukti tetap"
    ),
    "the mains are just back, and the battery is empty: a card waits until they have proved steady": (
        "listrik baru kembali dan baterai kosong: kartu menunggu sampai listrik terbukti tetap"
    ),
}
"""What is told, `{}` for what varies -> the same in Indonesian. Words that are missing are shown as they came."""

_SENTENCES: Final = re.compile(r"(?<=\.) (?=[A-Z])")


def translated(language: Language, english: str) -> str:
    """The text in the reader's language where it is known, else as it came. Several sentences are told one by one."""
    if language == "en" or not english:
        return parts.named(language, english)
    whole = _indonesian(english)
    if whole is None:
        whole = " ".join(_indonesian(one) or _halves(one) for one in _SENTENCES.split(english))
    return parts.named(language, whole)


def _halves(english: str) -> str:
    """`error: remedy`, each by itself."""
    error, colon, remedy = english.partition(": ")
    return f"{_indonesian(error) or error}: {_indonesian(remedy) or remedy}" if colon else english


def _indonesian(english: str) -> str | None:
    if english in KNOWN:
        return KNOWN[english]
    for pattern, words in _varying():
        match = pattern.fullmatch(english)
        if match:
            return words.format(*(_indonesian(piece) or piece for piece in match.groups()))
    return None


@cache
def _varying() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(english), words) for english, words in KNOWN.items() if "{}" in english)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(piece) for piece in english.split("{}")), re.DOTALL)
