"""What the board and the ticket page say: key -> (Indonesian, English)."""

from __future__ import annotations

from typing import Final

from edge.screen.words import Texts

_SERVICES: Final[Texts] = {
    "service.new": ("KTP baru", "New card"),
    "service.lost": ("KTP hilang", "Lost card"),
    "service.damaged": ("KTP rusak", "Damaged card"),
    "service.change": ("Ubah data", "Data change"),
    "service.pickup": ("Ambil KTP", "Card pickup"),
    "bring.new": ("Bawa: Kartu Keluarga (KK) dan fotokopinya.", "Bring: your family card (KK) and a copy of it."),
    "bring.lost": (
        "Bawa: surat kehilangan dari polisi dan Kartu Keluarga (KK).",
        "Bring: the police letter of loss and your family card (KK).",
    ),
    "bring.damaged": (
        "Bawa: KTP lama yang rusak dan Kartu Keluarga (KK).",
        "Bring: the old, damaged card and your family card (KK).",
    ),
    "bring.change": (
        "Bawa: KTP lama dan Kartu Keluarga (KK) yang datanya sudah baru.",
        "Bring: the old card and the family card (KK) with the new data.",
    ),
    "bring.pickup": (
        "Bawa: kertas nomor dari hari perekaman; KTP lama, bila ada.",
        "Bring: the ticket of your recording; the old card, if there is one.",
    ),
}

_BOARD: Final[Texts] = {
    "board.title": ("Papan antrean", "Queue board"),
    "board.called": ("Dipanggil", "Now calling"),
    "board.again": ("Panggilan ke-{n}", "Call no. {n}"),
    "board.counter": ("Loket", "Counter"),
    "board.none": ("Belum ada panggilan", "Nobody has been called yet"),
    "board.earlier": ("Tadi dipanggil", "Called before"),
    "board.next": ("Bersiap", "Get ready"),
    "board.next-none": ("Tidak ada yang menunggu", "Nobody is waiting"),
    "board.service": ("Layanan", "Service"),
    "board.people": ("Orang", "Waiting"),
    "board.wait": ("Perkiraan tunggu", "Expected wait"),
    "board.wait-unknown": ("belum pasti", "not known yet"),
    "board.wait-closed": ("tutup", "closed"),
    "board.wait-none": ("langsung dilayani", "no wait"),
    "board.free": ("Layanan ini gratis", "This service is free of charge"),
    "board.lost": (
        "Papan terputus dari loket. Ini keadaan pukul #. Dengarkan panggilan petugas.",
        "The board has lost the booth. This is how it was at #. Listen to the officers.",
    ),
    "board.old": (
        "Angka ini dari pukul {time}. Dengarkan panggilan petugas.",
        "These figures are of {time}. Listen to the officers.",
    ),
    "board.no-desk": ("Loket ini tidak memberi nomor antrean.", "This booth gives no queue numbers."),
    # --- whether numbers are given ---
    "closed.closed": (
        "Loket tutup. Buka pukul {opens}. Yang sudah punya nomor tetap dilayani.",
        "Closed; opens at {opens}. Whoever has a number is still served.",
    ),
    "closed.day-full": (
        "Nomor hari ini sudah habis ({capacity}). Yang sudah punya nomor tetap dilayani.",
        "All {capacity} numbers of today are given. Whoever has a number is still served.",
    ),
    "closed.other": (
        "Nomor baru belum dapat diberikan. Tanyakan kepada petugas.",
        "No new numbers can be given now. Please ask an officer.",
    ),
}

_OUTAGE: Final[Texts] = {
    "outage.out": ("Listrik padam", "Power cut"),
    "outage.genset": ("Listrik padam, genset menyala", "Power cut, the generator runs"),
    "outage.back": ("Listrik baru kembali", "Power is just back"),
    "outage.ending": ("Loket segera padam", "The booth goes off soon"),
    "outage.all": ("semua layanan tetap berjalan", "all services go on"),
    "outage.no-print": (
        "pencetakan kartu berhenti, antrean tetap berjalan",
        "cards are not printed now, the queue goes on",
    ),
    "outage.no-record": (
        "perekaman baru dan cetak menunggu listrik, layanan lain berjalan",
        "new recordings and printing wait for power, other services go on",
    ),
    "outage.no-record-only": (
        "perekaman baru menunggu listrik, layanan lain berjalan",
        "new recordings wait for power, other services go on",
    ),
    "outage.soon": ("pencetakan mulai lagi sebentar lagi", "printing starts again in a moment"),
    "outage.keep": (
        "nomor Anda tidak hilang, antrean lanjut setelah listrik kembali",
        "your number is not lost, the queue goes on when the power is back",
    ),
    "trouble.printer": ("Pencetak kartu sedang ditangani", "The card printer is being seen to"),
    "trouble.printer-means": (
        "kartu jadi lebih lambat, antrean tetap berjalan",
        "cards take longer, the queue goes on",
    ),
    "trouble.full": ("Perekaman baru ditunda", "No new recordings for now"),
    "trouble.full-means": (
        "sambungan ke pusat terputus; layanan lain tetap berjalan",
        "the link to the centre is down; other services go on",
    ),
    "trouble.link": ("Sambungan ke pusat terputus", "The link to the centre is down"),
    "trouble.link-means": (
        "perekaman tetap berjalan, kartu dicetak setelah tersambung lagi",
        "recordings go on, cards are printed when it is back",
    ),
}

