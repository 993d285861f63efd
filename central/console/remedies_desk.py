"""Indonesian words for what the coordinator says of NIKs, of packets that are not right, and of broken records."""

from __future__ import annotations

from typing import Final

KNOWN_DESK: Final[dict[str, str]] = {
    # The centre's word about a NIK
    "{}; nothing was sent": "{}; tidak ada yang dikirim",
    "the centre says that this NIK is enrolled already": "pusat menyatakan NIK ini sudah pernah direkam",
    "the centre says that this NIK is enrolled already: {}": "pusat menyatakan NIK ini sudah pernah direkam: {}",
    "the centre says that the person of this NIK is enrolled under another one": (
        "pusat menyatakan pemilik NIK ini sudah direkam dengan NIK lain"
    ),
    "the centre says that the person of this NIK is enrolled under another one: {}": (
        "pusat menyatakan pemilik NIK ini sudah direkam dengan NIK lain: {}"
    ),
    "the centre does not know this NIK, and no officer has given a reason to go on": (
        "pusat tidak mengenal NIK ini, dan tidak ada petugas yang memberi alasan untuk melanjutkan"
    ),
    "the centre does not know this NIK, and no officer has given a reason to go on: {}": (
        "pusat tidak mengenal NIK ini, dan tidak ada petugas yang memberi alasan untuk melanjutkan: {}"
    ),
    # Packets
    "the entry {} cannot be opened: {}": "bagian {} tidak dapat dibuka: {}",
    "the capture {} is not the one that the manifest names: it was altered": (
        "rekaman {} bukan yang disebut manifes: isinya diubah"
    ),
    "the entry 'signature' is missing: this booth signs its packets": (
        "bagian 'signature' tidak ada, padahal loket ini menandatangani paketnya"
    ),
    "the entry 'signature' does not fit the packet: altered, or signed by another booth": (
        "bagian 'signature' tidak cocok dengan paketnya: diubah, atau ditandatangani loket lain"
    ),
    "the entry 'signature' cannot be checked: the booth has told no key of its own": (
        "bagian 'signature' tidak dapat diperiksa: loket belum memberi tahu kuncinya"
    ),
    "the packet is of another NIK than the one that the enrolment was opened for": (
        "paket ini milik NIK lain daripada yang dibuka untuk perekaman ini"
    ),
    "every entry of the packet is right, but its SHA-256 is not the announced one": (
        "semua bagian paket benar, tetapi SHA-256-nya bukan yang diumumkan"
    ),
    # Keys and records
    "the booth tells another key ({}) for its memory {} than before ({}): what it signs with it is refused; copy "
    "booth.key back from where its booth.db came from, or move both aside and start again, and find out who changed "
    "it": (
        "loket menyebut kunci lain ({}) untuk memorinya {} daripada sebelumnya ({}): yang ditandatangani dengannya "
        "ditolak; salin kembali booth.key dari asal booth.db, atau sisihkan keduanya dan mulai lagi, dan cari tahu "
        "siapa yang menggantinya"
    ),
    "the record of who did what (memory {}) breaks at deed {}: {}; look at Audit in the console; stop the booth, keep "
    "its booth.db as it is and compare its deeds with those here": (
        "catatan siapa melakukan apa (memori {}) putus pada {}: {}; lihat Jejak audit di konsol; hentikan loket, "
        "simpan booth.db apa adanya dan bandingkan catatannya dengan yang di sini"
    ),
    "its content does not have its hash": "isinya diubah",
    "it does not follow the deed before it: one of the two was replaced": (
        "tidak menyambung ke catatan sebelumnya: salah satunya diganti"
    ),
    "the deed before it is missing": "catatan sebelumnya hilang",
    "another deed has this number already": "nomor ini sudah dipakai catatan lain",
    "the booth has a new memory: its queue before that is not known any more": (
        "loket memakai memori baru: antrean sebelumnya tidak diketahui lagi"
    ),
}
