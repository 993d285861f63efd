"""Every alarm of a booth in Indonesian and English: its name, its cause with the figures, and what to do.

The keys are those of docs/operations.md. A figure that the booth did not give is told as not known.
"""

from __future__ import annotations

from typing import Final

ALARMS: Final[dict[str, tuple[str, str]]] = {
    "alarm.name.mains.out": ("PLN padam", "Mains out"),
    "alarm.cause.mains.out": (
        "Listrik PLN padam. Loket sekarang: {supply}.",
        "The mains have failed. The booth now: {supply}.",
    ),
    "alarm.remedy.mains.out": (
        "Pastikan genset menyala atau baterai cukup; periksa MCB loket, lalu tanyakan kepada PLN (123).",
        "See that the genset runs or the battery will last; check the booth's breaker, then ask the grid (123).",
    ),
    "alarm.name.mains.unsteady": ("PLN tidak stabil", "Mains unsteady"),
    "alarm.cause.mains.unsteady": (
        "Listrik PLN sudah berkedip {dips} kali.",
        "The mains have dipped {dips} times.",
    ),
    "alarm.remedy.mains.unsteady": (
        "Kencangkan sambungan di panel masuk; bila tetap berkedip, laporkan waktunya kepada PLN.",
        "Tighten the connections of the incoming panel; if it goes on, report the times to the grid company.",
    ),
    "alarm.name.mains.low": ("Tegangan PLN rendah", "Mains voltage low"),
    "alarm.cause.mains.low": (
        "Tegangan PLN hanya {volts} V; loket menganggapnya padam.",
        "The mains give only {volts} V; the booth counts that as an outage.",
    ),
    "alarm.remedy.mains.low": (
        "Ukur tegangan di panel masuk; kurangi beban berat dan laporkan kepada PLN.",
        "Measure the voltage at the incoming panel; switch heavy loads off and tell the grid company.",
    ),
    "alarm.name.battery.low": ("Baterai hampir habis", "Battery low"),
    "alarm.cause.battery.low": (
        "Baterai UPS cukup untuk {minutes} menit lagi.",
        "The UPS battery will last {minutes} more minutes.",
    ),
    "alarm.remedy.battery.low": (
        "Nyalakan genset atau pulihkan PLN sekarang; selesaikan perekaman yang terbuka.",
        "Start the genset or bring the mains back now; finish the open recording.",
    ),
    "alarm.name.battery.old": ("Baterai sudah tua", "Battery old"),
    "alarm.cause.battery.old": (
        "Kesehatan baterai tinggal {health_pct} % dari baterai baru.",
        "The battery's health is down to {health_pct} % of a new one.",
    ),
    "alarm.remedy.battery.old": (
        "Pesan dan ganti baterai UPS; setelah itu jalankan uji dalam.",
        "Order and replace the UPS battery; then run a deep test.",
    ),
    "alarm.name.battery.untrue": ("Isi baterai tidak masuk akal", "Battery charge untrue"),
    "alarm.cause.battery.untrue": (
        "UPS menyatakan baterai {said_pct} %, padahal menurut pemakaian tinggal {reckoned_pct} %.",
        "The UPS says the battery has {said_pct} %, but by what was used it has {reckoned_pct} %.",
    ),
    "alarm.remedy.battery.untrue": (
        "Percayai angka yang lebih rendah; saat PLN ada jalankan uji UPS, dan ganti baterai bila gagal.",
        "Believe the lower figure; test the UPS once the mains are back, and replace the battery if it fails.",
    ),
    "alarm.name.ups.lost": ("UPS tidak menjawab", "UPS lost"),
    "alarm.cause.ups.lost": (
        "UPS tidak menjawab. Ini bukan berarti listrik padam, tetapi sisa baterai tidak diketahui.",
        "The UPS does not answer. That is no outage, but what is left in the battery is not known.",
    ),
    "alarm.remedy.ups.lost": (
        "Periksa apakah UPS menyala dan kabel serialnya (2400 8N1, kabel bawaan UPS) terpasang.",
        "Check that the UPS is on and its serial cable (2400 8N1, the one that came with it) is in.",
    ),
    "alarm.name.ups.failed": ("UPS rusak", "UPS failed"),
    "alarm.cause.ups.failed": (
        "UPS menyatakan dirinya rusak. Loket dapat padam tanpa peringatan.",
        "The UPS says that it has failed. The booth may go dark without a warning.",
    ),
    "alarm.remedy.ups.failed": (
        "Catat kode di panel UPS, pindahkan loket ke jalur pintas, ganti UPS.",
        "Note the code on the UPS's panel, put the booth on the bypass, replace the UPS.",
    ),
    "alarm.name.ups.overload": ("UPS kelebihan beban", "UPS overloaded"),
    "alarm.cause.ups.overload": ("Beban UPS {load_pct} %.", "The UPS carries {load_pct} % of its rating."),
    "alarm.remedy.ups.overload": (
        "Cabut dari UPS semua yang bukan alat loket (pemanas, dispenser, pencetak laser).",
        "Unplug from the UPS whatever is not the booth's (heaters, water dispensers, laser printers).",
    ),
    "alarm.name.ups.implausible": ("Angka UPS tidak masuk akal", "UPS readings implausible"),
    "alarm.cause.ups.implausible": (
        "Angka dari UPS tidak dapat dipercaya: {reason}.",
        "The readings of the UPS cannot be believed: {reason}.",
    ),
    "alarm.remedy.ups.implausible": (
        "Periksa kabel serial dan pentanahannya; bandingkan dengan panel UPS; nyalakan ulang UPS saat sepi.",
        "Check the serial cable and its earthing; compare with the UPS's panel; restart the UPS at a quiet time.",
    ),
    "alarm.name.genset.start-failed": ("Genset gagal menyala", "Genset did not start"),
    "alarm.cause.genset.start-failed": (
        "Genset tidak menyala setelah {attempts} kali distarter.",
        "The genset did not start after {attempts} cranks.",
    ),
    "alarm.remedy.genset.start-failed": (
        "Periksa bahan bakar, keran, aki starter, dan sakelar darurat; lalu nyalakan dengan tangan.",
        "Check fuel, fuel cock, starter battery and emergency stop; then start it by hand.",
    ),
    "alarm.name.genset.stop-failed": ("Genset tidak mau berhenti", "Genset did not stop"),
    "alarm.cause.genset.stop-failed": (
        "Genset masih berputar walau sudah diminta berhenti.",
        "The genset still turns although it was told to stop.",
    ),
    "alarm.remedy.genset.stop-failed": (
        "Hentikan dengan sakelar di genset; periksa relai start dan solenoid bahan bakar.",
        "Stop it at the set; check the start relay and the fuel solenoid.",
    ),
    "alarm.name.genset.stalled": ("Genset mati mendadak", "Genset stalled"),
    "alarm.cause.genset.stalled": (
        "Genset berhenti sendiri saat memikul beban.",
        "The genset stopped by itself while it carried the load.",
    ),
    "alarm.remedy.genset.stalled": (
        "Periksa bahan bakar, saringan, dan alarm di panel genset sebelum dinyalakan lagi.",
        "Check fuel, filters and the alarms on the set's panel before it is started again.",
    ),
    "alarm.name.genset.fuel-low": ("Bahan bakar hampir habis", "Genset fuel low"),
    "alarm.cause.genset.fuel-low": (
        "Bahan bakar genset {fuel_pct} %, cukup untuk {hours} jam.",
        "The genset has {fuel_pct} % fuel, enough for {hours} h.",
    ),
    "alarm.remedy.genset.fuel-low": (
        "Isi tangki; matikan genset dulu bila buku petunjuknya mengharuskan.",
        "Fill the tank; stop the set first if its manual asks for it.",
    ),
    "alarm.name.genset.oil-low": ("Tekanan oli rendah", "Genset oil pressure low"),
    "alarm.cause.genset.oil-low": (
        "Tekanan oli genset hanya {kpa} kPa.",
        "The genset's oil pressure is only {kpa} kPa.",
    ),
    "alarm.remedy.genset.oil-low": (
        "Jangan nyalakan genset. Periksa tinggi oli dan kebocoran; tambah oli.",
        "Do not run the set. Check the oil level and for leaks; top up the oil.",
    ),
    "alarm.name.genset.too-hot": ("Genset terlalu panas", "Genset too hot"),
    "alarm.cause.genset.too-hot": (
        "Air pendingin genset {celsius} °C.",
        "The genset's coolant is at {celsius} °C.",
    ),
    "alarm.remedy.genset.too-hot": (
        "Biarkan dingin; periksa air pendingin (jangan buka saat panas), kipas, dan aliran udara.",
        "Let it cool; check coolant (never open it hot), fan and the way of the air.",
    ),
    "alarm.name.genset.battery-weak": ("Aki starter lemah", "Starter battery weak"),
    "alarm.cause.genset.battery-weak": (
        "Aki starter genset {volts} V; genset mungkin tidak dapat menyala.",
        "The genset's starter battery has {volts} V; the set may not start.",
    ),
    "alarm.remedy.genset.battery-weak": (
        "Periksa pengisi aki dan kepala aki; isi atau ganti aki.",
        "Check the battery's charger and terminals; charge or replace the battery.",
    ),
    "alarm.name.genset.out-of-band": ("Listrik genset di luar batas", "Genset out of its band"),
    "alarm.cause.genset.out-of-band": (
        "Genset memberi {volts} V dan {hertz} Hz; beban tidak dipindahkan ke sana.",
        "The genset gives {volts} V at {hertz} Hz; the load is not moved to it.",
    ),
    "alarm.remedy.genset.out-of-band": (
        "Periksa pengatur putaran dan AVR genset; kurangi beban berat.",
        "Check the set's governor and voltage regulator; switch heavy loads off.",
    ),
    "alarm.name.genset.fault": ("Genset terganggu", "Genset fault"),
    "alarm.cause.genset.fault": (
        "Panel genset melaporkan: {alarms}.",
        "The genset's controller reports: {alarms}.",
    ),
    "alarm.remedy.genset.fault": (
        "Lihat panel genset, atasi sebabnya, lalu hapus alarm di panel itu.",
        "Look at the set's panel, mend the cause, then reset the alarm there.",
    ),
    "alarm.name.genset.lost": ("Panel genset tidak menjawab", "Genset controller lost"),
    "alarm.cause.genset.lost": (
        "Panel genset tidak menjawab; keadaan genset hanya diketahui dari kontaknya.",
        "The genset's controller does not answer; only its contacts tell of it.",
    ),
    "alarm.remedy.genset.lost": (
        "Periksa kabel RS-485, nomor alat, dan catu daya panel genset.",
        "Check the RS-485 cable, the unit number and the supply of the set's controller.",
    ),
    "alarm.name.genset.not-automatic": ("Genset tidak otomatis", "Genset not automatic"),
    "alarm.cause.genset.not-automatic": (
        "Panel genset pada kedudukan {mode}; genset tidak menyala sendiri saat PLN padam.",
        "The genset's controller is at {mode}; it will not start by itself in an outage.",
    ),
    "alarm.remedy.genset.not-automatic": (
        "Putar panel genset ke AUTO setelah pekerjaan di genset selesai.",
        "Turn the set's controller to AUTO once nobody works at the set.",
    ),
    "alarm.name.genset.service-due": ("Servis genset jatuh tempo", "Genset service due"),
    "alarm.cause.genset.service-due": (
        "Servis genset sudah jatuh tempo, lewat {hours} jam jalan.",
        "The genset's service is due; {hours} run hours have passed since.",
    ),
    "alarm.remedy.genset.service-due": (
        "Jadwalkan servis: oli, saringan, aki; catat jam jalannya.",
        "Plan the service: oil, filters, battery; note the run hours.",
    ),
    "alarm.name.ats.stuck": ("ATS macet", "ATS stuck"),
    "alarm.cause.ats.stuck": (
        "ATS diminta ke {wanted}, tetapi tetap di {position}.",
        "The transfer switch was sent to {wanted} but stays at {position}.",
    ),
    "alarm.remedy.ats.stuck": (
        "Pindahkan ATS dengan tuasnya oleh orang yang berwenang; periksa motor dan kabel kendalinya.",
        "Let an authorised person move the switch by its handle; check its motor and control wires.",
    ),
    "alarm.name.ats.both-closed": ("Kedua kontak ATS tertutup", "Both ATS contacts closed"),
    "alarm.cause.ats.both-closed": (
        "Kedua kontak letak ATS tertutup bersamaan; letaknya tidak dapat dipercaya.",
        "Both position contacts of the transfer switch are closed; its position cannot be believed.",
    ),
    "alarm.remedy.ats.both-closed": (
        "Hentikan genset, panggil teknisi listrik: kontak bantu macet atau kabelnya terhubung singkat.",
        "Stop the genset, call an electrician: an auxiliary contact sticks or its wires touch.",
    ),
    "alarm.name.board.lost": ("Papan listrik tidak menjawab", "Power board lost"),
    "alarm.cause.board.lost": (
        "Papan listrik tidak menjawab; relainya jatuh ke keadaan aman dan genset tidak dapat diperintah.",
        "The power board does not answer; its relays fall to the safe state and the genset cannot be commanded.",
    ),
    "alarm.remedy.board.lost": (
        "Periksa kabel USB atau serial dan catu daya papan; lampu denyutnya harus berkedip.",
        "Check the board's cable and supply; its heartbeat light must blink.",
    ),
    "alarm.name.board.refuses": ("Papan listrik menolak", "Power board refuses"),
    "alarm.cause.board.refuses": (
        "Papan listrik tidak menjalankan perintah: {reason}.",
        "The power board does not carry out what was asked: {reason}.",
    ),
    "alarm.remedy.board.refuses": (
        "Lihat letak ATS dan tegangan kedua sumber; sambungan silang papan melindungi dari perintah ini.",
        "Look at the ATS and the volts of both sources; the board's interlock protects against this request.",
    ),
    "alarm.name.board.deadman": ("Papan listrik mengambil alih", "Power board's deadman"),
    "alarm.cause.board.deadman": (
        "Papan listrik {trips} kali jatuh ke keadaan aman karena pengendali diam.",
        "The power board fell to its safe state {trips} times because the controller was silent.",
    ),
    "alarm.remedy.board.deadman": (
        "Periksa kabel papan, beban, dan suhu pengendali; lihat catatan program loket.",
        "Check the board's cable and the controller's load and temperature; read the booth program's log.",
    ),
    "alarm.name.board.tamper": ("Kotak listrik dibuka", "Power cabinet opened"),
    "alarm.cause.board.tamper": (
        "Kontak pengaman kotak papan listrik terbuka.",
        "The tamper contact of the power board's box is open.",
    ),
    "alarm.remedy.board.tamper": (
        "Tanyakan siapa yang bekerja di sana; periksa segel, tutup kotaknya, catat kejadiannya.",
        "Ask who works there; check the seal, close the box, write it down.",
    ),
    "alarm.name.sources.disagree": ("Sumber kabar tidak cocok", "Sources disagree"),
    "alarm.cause.sources.disagree": (
        "Alat-alat memberi kabar berbeda tentang listrik: {sources}.",
        "The devices tell different things of the supply: {sources}.",
    ),
    "alarm.remedy.sources.disagree": (
        "Ukur tegangan PLN sendiri; periksa kontak PLN, UPS, dan papan yang disebut.",
        "Measure the mains yourself; check the mains contact, the UPS and the board that are named.",
    ),
    "alarm.name.clock.stepped": ("Jam loket melompat", "Clock stepped"),
    "alarm.cause.clock.stepped": (
        "Jam loket melompat {seconds} detik.",
        "The booth's clock jumped by {seconds} seconds.",
    ),
    "alarm.remedy.clock.stepped": (
        "Periksa baterai jam (RTC) dan NTP pengendali; waktu kejadian sebelumnya dapat meleset.",
        "Check the controller's clock battery and NTP; times of earlier events may be off.",
    ),
    "alarm.name.booth.closing": ("Loket akan padam", "Booth is closing"),
    "alarm.cause.booth.closing": (
        "Loket menutup diri; listrik cukup untuk {minutes} menit lagi.",
        "The booth shuts itself down; there is power for {minutes} more minutes.",
    ),
    "alarm.remedy.booth.closing": (
        "Pulihkan PLN atau genset sekarang; loket menyala lagi sendiri saat listrik kembali.",
        "Bring the mains or the genset back now; the booth starts again by itself when power returns.",
    ),
    # --- figures that are words ---
    "word.mains": ("PLN", "mains"),
    "word.genset": ("genset", "genset"),
    "word.both": ("keduanya", "both"),
    "word.unknown": ("tidak diketahui", "not known"),
    "word.implausible": ("di luar yang mungkin", "outside of what can be"),
    "word.moving": ("sedang berpindah", "moving"),
    "word.ups": ("UPS", "UPS"),
    "word.board": ("papan listrik", "power board"),
    "word.ats": ("ATS", "ATS"),
    "word.contact": ("kontak PLN", "mains contact"),
    "word.stop": ("STOP", "STOP"),
    "word.manual": ("MANUAL", "MANUAL"),
    "word.test": ("TEST", "TEST"),
    "word.auto": ("AUTO", "AUTO"),
    "word.emergency-stop": ("tombol darurat ditekan", "emergency stop"),
    "word.low-oil-pressure": ("tekanan oli rendah", "low oil pressure"),
    "word.high-coolant-temperature": ("air pendingin panas", "high coolant temperature"),
    "word.low-coolant-temperature": ("air pendingin dingin", "low coolant temperature"),
    "word.high-oil-temperature": ("oli panas", "high oil temperature"),
    "word.high-temperature-switch": ("sakelar suhu tinggi", "high temperature switch"),
    "word.low-oil-level": ("oli kurang", "low oil level"),
    "word.under-speed": ("putaran terlalu rendah", "under speed"),
    "word.over-speed": ("putaran terlalu tinggi", "over speed"),
    "word.fail-to-start": ("gagal menyala", "fail to start"),
    "word.fail-to-stop": ("gagal berhenti", "fail to stop"),
    "word.loss-of-speed-sensing": ("pembaca putaran hilang", "loss of speed sensing"),
    "word.magnetic-pickup": ("pembaca putaran", "magnetic pickup"),
    "word.magnetic-pickup-open": ("pembaca putaran putus", "magnetic pickup open"),
    "word.loss-of-ac-speed": ("putaran tidak terbaca", "loss of AC speed"),
    "word.genset-low-voltage": ("tegangan genset rendah", "genset low voltage"),
    "word.genset-high-voltage": ("tegangan genset tinggi", "genset high voltage"),
    "word.genset-low-frequency": ("frekuensi genset rendah", "genset low frequency"),
    "word.genset-high-frequency": ("frekuensi genset tinggi", "genset high frequency"),
    "word.genset-high-current": ("arus genset tinggi", "genset high current"),
    "word.genset-earth-fault": ("genset bocor ke tanah", "genset earth fault"),
    "word.genset-reverse-power": ("daya balik genset", "genset reverse power"),
    "word.genset-phase-rotation": ("urutan fase genset", "genset phase rotation"),
    "word.overload": ("beban lebih", "overload"),
    "word.charge-alternator": ("pengisi aki mesin", "charge alternator"),
    "word.battery-low": ("aki lemah", "battery low"),
    "word.battery-high": ("tegangan aki tinggi", "battery high"),
    "word.low-fuel": ("bahan bakar rendah", "low fuel"),
    "word.low-fuel-switch": ("sakelar bahan bakar rendah", "low fuel switch"),
    "word.maintenance-due": ("servis jatuh tempo", "maintenance due"),
    "word.ecu-warning": ("peringatan ECU", "ECU warning"),
    "word.ecu-shutdown": ("ECU menghentikan mesin", "ECU shutdown"),
    "word.mains-present": ("PLN masih ada", "the mains are present"),
    "word.mains-just-lost": ("PLN baru saja hilang", "the mains have only just gone"),
    "word.genset-volts": ("tegangan genset di luar batas", "the genset's volts are out of band"),
    "word.ats-both-closed": ("kedua kontak ATS tertutup", "both contacts of the ATS are closed"),
    "word.crank-rest": ("starter sedang jeda", "the starter rests"),
    "word.crank-locked": ("starter terkunci, terlalu banyak percobaan", "the starter is locked after too many cranks"),
    "word.deadman": ("pengendali diam", "the controller was silent"),
    # --- ISA-18.2's priorities and states ---
    "priority.critical": ("Kritis", "Critical"),
    "priority.high": ("Tinggi", "High"),
    "priority.medium": ("Sedang", "Medium"),
    "priority.low": ("Rendah", "Low"),
    "alarm.state.unacknowledged": ("Belum diakui", "Unacknowledged"),
    "alarm.state.acknowledged": ("Diakui", "Acknowledged"),
    "alarm.state.returned": ("Pulih, belum diakui", "Returned, unacknowledged"),
    "alarm.state.shelved": ("Ditunda", "Shelved"),
    "alarm.state.normal": ("Normal", "Normal"),
    # --- the lists of alarms and what a person does about one ---
    "alarms.title": ("Alarm", "Alarms"),
    "alarms.intro": (
        "Yang paling mendesak di atas. Mengakui berarti: saya sudah melihatnya dan menanganinya.",
        "The most urgent on top. To acknowledge means: I have seen it and am seeing to it.",
    ),
    "alarms.none": ("Tidak ada alarm.", "No alarms."),
    "alarms.of": ("Alarm loket ini", "This booth's alarms"),
    "alarms.all": ("Alarm semua loket", "Alarms of all booths"),
    "alarms.priority": ("Prioritas", "Priority"),
    "alarms.alarm": ("Alarm", "Alarm"),
    "alarms.cause": ("Sebab dan tindakan", "Cause and remedy"),
    "alarms.state": ("Keadaan", "State"),
    "alarms.since": ("Sejak", "Since"),
    "alarms.do": ("Tindakan", "Action"),
    "alarms.active": ("masih berlangsung", "still there"),
    "alarms.gone": ("sudah hilang", "has gone"),
    "alarms.by": ("oleh {person}", "by {person}"),
    "alarms.until": ("sampai {time}", "until {time}"),
    "alarms.acknowledge": ("Akui", "Acknowledge"),
    "alarms.acknowledge.long": ("Akui dan hentikan bunyi", "Acknowledge and silence"),
    "alarms.shelve": ("Tunda…", "Shelve…"),
    "alarms.unshelve": ("Batalkan tunda", "Unshelve"),
    "alarms.filter": ("Alarm yang tampak", "Alarms shown"),
    "alarms.filter.all": ("Semua", "All"),
    "alarms.waiting": ("dikirim, menunggu loket", "sent, waiting for the booth"),
    "alarms.missing": (
        "Alarm ini tidak ada (lagi) di loket {booth}.",
        "There is no such alarm (any more) at the booth {booth}.",
    ),
    "alarms.done.acknowledge": ("Pengakuan alarm “{name}” dikirim.", "Acknowledgement of “{name}” sent."),
    "alarms.done.shelve": ("Penundaan alarm “{name}” dikirim.", "Shelving of “{name}” sent."),
    "alarms.done.unshelve": ("Pembatalan tunda alarm “{name}” dikirim.", "Unshelving of “{name}” sent."),
    "shelve.title": ("Tunda alarm ini?", "Shelve this alarm?"),
    "shelve.intro": (
        "Alarm yang ditunda tidak berbunyi dan tidak dihitung sampai waktunya habis, walau sebabnya masih ada. "
        "Siapa yang menunda dan alasannya dicatat.",
        "A shelved alarm does not sound and is not counted until its time is over, even while its cause remains. "
        "Who shelved it and why is recorded.",
    ),
    "shelve.minutes": ("Selama", "For"),
    "shelve.minutes.n": ("{n} menit", "{n} minutes"),
    "shelve.hour": ("1 jam", "1 hour"),
    "shelve.hours.n": ("{n} jam", "{n} hours"),
    "shelve.reason": ("Alasan (wajib)", "Reason (required)"),
    "shelve.confirm": ("Tunda alarm", "Shelve the alarm"),
    "shelve.wrong": (
        "Pilih lama waktu dan tulis alasannya.",
        "Choose how long, and write the reason.",
    ),
}