_TAKE: Final[Texts] = {
    "take.title": ("Ambil nomor antrean", "Take a queue number"),
    "take.choose": ("Sentuh layanan yang Anda perlukan", "Touch the service that you need"),
    "take.waiting": ("{n} orang menunggu", "{n} waiting"),
    "take.about": ("tunggu {wait}", "wait {wait}"),
    "take.who": ("Siapa yang dilayani?", "Who is it for?"),
    "take.who-why": (
        "Lansia, penyandang disabilitas, dan ibu hamil didahulukan.",
        "Elderly, disabled and pregnant people go first.",
    ),
    "precedence.none": ("Umum", "General"),
    "precedence.elderly": ("Lansia 60+", "Elderly 60+"),
    "precedence.disabled": ("Disabilitas", "Disabled"),
    "precedence.pregnant": ("Ibu hamil", "Pregnant"),
    "take.back": ("Kembali", "Back"),
    "take.your-number": ("Nomor Anda", "Your number"),
    "take.called-about": ("Dipanggil sekitar pukul {time}", "You are called at about {time}"),
    "take.called-range": ("antara {low} dan {high}", "between {low} and {high}"),
    "take.unknown": (
        "Waktu panggilan belum dapat dipastikan. Dengarkan panggilan.",
        "The time of your call cannot be told yet. Listen for it.",
    ),
    "take.ahead": ("{n} orang di depan Anda", "{n} people before you"),
    "take.ahead-none": ("Anda berikutnya", "You are next"),
    "take.called-now": ("Anda dipanggil: {place}", "You are called: {place}"),
    "take.is-called": ("Nomor ini sudah dipanggil.", "This number has been called."),
    "paper.printing": ("Kertas nomor sedang dicetak…", "Your ticket is being printed…"),
    "paper.printed": ("Ambil kertas nomor Anda.", "Please take your ticket."),
    "paper.uncertain": (
        "Tidak keluar kertas? Nomor Anda tetap berlaku. Catat atau foto nomor ini, atau minta petugas mencetaknya.",
        "No paper? Your number is good all the same. Note it or take a photo, or ask an officer to print it.",
    ),
    "paper.none": ("Catat atau foto nomor ini.", "Note this number or take a photo of it."),
    "take.keep": (
        "Tunggu di sini, dengarkan panggilan, lihat papan.",
        "Wait here, listen for your number, watch the board.",
    ),
    "take.done": ("Selesai", "Done"),
    "take.idle": ("Halaman ini kembali ke awal sendiri.", "This page goes back to its start by itself."),
    "take.no-paper": (
        "Kertas nomor habis atau pencetaknya tidak siap: nomor tampil di layar ini, catat atau foto.",
        "No ticket paper or its printer is not ready: the number is shown here, note it or take a photo.",
    ),
    "take.slow": (
        "Satu nomor sudah diberikan barusan. Tunggu sebentar, lalu sentuh lagi.",
        "A number was given just now. Wait a moment, then touch again.",
    ),
    "take.silent": (
        "Loket belum menjawab. Jangan ambil lagi: nomor Anda mungkin segera keluar. Tanyakan kepada petugas.",
        "The booth has not answered. Do not take another: your number may come in a moment. Ask an officer.",
    ),
    "take.refused": (
        "Nomor tidak dapat diberikan sekarang. Tanyakan kepada petugas.",
        "No number can be given now. Please ask an officer.",
    ),
    "take.gone": (
        "Nomor ini belum tampak di sini, atau sudah dilayani. Tanyakan kepada petugas.",
        "This number is not shown here yet, or has been served. Please ask an officer.",
    ),
    "take.lost": (
        "Layar terputus dari loket sejak #. Minta nomor kepada petugas.",
        "This screen has lost the booth at #. Ask an officer for a number.",
    ),
    "take.language": ("Bahasa", "Language"),
}

TEXTS: Final[Texts] = {**_SERVICES, **_BOARD, **_OUTAGE, **_TAKE}
