"""What the public pages say: key -> (Indonesian, English)."""

from __future__ import annotations

from typing import Final

_FRAME: Final[dict[str, tuple[str, str]]] = {
    "public.free": ("Layanan ini gratis", "This service is free of charge"),
    "public.free-why": (
        "Tidak ada biaya untuk KTP-el. Jangan membayar calo atau siapa pun.",
        "Nothing is charged for an identity card. Pay nobody for it.",
    ),
    "public.language": ("Bahasa", "Language"),
    "public.skip": ("Langsung ke isi", "Skip to content"),
    "public.made": ("Keadaan pukul {time}", "As of {time}"),
    "public.fresh": ("Halaman ini memperbarui diri.", "This page updates itself."),
    "public.nojs": ("Muat ulang halaman untuk kabar terbaru.", "Reload this page for the latest."),
    "public.lost": (
        "Sambungan terputus. Ini keadaan pukul #.",
        "Connection lost. This is how it was at #.",
    ),
    "public.complain": ("Pengaduan", "Complaints"),
    "public.complain-where": (
        "Tanyakan dulu kepada petugas loket. Bila tidak terbantu: Halo Dukcapil 1500 537, "
        "SMS 1708 atau lapor.go.id (SP4N-LAPOR!).",
        "Ask an officer at the booth first. If that does not help: Halo Dukcapil 1500 537, "
        "text 1708, or lapor.go.id (SP4N-LAPOR!).",
    ),
    "public.wib": ("WIB", "WIB (UTC+7)"),
    "service.new": ("KTP baru", "New card"),
    "service.lost": ("KTP hilang", "Lost card"),
    "service.damaged": ("KTP rusak", "Damaged card"),
    "service.change": ("Ubah data", "Data change"),
    "service.pickup": ("Ambil KTP", "Card pickup"),
    "precedence.elderly": ("didahulukan: lansia", "goes first: elderly"),
    "precedence.disabled": ("didahulukan: disabilitas", "goes first: disabled"),
    "precedence.pregnant": ("didahulukan: ibu hamil", "goes first: pregnant"),
    "public.counter": ("Loket {place}", "Counter {place}"),
    "day.today": ("hari ini", "today"),
    "day.tomorrow": ("besok", "tomorrow"),
}

_BOARD: Final[dict[str, tuple[str, str]]] = {
    "board.title": ("Papan antrean", "Queue board"),
    "board.empty": ("Belum ada loket yang memberi nomor.", "No booth gives numbers yet."),
    "board.missing": ("Tidak ada loket dengan nama itu.", "There is no booth of that name."),
    "board.all": ("Semua loket", "All booths"),
    "board.called": ("Dipanggil terakhir", "Called last"),
    "board.called-at": ("pukul {time}", "at {time}"),
    "board.none": ("Belum ada panggilan", "Nobody called yet"),
    "board.earlier": ("Tadi", "Before"),
    "board.service": ("Layanan", "Service"),
    "board.waiting": ("Menunggu", "Waiting"),
    "board.wait": ("Perkiraan tunggu", "Expected wait"),
    "board.wait-unknown": ("belum pasti", "not known yet"),
    "board.wait-none": ("langsung dilayani", "no wait"),
    "board.wait-high": ("s.d. {high}", "up to {high}"),
    "board.nobody": ("Tidak ada yang menunggu.", "Nobody is waiting."),
    "board.open": ("Buka", "Open"),
    "board.away": ("Terputus", "Not connected"),
    "board.untold": ("Belum ada kabar hari ini", "Nothing heard today"),
    "board.closed": ("Tidak memberi nomor", "No numbers now"),
    "board.opens": ("Tutup, buka pukul {time}", "Closed, opens at {time}"),
    "board.full": ("Nomor hari ini habis", "Today's numbers are all given"),
    "board.offline": (
        "Sambungan ke loket terputus. Angka ini dari pukul {time}; antrean di loket tetap berjalan.",
        "The link to the booth is down. These figures are of {time}; the queue at the booth goes on.",
    ),
    "board.offline-never": ("Sambungan ke loket terputus.", "The link to the booth is down."),
    "supply.out": (
        "Listrik padam: pencetakan kartu berhenti, antrean tetap berjalan.",
        "Power cut: cards are not printed now, the queue goes on.",
    ),
    "supply.genset": ("Listrik padam, genset menyala.", "Power cut, the generator runs."),
    "supply.back": ("Listrik baru kembali.", "Power is just back."),
    "supply.off": (
        "Listrik padam lama, loket mati. Nomor tidak hilang; antrean lanjut setelah listrik kembali.",
        "A long power cut, the booth is off. No number is lost; the queue goes on when the power is back.",
    ),
}

