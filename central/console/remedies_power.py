"""Indonesian words for what booths and the coordinator tell in English of the power: causes, reasons, refusals."""

from __future__ import annotations

from typing import Final

KNOWN_POWER: Final[dict[str, str]] = {
    # Why a recording or a card may not begin
    "the booth is shutting down: the battery is nearly empty": "loket menutup diri: baterai hampir habis",
    "mains are out: a card is not begun without them": "PLN padam: kartu tidak mulai dicetak tanpa PLN",
    "mains are out, and the energy left is not known: the UPS does not answer": (
        "PLN padam dan sisa baterai tidak diketahui: UPS tidak menjawab"
    ),
    "the contact alone says that the mains are back: plug the UPS's cable in, or wait for its word": (
        "hanya kontak yang menyatakan PLN kembali: pasang kabel UPS, atau tunggu jawabannya"
    ),
    "the mains are just back: a card waits until they have proved steady": (
        "PLN baru kembali: kartu menunggu sampai terbukti stabil"
    ),
    "the mains are just back, and the battery is empty: a card waits until they have proved steady": (
        "PLN baru kembali dan baterai kosong: kartu menunggu sampai terbukti stabil"
    ),
    "the battery lasts {} min, and {} min are needed to finish: wait for the mains": (
        "baterai cukup {} mnt, perlu {} mnt sampai selesai: tunggu PLN"
    ),
    "the battery lasts {} s, and {} min are needed to finish: wait for the mains": (
        "baterai cukup {} dtk, perlu {} mnt sampai selesai: tunggu PLN"
    ),
    "the battery lasts {} min, and {} s are needed to finish: wait for the mains": (
        "baterai cukup {} mnt, perlu {} dtk sampai selesai: tunggu PLN"
    ),
    "the battery lasts {} s, and {} s are needed to finish: wait for the mains": (
        "baterai cukup {} dtk, perlu {} dtk sampai selesai: tunggu PLN"
    ),
    # Refused by the coordinator before it is sent
    "the booth {} is off: it comes back with the mains": "loket {} padam: menyala lagi bersama PLN",
    "the same is on its way to the booth already": "perintah yang sama sudah dalam perjalanan ke loket",
    "the booth has told of no such alarm": "loket tidak punya alarm seperti itu",
    "the booth has a new memory: what holds of this alarm it tells again": (
        "penyimpanan loket diganti: alarm yang masih berlaku disampaikan lagi"
    ),
    "the alarm has risen again since: look at the new one first": "alarm ini muncul lagi: lihat yang baru dulu",
    "somebody has acknowledged this alarm already": "alarm ini sudah diakui orang lain",
    "this alarm is gone and acknowledged already": "alarm ini sudah hilang dan diakui",
    "a shelved alarm needs a reason": "penundaan alarm perlu alasan",
    "for how many minutes shall the alarm be shelved?": "berapa menit alarm ditunda?",
    "this alarm is not shelved": "alarm ini tidak sedang ditunda",
    "the booth is not on mains: a test of the battery would use up the energy that it needs": (
        "loket tidak memakai PLN: uji baterai menghabiskan daya yang diperlukannya"
    ),
    "the booth is not on mains: the genset is not tested during an outage": (
        "loket tidak memakai PLN: genset tidak diuji saat padam"
    ),
    "the genset is not at rest": "genset tidak sedang diam",
    "no test of the genset is running": "tidak ada uji genset yang berjalan",
    "this cannot be asked: {}": "ini tidak dapat diminta: {}",
    "there is no booth {}": "tidak ada loket {}",
    "the coordinator is busy; look whether it was done before you try again": (
        "koordinator sibuk; lihat apakah sudah dijalankan sebelum mencoba lagi"
    ),
    # Refused by the booth
    "there is no alarm {} at this booth": "tidak ada alarm {} di loket ini",
    "an alarm is shelved for a number of minutes and with a reason": "alarm ditunda dengan lama waktu dan alasan",
    "the booth does not know the time yet: try again in a minute": ("loket belum tahu jam: coba lagi sebentar lagi"),
    "a recording or a print is under way: test the battery when the booth is idle": (
        "ada perekaman atau cetak: uji baterai saat loket sepi"
    ),
    "a test is running already": "uji sudah berjalan",
    "a battery test is running already": "uji baterai sudah berjalan",
    "no test is running": "tidak ada uji yang berjalan",
    "the battery carries the booth now: test it when the mains are back": (
        "baterai sedang memikul loket: uji setelah PLN kembali"
    ),
    "the battery is not charged enough for a test": "baterai belum cukup terisi untuk diuji",
    "the energy is not known": "sisa baterai tidak diketahui",
    "this booth has no genset": "loket ini tidak punya genset",
    "this booth has no UPS": "loket ini tidak punya UPS",
    "the genset is {}: wait until it stands still": "genset sedang {}: tunggu sampai berhenti",
    "no exercise is running": "tidak ada pemanasan yang berjalan",
    "the mains are out or unknown: the genset is needed for the load": (
        "PLN padam atau tidak diketahui: genset diperlukan untuk beban"
    ),
    "the booth has passed its point of no return": "loket sudah melewati titik tanpa kembali",
    "the port is not open": "portanya tidak terbuka",
    "too many requests are waiting for the UPS": "terlalu banyak permintaan menunggu UPS",
    "a UPS cannot do that": "UPS tidak dapat melakukan itu",
    "NUT wants a user for that: {}": "NUT meminta pengguna untuk itu: {}",
    # Ends of battery tests
    "the UPS ended the test early": "UPS mengakhiri uji lebih cepat",
    "the UPS ended the test early, with a low battery": "UPS mengakhiri uji lebih cepat: baterai lemah",
    "the UPS reports a failure": "UPS melaporkan kerusakan",
    "the UPS was silent when the test ended": "UPS diam saat uji berakhir",
    "the battery was low during the test": "baterai lemah saat uji",
    "the battery is low": "baterai lemah",
    "the mains are out: the battery is in use": "PLN padam: baterai sedang dipakai",
    "the mains failed during the test": "PLN padam saat uji",
    "the test was cancelled": "uji dibatalkan",
    "it was cancelled": "dibatalkan",
    # The genset's sequence
    "the mains are out": "PLN padam",
    "the mains are back": "PLN kembali",
    "the mains came back": "PLN kembali",
    "the mains are steady": "PLN sudah stabil",
    "the mains failed again": "PLN padam lagi",
    "the mains failed during its exercise": "PLN padam saat pemanasan rutin",
    "exercise without load": "pemanasan tanpa beban",
    "found running at the start": "sudah berputar saat program menyala",
    "it is tried again": "dicoba lagi",
    "it is warm and its volts are good": "mesin sudah panas dan tegangannya baik",
    "it runs already": "sudah berputar",
    "it stopped during its exercise": "berhenti saat pemanasan rutin",
    "its volts or hertz stay out of their band": "tegangan atau frekuensinya tetap di luar batas",
    "the ATS does not go back to the mains": "ATS tidak mau kembali ke PLN",
    "the ATS does not go to the genset": "ATS tidak mau ke genset",
    "the ATS is on mains": "ATS di PLN",
    "the ATS is on genset": "ATS di genset",
    "the controller started anew": "pengendali menyala ulang",
    "the exercise is over": "pemanasan rutin selesai",
    "the exercise was ended": "pemanasan rutin diakhiri",
    "attempt {} failed": "percobaan ke-{} gagal",
    "it did not keep running in {} attempts": "mesin tidak bertahan hidup dalam {} percobaan",
    "it did not start in {} attempts": "mesin tidak menyala dalam {} percobaan",
    "it runs after attempt {}": "mesin hidup pada percobaan ke-{}",
    "it stalled {} times": "mesin mati sendiri {} kali",
    # Shedding and shutdown
    "the battery lasts {} min": "baterai cukup {} mnt",
    "the battery lasts {} s more": "baterai cukup {} dtk lagi",
    "the UPS says that its battery is low": "UPS menyatakan baterainya lemah",
    "the UPS is about to cut the output": "UPS segera memutus keluarannya",
    "power is back, and the UPS has not taken the order": "listrik kembali sebelum UPS menerima perintah",
    "the UPS has taken the order back": "UPS sudah membatalkan perintah",
    "power is back": "listrik kembali",
    # Sources that disagree, and what the board refuses
    "contact says there": "kontak PLN menyatakan ada",
    "contact says away": "kontak PLN menyatakan padam",
    "ups says there": "UPS menyatakan ada",
    "ups says away": "UPS menyatakan padam",
    "board says there": "papan listrik menyatakan ada",
    "board says away": "papan listrik menyatakan padam",
    "genset says there": "panel genset menyatakan ada",
    "genset says away": "panel genset menyatakan padam",
    "its fault contact is closed": "kontak gangguannya tertutup",
    "its controller has stopped it: {}": "panelnya menghentikannya: {}",
    # Devices of the power
    "the power board does not report": "papan listrik tidak memberi kabar",
    "the link to the controller is lost": "sambungan ke panel genset terputus",
    "Check the power board's supply, its green light, and its serial cable to the controller (115200 8N1).": (
        "Periksa catu daya papan listrik, lampu hijaunya, dan kabel serialnya ke pengendali (115200 8N1)."
    ),
    "Put the firmware of this release on the board: make flash.": (
        "Pasang perangkat tegar rilis ini pada papan: make flash."
    ),
    "Check that the genset's controller is on, its cable (RS-485: A and B), and baud and unit in the booth file": (
        "Periksa apakah panel genset menyala, kabelnya (RS-485: A dan B), serta baud dan nomor unit di berkas loket"
    ),
    "Check that NUT runs (systemctl status nut-server) and listens on the port of the booth file.": (
        "Periksa apakah NUT berjalan (systemctl status nut-server) dan mendengar pada porta di berkas loket."
    ),
    "NUT has lost the UPS: check that it is on, and its cable; `upsdrvctl start` restarts NUT's driver.": (
        "NUT kehilangan UPS: periksa apakah menyala dan kabelnya; `upsdrvctl start` menyalakan lagi pengandarnya."
    ),
    "NUT's driver for the UPS does not run: `upsdrvctl start`, then look into its log.": (
        "Pengandar NUT untuk UPS tidak berjalan: `upsdrvctl start`, lalu lihat catatannya."
    ),
}
"""What is told, `{}` for what varies -> the same in Indonesian."""
