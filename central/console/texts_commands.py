"""The texts of the power page's commands: what each does, why it cannot be given now, and what became of it."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "commands.title": ("Perintah", "Commands"),
    "commands.ups": ("Uji baterai UPS", "Test the UPS battery"),
    "commands.genset": ("Uji genset", "Test the genset"),
    "commands.mute": ("Hentikan bunyi", "Silence"),
    "commands.last": ("Perintah terakhir", "Last commands"),
    "commands.mute.what": ("Hentikan: {what}", "Silence: {what}"),
    "person.technician": ("teknisi", "technician"),
    "person.officer": ("petugas", "officer"),
    "person.system": ("sistem", "system"),
    "commands.none": ("Belum ada perintah.", "No commands yet."),
    "commands.when": ("Waktu", "When"),
    "commands.what": ("Perintah", "Command"),
    "commands.who": ("Oleh", "By"),
    "commands.outcome": ("Hasil", "Outcome"),
    "commands.unsafe": ("Tidak dapat sekarang: {reason}", "Not now: {reason}"),
    "commands.confirm": ("Kirim perintah", "Send the command"),
    "commands.cancel": ("Kembali tanpa mengirim", "Back without sending"),
    "commands.name": ("Nama Anda (boleh kosong)", "Your name (optional)"),
    "commands.sure": ("Saya mengerti akibatnya", "I understand what it will do"),
    "commands.tick": (
        "Centang bahwa Anda mengerti akibatnya.",
        "Tick that you understand what it will do.",
    ),
    "commands.now": ("Keadaan sekarang", "State now"),
    "commands.sent": (
        "Perintah dikirim: {command}. Hasilnya tampak di “Perintah terakhir”.",
        "Command sent: {command}. Its outcome appears under “Last commands”.",
    ),
    "outcome.waiting": ("Menunggu jawaban loket", "Waiting for the booth"),
    "outcome.done": ("Dijalankan", "Done"),
    "outcome.refused": ("Ditolak", "Refused"),
    "outcome.expired": ("Kedaluwarsa, tidak dijalankan", "Expired, not carried out"),
    "outcome.forged": ("Ditolak: tanda tangan palsu", "Refused: forged signature"),
    # --- each command: short name, what it does ---
    "command.ups-quick": ("Uji 10 detik", "10-second test"),
    "command.ups-quick.title": ("Uji baterai UPS 10 detik?", "Test the UPS battery for 10 seconds?"),
    "command.ups-quick.does": (
        "UPS memakai baterai selama 10 detik lalu kembali ke PLN. Loket tetap bekerja.",
        "The UPS runs on its battery for 10 seconds and returns to the mains. The booth goes on working.",
    ),
    "command.ups-two-minutes": ("Uji 2 menit", "2-minute test"),
    "command.ups-two-minutes.title": ("Uji baterai UPS 2 menit?", "Test the UPS battery for 2 minutes?"),
    "command.ups-two-minutes.does": (
        "UPS memakai baterai selama 2 menit. Bila baterai lemah, uji berhenti dan alarm muncul.",
        "The UPS runs on its battery for 2 minutes. If the battery is weak the test ends and an alarm appears.",
    ),
    "command.ups-deep": ("Uji dalam", "Deep test"),
    "command.ups-deep.title": ("Kosongkan baterai UPS untuk diuji?", "Drain the UPS battery to test it?"),
    "command.ups-deep.does": (
        "UPS memakai baterai sampai hampir habis. Beberapa jam sesudahnya loket tidak tahan pemadaman. "
        "Lakukan di luar jam layanan.",
        "The UPS runs on its battery until it is nearly empty. For some hours afterwards the booth cannot bridge an "
        "outage. Do it outside service hours.",
    ),
    "command.ups-cancel": ("Hentikan uji UPS", "End the UPS test"),
    "command.ups-cancel.title": ("Hentikan uji UPS yang berjalan?", "End the running UPS test?"),
    "command.ups-cancel.does": (
        "UPS kembali ke PLN sekarang juga. Uji tercatat dihentikan.",
        "The UPS returns to the mains now. The test is recorded as broken off.",
    ),
    "command.genset-start": ("Nyalakan uji genset", "Start the genset test"),
    "command.genset-start.title": ("Nyalakan genset untuk diuji?", "Start the genset for a test?"),
    "command.genset-start.does": (
        "Genset distarter dan berputar tanpa beban selama waktu pemanasan rutin; beban tetap di PLN. "
        "Pastikan tidak ada orang yang bekerja di mesin.",
        "The genset is cranked and runs without load for the time of its exercise; the load stays on the mains. "
        "Make sure that nobody works at the engine.",
    ),
    "command.genset-stop": ("Akhiri uji genset", "End the genset test"),
    "command.genset-stop.title": ("Akhiri uji genset?", "End the genset test?"),
    "command.genset-stop.does": (
        "Genset didinginkan lalu berhenti.",
        "The genset cools down and stops.",
    ),
    "command.mute-ups": ("Bunyi UPS", "UPS beeper"),
    "command.mute-ups.title": ("Hentikan bunyi UPS?", "Silence the UPS?"),
    "command.mute-ups.does": (
        "Bunyi UPS dimatikan. Alarm di halaman ini tetap tampak.",
        "The UPS's beeper is switched off. The alarms on this page stay.",
    ),
    "command.mute-booth": ("Bunyi loket", "Booth buzzer"),
    "command.mute-booth.title": ("Hentikan bunyi loket?", "Silence the booth?"),
    "command.mute-booth.does": (
        "Bunyi loket berhenti sampai alarm berikutnya.",
        "The booth's buzzer is silent until the next alarm.",
    ),
    "command.acknowledge": ("Akui alarm: {name}", "Acknowledge: {name}"),
    "command.shelve": ("Tunda alarm: {name}", "Shelve: {name}"),
    "command.unshelve": ("Batalkan tunda: {name}", "Unshelve: {name}"),
    "command.identify": ("Bunyikan loket", "Identify the booth"),
    "command.settle": ("Putusan cetak", "Print decision"),
    "command.print": ("Cetak kartu", "Print a card"),
    # --- why a command cannot be given now ---
    "unsafe.offline": ("loket terputus", "the booth is offline"),
    "unsafe.no-ups": ("UPS tidak menjawab", "the UPS does not answer"),
    "unsafe.supply": (
        "PLN tidak memikul loket sekarang; uji dapat memadamkan loket",
        "the mains do not carry the booth now; a test could turn it dark",
    ),
    "unsafe.unknown": (
        "keadaan listrik tidak diketahui",
        "the state of the supply is not known",
    ),
    "unsafe.stale": ("angka loket sudah usang", "the booth's figures are too old"),
    "unsafe.testing": ("uji UPS sedang berjalan", "a UPS test is running"),
    "unsafe.not-testing": ("tidak ada uji UPS yang berjalan", "no UPS test is running"),
    "unsafe.charge": (
        "baterai baru terisi {n} %; uji dalam perlu 90 %",
        "the battery is charged to {n} % only; a deep test needs 90 %",
    ),
    "unsafe.outage": (
        "PLN padam: genset diurus urutan otomatis",
        "the mains are out: the automatic sequence has the genset",
    ),
    "unsafe.no-genset": ("panel genset tidak memberi kabar", "nothing is heard of the genset"),
    "unsafe.genset-busy": ("genset sedang bekerja: {phase}", "the genset is busy: {phase}"),
    "unsafe.genset-mode": (
        "panel genset tidak pada AUTO; mungkin ada orang bekerja di mesin",
        "the genset's controller is not at AUTO; somebody may work at the engine",
    ),
    "unsafe.not-exercising": ("genset tidak sedang diuji", "the genset is not being tested"),
}