_STATUS: Final[dict[str, tuple[str, str]]] = {
    "status.title": ("Status nomor", "Status of your number"),
    "status.number": ("Nomor Anda", "Your number"),
    "status.missing": ("Nomor belum ditemukan", "Number not found yet"),
    "status.missing-why": (
        "Kabar tentang nomor ini belum sampai ke sini. Saat listrik atau jaringan loket putus, kabar itu datang "
        "belakangan: nomor Anda tetap berlaku di loket.",
        "Nothing about this number has arrived here yet. When a booth has no power or network it tells later: "
        "your number is good at the booth all the same.",
    ),
    "status.missing-do": (
        "Simpan kertas nomor Anda, dengarkan panggilan, dan coba lagi beberapa menit lagi.",
        "Keep your ticket, listen for your number, and try again in a few minutes.",
    ),
    "status.way": ("Perjalanan KTP Anda", "The way of your card"),
    "status.expected": ("Perkiraan", "Expected"),
    "status.why": ("Mengapa belum", "Why not yet"),
    "status.bring": ("Yang perlu dibawa", "What to bring"),
    # --- where it is now ---
    "now.waiting": ("Menunggu dipanggil", "Waiting to be called"),
    "now.called": ("Anda dipanggil ke {place}", "You are called to {place}"),
    "now.called-somewhere": ("Anda dipanggil", "You are called"),
    "now.skipped": ("Nomor Anda terlewat", "Your number was passed over"),
    "now.present": ("Sedang dilayani", "Being served"),
    "now.started": ("Sedang direkam", "Being recorded"),
    "now.completed": ("Rekaman selesai, menunggu dikirim", "Recorded, waiting to be sent"),
    "now.sending": ("Menunggu jawaban pusat", "Waiting for the national centre"),
    "now.check": ("Perlu diperiksa petugas", "An officer must look into it"),
    "now.ready-to-print": ("Menunggu dicetak", "Waiting to be printed"),
    "now.printing": ("Sedang dicetak", "Being printed"),
    "now.stopped": ("Cetakan sedang diperiksa petugas", "An officer is checking the print"),
    "now.ready": ("KTP siap diambil", "Your card is ready"),
    "now.handed": ("KTP sudah diserahkan", "Your card has been handed over"),
    "now.done": ("Sudah dilayani", "Served"),
    "now.closed": ("Nomor ini sudah ditutup", "This number is closed"),
    "now.cancelled": ("Perekaman dibatalkan", "The recording was cancelled"),
    # --- what to do now ---
    "do.called": ("Silakan langsung ke sana.", "Please go there now."),
    "do.skipped": (
        "Anda dipanggil {n} kali. Lapor kepada petugas: Anda tetap dilayani.",
        "You were called {n} times. Tell an officer: you are served all the same.",
    ),
    "do.check": (
        "Silakan datang ke loket dan tunjukkan nomor ini. Petugas membantu Anda.",
        "Please come to the booth and show this number. An officer helps you.",
    ),
    "do.ready": ("Ambil di loket tempat Anda direkam.", "Collect it at the booth where you were recorded."),
    "do.closed": (
        "Bila Anda belum dilayani, tanyakan kepada petugas atau ambil nomor baru.",
        "If you were not served, ask an officer or take a new number.",
    ),
    "do.cancelled": ("Tanyakan kepada petugas di loket.", "Please ask an officer at the booth."),
    "do.replacement": (
        "Kartu pengganti: satu hari kerja bila Anda datang sendiri, tiga hari kerja bila diwakilkan.",
        "Replacement card: one working day if you came yourself, three if somebody came for you.",
    ),
    "do.wait": ("Dengarkan panggilan dan lihat papan di loket.", "Listen for your number and watch the board."),
    # --- when ---
    "when.call": ("dipanggil sekitar pukul {time}", "called at about {time}"),
    "when.call-range": ("antara {low} dan {high}", "between {low} and {high}"),
    "when.call-late": (
        "Lebih lama dari perkiraan ({time}). Mohon maaf, Anda tetap dipanggil.",
        "It takes longer than was said ({time}). We are sorry; you will be called.",
    ),
    "when.call-unknown": ("belum dapat dipastikan", "cannot be told yet"),
    "when.before": ("{day} sebelum {time}", "{day} before {time}"),
    "when.latest": ("paling lambat {day} pukul {time}", "{day} at {time} at the latest"),
    "when.late": (
        "Terlambat dari janji ({day} pukul {time}). Mohon maaf.",
        "Later than promised ({day} at {time}). We are sorry.",
    ),
    "when.promise": (
        "hari ini bila antrean memungkinkan, paling lama tiga hari kerja",
        "today if the queue allows, within three working days at most",
    ),
    # --- why not yet ---
    "why.offline": (
        "Sambungan ke loket terputus; ini kabar terakhir, pukul {time}. Di loket pelayanan dapat tetap berjalan.",
        "The link to the booth is down; this is its latest word, of {time}. The booth may well be serving.",
    ),
    "why.outage": (
        "Listrik di loket padam. Kartu tidak dicetak sampai listrik kembali, supaya tidak rusak.",
        "The booth has no mains power. No card is begun until it is back, so that none is spoiled.",
    ),
    "why.outage-queue": (
        "Listrik di loket padam. Pelayanan bisa lebih lambat; nomor Anda tidak hilang.",
        "The booth has no mains power. Service may be slower; your number is not lost.",
    ),
    "why.off": (
        "Listrik padam lama dan loket mati. Nomor dan rekaman Anda aman; dilanjutkan setelah listrik kembali.",
        "After a long power cut the booth is off. Your number and recording are safe; it goes on with the power.",
    ),
    "why.centre": (
        "Pusat data nasional sedang tidak dapat dihubungi. Rekaman Anda aman dan dikirim lagi otomatis.",
        "The national centre cannot be reached now. Your recording is safe and is sent again by itself.",
    ),
    "why.printer": (
        "Pencetak kartu sedang ditangani petugas.",
        "An officer is seeing to the card printer.",
    ),
    "why.spoiled": ("Kartu pertama rusak saat dicetak; dicetak ulang.", "The first card was spoiled; another follows."),
    "why.look": (
        "Listrik putus saat kartu dicetak; petugas memastikan dulu supaya tidak tercetak dua kali.",
        "The print was broken off; an officer makes sure first that no card is printed twice.",
    ),
    "why.turn": ("Menunggu giliran cetak.", "Waiting for its turn at the printer."),
    "why.held": ("Pencetakan ditahan petugas; tanyakan di loket.", "An officer holds the print; please ask."),
    "why.other": (
        "Ada kendala pada pencetakan; petugas menanganinya.",
        "There is trouble with the printing; an officer is seeing to it.",
    ),
    # --- what to bring ---
    "bring.new": ("Kartu Keluarga (KK) dan fotokopinya", "Your family card (KK) and a copy of it"),
    "bring.lost": (
        "Surat kehilangan dari polisi dan Kartu Keluarga (KK)",
        "The police letter of loss and your family card (KK)",
    ),
    "bring.damaged": (
        "KTP lama yang rusak dan Kartu Keluarga (KK)",
        "The old, damaged card and your family card (KK)",
    ),
    "bring.change": (
        "KTP lama dan Kartu Keluarga (KK) dengan data baru",
        "The old card and the family card (KK) with the new data",
    ),
    "bring.ready": (
        "Kertas nomor ini; KTP lama, bila ada",
        "This ticket; the old card, if there is one",
    ),
    # --- the steps ---
    "step.number": ("Nomor diambil", "Number taken"),
    "step.called": ("Dipanggil", "Called"),
    "step.recorded": ("Direkam", "Recorded"),
    "step.served": ("Dilayani", "Served"),
    "step.sent": ("Dikirim ke pusat", "Sent to the centre"),
    "step.printed": ("Dicetak", "Printed"),
    "step.ready": ("Siap diambil", "Ready to collect"),
    "step.handed": ("Diserahkan", "Handed over"),
    "step.done": ("selesai", "done"),
    "step.now": ("sekarang", "now"),
    "step.next": ("berikutnya", "next"),
    "step.ahead": ("nanti", "later"),
}

PUBLIC: Final[dict[str, tuple[str, str]]] = _FRAME | _BOARD | _STATUS
