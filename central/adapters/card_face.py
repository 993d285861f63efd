"""Draws the black panel of a card: 1016 lines of 81 bytes, most significant bit first, 1 = ink (Evolis).

The picture is 1016 x 648 dots (300 dpi, CR80 landscape) turned a quarter, because the printer takes the card by its
short edge. The same job always gives the same bytes, whatever the attempt.
"""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache

import segno
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1016, 648
RASTER = WIDTH * HEIGHT // 8
_MARGIN = 56
_QR_DOTS = 8


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def k_raster(job: str, nik: str, attempt: int = 1) -> bytes:
    """The raster of the black panel, 82,296 bytes. `attempt` changes nothing: it is the same card."""
    del attempt
    picture = Image.new("1", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((16, 16, WIDTH - 17, HEIGHT - 17), outline=1, width=3)
    draw.text((_MARGIN, 48), "REPUBLIK INDONESIA", fill=1, font=_font(44))
    draw.text((_MARGIN, 108), "KARTU TANDA PENDUDUK", fill=1, font=_font(32))
    draw.line((_MARGIN, 164, WIDTH - _MARGIN, 164), fill=1, width=3)
    draw.text((_MARGIN, 196), "NIK", fill=1, font=_font(30))
    draw.text((_MARGIN, 236), nik, fill=1, font=_font(64))
    draw.text((_MARGIN, 540), job.removeprefix("job-"), fill=1, font=_font(26))
    code = segno.make(job, error="m", micro=False, boost_error=False)
    rows = [bytes(row) for row in code.matrix]
    side = len(rows) * _QR_DOTS
    left, top = WIDTH - _MARGIN - side, HEIGHT - _MARGIN - side
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                at = (left + x * _QR_DOTS, top + y * _QR_DOTS)
                draw.rectangle((*at, at[0] + _QR_DOTS - 1, at[1] + _QR_DOTS - 1), fill=1)
    return picture.transpose(Image.Transpose.ROTATE_90).tobytes()


def panels(job: str, nik: str, attempt: int = 1) -> dict[str, str]:
    """`PrintCommand.panels` of a job."""
    return {"k": base64.b64encode(zlib.compress(k_raster(job, nik, attempt), 6)).decode()}
