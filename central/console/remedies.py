"""Indonesian words for the English errors, reasons and remedies that booths and the coordinator tell."""

from __future__ import annotations

import re
from typing import Final

from central.console.remedies_desk import KNOWN_DESK
from central.console.remedies_power import KNOWN_POWER
from central.console.texts import Language

_PAGES: Final[dict[str, str]] = {
    # Remedies of the card printer
    "Check that the printer is on and its serial cable is in; its port must be set to 9600 8N1 (Pcom;1;9600;N;8;1).": (
        "Periksa apakah pencetak menyala dan kabel serialnya terpasang; portanya harus 9600 8N1 (Pcom;1;9600;N;8;1)."
    ),
    "Switch the printer off and on, look for a card inside, and try again.": (
        "Matikan lalu nyalakan pencetak, lihat apakah ada kartu di dalamnya, dan coba lagi."
    ),
    "Open the cover, take the jammed card out, close it.": "Buka penutup, keluarkan kartu yang macet, tutup lagi.",
    "Close the printer's cover.": "Tutup penutup pencetak.",
    "Close the feeder.": "Tutup tempat blangko.",
    "Fan the cards, put them back, set the feeder's gauge.": (
        "Kipas-kipaskan blangko, masukkan lagi, atur celah pengumpannya."
    ),
    "Put in a ribbon that suits the printer, and close the cover.": (
        "Pasang pita yang sesuai dengan pencetak dan tutup penutupnya."
    ),
    "Put in a new ribbon.": "Pasang pita baru.",
    "Take the cards out of the output and the reject box.": "Kosongkan tempat hasil dan kotak kartu tolakan.",
    "Take the card out.": "Ambil kartunya.",
    "Fill the feeder with blank cards.": "Isi tempat blangko dengan kartu kosong.",
    "Let the printer cool for ten minutes.": "Biarkan pencetak dingin selama sepuluh menit.",
    "Read the printer's panel or its driver's messages.": "Baca panel pencetak atau pesan programnya.",
    "Unlock the printer with its key.": "Buka kunci pencetak dengan anak kuncinya.",
    "Check the printer's power supply.": "Periksa catu daya pencetak.",
    "Wait for it.": "Tunggu sampai selesai.",
    "Wait until it is idle.": "Tunggu sampai pencetak diam.",
    "Look whether the card is printed well.": "Lihat apakah kartunya tercetak baik.",
    "Look whether somebody fed a card by hand, then check the printer again.": (
        "Lihat apakah ada yang memasukkan kartu dengan tangan, lalu periksa pencetak lagi."
    ),
    "Send the job again from the coordinator.": "Kirim lagi pekerjaan dari koordinator.",
    # Remedies of the other devices
    "Check that the UPS is on, and its serial cable (2400 8N1, the cable that came with the UPS).": (
        "Periksa apakah UPS menyala dan kabel serialnya (2400 8N1, kabel bawaan UPS)."
    ),
    "The UPS reports an internal failure: note its panel's code, put the booth on the bypass, replace it.": (
        "UPS rusak di dalam: catat kode di panelnya, pindahkan loket ke jalur pintas, ganti UPS."
    ),
    "Check that the device's service (SBI) runs on this controller and that its USB cable is in.": (
        "Periksa apakah layanan alat (SBI) berjalan di pengendali ini dan kabel USB-nya terpasang."
    ),
    "Check the scanner's cable and that its light goes on when a card is shown.": (
        "Periksa kabel pemindai dan apakah lampunya menyala saat kartu ditunjukkan."
    ),
    "Check the signature pad's cable; the pad's light must be on.": (
        "Periksa kabel alat tanda tangan; lampunya harus menyala."
    ),
    "Check the device's USB cable and wait until its light is on.": (
        "Periksa kabel USB alat dan tunggu sampai lampunya menyala."
    ),
    "Register the device with its maker's management service, then restart its service.": (
        "Daftarkan alat pada layanan pembuatnya, lalu jalankan ulang layanan alat."
    ),
    "Check the device's USB cable; then restart its service.": (
        "Periksa kabel USB alat, lalu jalankan ulang layanannya."
    ),
    "The device reports tampering: take it out of use and tell the head of service.": (
        "Alat melaporkan pembongkaran: jangan dipakai dan beri tahu kepala layanan."
    ),
    "The device's key has expired: renew it with its maker's management service.": (
        "Kunci alat kedaluwarsa: perbarui pada layanan pembuatnya."
    ),
    "Try again; if it comes back, restart the device's service and note the error number.": (
        "Coba lagi; bila berulang, jalankan ulang layanan alat dan catat nomor galatnya."
    ),
    "Try again; if it comes back, restart the device's service.": (
        "Coba lagi; bila berulang, jalankan ulang layanan alat."
    ),
    "Correct `takes` in the booth file.": "Perbaiki `takes` di berkas loket.",
    # Errors of devices
    "the port is gone: {}": "porta serial hilang: {}",
    "the port was lost: {}": "porta serial terputus: {}",
    "the printer's port is closed": "porta pencetak tertutup",
    "the printer does not answer": "pencetak tidak menjawab",
    "the printer is busy": "pencetak sedang sibuk",
    "the printer is busy for too long": "pencetak sibuk terlalu lama",
    "the printer does not tell its card counter": "pencetak tidak memberi tahu hitungan kartunya",
    "the printer stopped answering while printing": "pencetak berhenti menjawab saat mencetak",
    "the printer did not finish: a card may be inside": "pencetak tidak selesai: mungkin ada kartu di dalamnya",
    "the printer was off while printing": "pencetak mati saat mencetak",
    "the printer's card counter went from {} to {}": "hitungan kartu pencetak berubah dari {} ke {}",
    "the printer's card counter is {}, not {} as it was checked": "hitungan kartu pencetak {}, bukan {} seperti tadi",
    "the printer refused {}: {}": "pencetak menolak {}: {}",
    "the printer did not acknowledge {}": "pencetak tidak menyahut {}",
    "the printer reports an error": "pencetak melaporkan gangguan",
    "the print head became too hot": "kepala cetak terlalu panas",
    "the supply voltage is too low": "tegangan catu daya terlalu rendah",
    "the printer is locked": "pencetak terkunci",
    "a card is jammed": "kartu macet",
    "no card could be fed": "kartu tidak dapat diambil",
    "the cover is open": "penutup terbuka",
    "the cover was opened while printing": "penutup dibuka saat mencetak",
    "the feeder is open": "tempat blangko terbuka",
    "no blank cards are left": "blangko habis",
    "the ribbon is used up": "pita habis",
    "no ribbon is in the printer": "pita tidak terpasang",
    "the output is full": "tempat hasil penuh",
    "the reject box is full": "kotak kartu tolakan penuh",
    "the UPS says that it has failed": "UPS menyatakan dirinya rusak",
    "the UPS does not answer": "UPS tidak menjawab",
    "the UPS does not know Q1: it speaks another protocol": "UPS tidak mengenal Q1: protokolnya lain",
    "the device is not ready": "alat belum siap",
    "the device is not registered": "alat belum terdaftar",
    "the device's service is gone: {}": "layanan alat hilang: {}",
    "the device's service does not answer": "layanan alat tidak menjawab",
    "the device's service knows no device": "layanan alat tidak menemukan alatnya",
    # Reasons in recording
    "the device did not answer in time": "alat tidak menjawab pada waktunya",
    "the device was not ready in time": "alat tidak siap pada waktunya",
    "nobody signed in time": "tidak ada tanda tangan pada waktunya",
    "there is too little ink for a signature": "goresan terlalu sedikit untuk tanda tangan",
    "the signature pad is not connected": "alat tanda tangan tidak tersambung",
    "the signature pad was unplugged": "alat tanda tangan tercabut",
    "no sample was delivered": "alat tidak memberi hasil",
    "below {}: {}": "di bawah {}: {}",
    "error {} of the device: {}": "galat alat {}: {}",
    "stopped by the officer": "dihentikan petugas",
    "not a family card: expected KK and NIK, for example {}": "bukan kartu keluarga: seharusnya KK dan NIK, contoh {}",
    "the KK number has {} digits, not 16": "nomor KK {} angka, bukan 16",
    "the NIK has {} digits, not 16": "NIK {} angka, bukan 16",
    "the NIK's birth date {} cannot be (day, month, year; a woman's day is +40)": (
        "tanggal lahir {} dalam NIK tidak mungkin (tanggal, bulan, tahun; tanggal perempuan +40)"
    ),
    "the NIK's province 00 does not exist": "provinsi 00 dalam NIK tidak ada",
    "the NIK's serial 0000 does not exist": "nomor urut 0000 dalam NIK tidak ada",
    "the NIK ending in {} is already waiting at this booth": "NIK berakhiran {} sudah menunggu di loket ini",
    # Why a card is not printed now
    "the booth is offline": "loket terputus",
    "the booth {} is offline": "loket {} terputus",
    "the booth has told of no card printer": "loket belum menyebut pencetak kartu",
    "this booth has no card printer": "loket ini tidak punya pencetak kartu",
    "the card printer needs a person": "pencetak kartu perlu ditangani orang",
    "the card printer does not answer": "pencetak kartu tidak menjawab",
    "the card printer is busy": "pencetak kartu sedang sibuk",
    "waits before the next try": "menunggu sebelum dicoba lagi",
    "waits for its turn": "menunggu giliran",
    "the last card was spoiled": "kartu sebelumnya rusak",
    "the last card was spoiled: {}": "kartu sebelumnya rusak: {}",
    "the booth did not answer in time": "loket tidak menjawab pada waktunya",
    "nobody knows whether the card was printed: a person must look": (
        "tidak diketahui apakah kartu tercetak: orang harus melihatnya"
    ),
    "the booth's memory was replaced while it had this job: a person must look": (
        "penyimpanan loket diganti saat pekerjaan ini ada di sana: orang harus melihatnya"
    ),
    "the job is older than this booth remembers; whether it was printed is not known here": (
        "pekerjaan ini lebih tua dari ingatan loket; di sana tidak diketahui apakah kartu sudah tercetak"
    ),
    "the booth has another job in its printer": "pencetak loket sedang memegang pekerjaan lain",
    "mains are out: a card is not begun on battery": "listrik padam: kartu tidak mulai dicetak dengan baterai",
    "the battery is low: wait for the mains": "baterai hampir habis: tunggu listrik PLN",
    "the supply is not known yet: check the mains contact and the UPS": (
        "sumber listrik belum diketahui: periksa kontak listrik dan UPS"
    ),
    "the power failed, the program was ended, or the printer fell silent": (
        "listrik padam, program berhenti, atau pencetak membisu"
    ),
    "not begun: {}": "belum mulai: {}",
    "{}; inserted cards {} -> {}": "{}; kartu masuk {} -> {}",
    "{} looked: {}": "{} memeriksa: {}",
    # The ticket printer and the loudspeaker
    "the ticket printer's cover is open": "penutup pencetak tiket terbuka",
    "Close the ticket printer's cover.": "Tutup penutup pencetak tiket.",
    "the ticket printer has no paper": "kertas pencetak tiket habis",
    "Put a new roll of paper into the ticket printer.": "Pasang gulungan kertas baru pada pencetak tiket.",
    "the ticket printer's cutter is stuck": "pisau pencetak tiket macet",
    "Open the cover, free the cutter, close it.": "Buka penutup, bebaskan pisaunya, tutup lagi.",
    "the ticket printer reports an error": "pencetak tiket melaporkan gangguan",
    "Switch the ticket printer off and on; if the error stays, have it repaired.": (
        "Matikan lalu nyalakan pencetak tiket; bila gangguan tetap ada, minta diperbaiki."
    ),
    "the ticket printer is off line": "pencetak tiket tidak siap (off line)",
    "Press the ticket printer's ONLINE or FEED button, and let go.": (
        "Tekan tombol ONLINE atau FEED pada pencetak tiket, lalu lepaskan."
    ),
    "the ticket printer does not answer": "pencetak tiket tidak menjawab",
    "the ticket printer's port is gone: {}": "sambungan pencetak tiket terputus: {}",
    "the ticket printer's port is closed": "pencetak tiket tidak tersambung",
    "Check that the ticket printer is on and its cable is in; its speed must be that of the booth file.": (
        "Periksa apakah pencetak tiket menyala dan kabelnya terpasang; kecepatannya harus seperti di berkas loket."
    ),
    "the ticket printer is still busy with something earlier": "pencetak tiket masih mengerjakan yang sebelumnya",
    "Look whether the ticket came out whole; if not, print it again.": (
        "Lihat apakah tiket keluar utuh; bila tidak, cetak lagi."
    ),
    "{} tickets wait for the ticket printer": "{} tiket menunggu pencetak tiket",
    "Wait for the tickets before it.": "Tunggu tiket-tiket sebelumnya.",
    "the ticket is too long": "isi tiket terlalu panjang",
    "Shorten the ticket's texts and the address of the status page.": (
        "Persingkat teks tiket dan alamat halaman status."
    ),
    # Actions and commands
    "there is no job {}": "tidak ada pekerjaan {}",
    "the job {} does not wait for a person: it is {}": "pekerjaan {} tidak menunggu keputusan: keadaannya {}",
    "what was found about {} is on its way to the booth already": "putusan tentang {} sudah dalam perjalanan ke loket",
    "it expired at {}": "kedaluwarsa pukul {}",
    "it is older than this booth remembers": "lebih lama daripada ingatan loket ini",
    # The centre
    "the centre does not answer: {}": "pusat tidak menjawab: {}",
    "the centre answered HTTP {}": "pusat menjawab HTTP {}",
    "the centre refused it: {}": "pusat menolaknya: {}",
    "the centre forgot it": "pusat melupakannya",
}
KNOWN: Final[dict[str, str]] = _PAGES | KNOWN_POWER | KNOWN_DESK
"""What is told, `{}` for what varies -> the same in Indonesian. Words that are missing are shown as they came."""


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(part) for part in english.split("{}")), re.DOTALL)


_VARYING: Final = tuple((_pattern(english), words) for english, words in KNOWN.items() if "{}" in english)
_SENTENCES: Final = re.compile(r"(?<=\.) (?=[A-Z])")


def translated(language: Language, english: str) -> str:
    """The text in the reader's language where it is known, else as it came. Several sentences are told one by one."""
    if language == "en" or not english:
        return english
    found = _indonesian(english)
    return found if found is not None else " ".join(_indonesian(part) or part for part in _SENTENCES.split(english))


def _indonesian(english: str) -> str | None:
    if english in KNOWN:
        return KNOWN[english]
    for pattern, words in _VARYING:
        match = pattern.fullmatch(english)
        if match:
            return words.format(*(_indonesian(part) or part for part in match.groups()))
    return None
