"""Random and mutated inputs for decoders and message handlers, the same for the same seed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence


def rounds(short: int = 2_000) -> int:
    """How many inputs: `short` in `make test`, 100,000 in `make fuzz` (which sets LOKET_FUZZ)."""
    return int(os.environ.get("LOKET_FUZZ") or short)


def inputs(good: Sequence[bytes], count: int, seed: int = 1) -> Iterator[bytes]:
    """`count` inputs: one in five is noise, the others are good ones that were bent, cut, doubled or joined."""
    chance = random.Random(seed)
    for _ in range(count):
        if not good or chance.random() < 0.2:
            yield chance.randbytes(chance.randrange(200))
        else:
            yield _bent(bytearray(chance.choice(good)), good, chance)


def _bent(data: bytearray, good: Sequence[bytes], chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(data):
                data[at] = chance.choice((0, 0x7F, 0x80, 0xFF, 0x0D, 0x22, 0x7B))
            case 2:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 3:
                del data[at : at + chance.randint(1, 16)]
            case 4:
                data[at:at] = data[at : at + chance.randint(1, 64)]
            case _:
                data[at:] = chance.choice(good)[at:]
    return bytes(data)
