"""GenComm as registers: addresses, sentinels, the two alarm layouts and the CRC of Modbus RTU.

Source: the GenComm standard (address = page * 256 + offset, big-endian, high word first). A value that a model does not
measure reads as the largest of its type: 0xFFFF, 0x7FFF signed, 0xFFFFFFFF, 0x7FFFFFFF.
"""

from __future__ import annotations

from collections.abc import Mapping

UNIMPLEMENTED = 0xFFFF
KEY_REGISTER = 4104
OLD_ALARMS, NAMED_ALARMS = 2048, 39424
"""First register of each alarm page: the number of alarms; four alarms a register follow."""
INACTIVE, WARNING, SHUTDOWN, TRIP = 1, 2, 3, 4
_ALARM_UNIMPLEMENTED = 15

# Position in the list of page 8, in the list of page 154. None: that layout has no such alarm.
ALARM_PLACES: dict[str, tuple[int | None, int | None]] = {
    "emergency_stop": (0, 0),
    "low_oil": (1, 1),
    "hot": (2, 2),
    "under_speed": (4, 4),
    "over_speed": (5, 5),
    "fail_to_start": (6, 13),
    "fail_to_stop": (7, 14),
    "loss_of_speed": (8, 18),
    "low_volts": (9, 8),
    "high_volts": (10, 9),
    "low_hertz": (11, 6),
    "high_hertz": (12, 7),
    "charge_failure": (23, 12),
    "battery_low": (24, 10),
    "battery_high": (25, 11),
    "fuel_low": (26, 22),
    "maintenance": (41, 35),
}
_OLD_COUNT, _NAMED_COUNT = 99, 80


def crc16(data: bytes) -> bytes:
    """CRC-16/MODBUS as it stands on the wire, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


class Registers:
    """The register image of one moment. Pages that were not opened are illegal addresses."""

    def __init__(self) -> None:
        self._words: dict[int, int] = {}
        self._pages: set[int] = set()

    def page(self, *pages: int) -> None:
        """These pages exist; what is not set in them reads as unimplemented."""
        self._pages.update(pages)

    def u16(self, address: int, value: float | None) -> None:
        """A rounded unsigned word."""
        self._words[address] = UNIMPLEMENTED if value is None else max(0, min(0xFFF7, round(value)))

    def s16(self, address: int, value: float | None) -> None:
        """A rounded signed word."""
        self._words[address] = 0x7FFF if value is None else max(-0x8000, min(0x7FF7, round(value))) & 0xFFFF

    def u32(self, address: int, value: float | None) -> None:
        """A rounded unsigned double word."""
        self._double(address, 0xFFFFFFFF if value is None else max(0, min(0xFFFFFFF7, round(value))))

    def s32(self, address: int, value: float | None) -> None:
        """A rounded signed double word."""
        whole = 0x7FFFFFFF if value is None else max(-(1 << 31), min(0x7FFFFFF7, round(value)))
        self._double(address, whole & 0xFFFFFFFF)

    def _double(self, address: int, whole: int) -> None:
        self._words[address], self._words[address + 1] = whole >> 16, whole & 0xFFFF

    def alarms(self, base: int, levels: Mapping[str, int]) -> None:
        """One alarm page: the count, then four alarms a register, high nibble first."""
        named = base == NAMED_ALARMS
        count = _NAMED_COUNT if named else _OLD_COUNT
        nibbles = [_ALARM_UNIMPLEMENTED] * (-(-count // 4) * 4)
        for name, places in ALARM_PLACES.items():
            if (place := places[named]) is not None:
                nibbles[place] = levels.get(name, INACTIVE)
        self._words[base] = count
        for index in range(0, len(nibbles), 4):
            a, b, c, d = nibbles[index : index + 4]
            self._words[base + 1 + index // 4] = a << 12 | b << 8 | c << 4 | d

    def keys(self, supported: frozenset[int]) -> None:
        """The bitmap of the control functions, 4096 to 4103: function 0 (key 35700) is the highest bit of the first."""
        for register in range(8):
            bits = (1 << (15 - bit) for bit in range(16) if 35700 + 16 * register + bit in supported)
            self._words[4096 + register] = sum(bits)

    def read(self, address: int, count: int) -> list[int] | None:
        """Words, or None for an illegal address: an unknown page, or a read across the end of a page."""
        if address // 256 not in self._pages or (address + count - 1) // 256 != address // 256:
            return None
        return [self._words.get(each, UNIMPLEMENTED) for each in range(address, address + count)]
