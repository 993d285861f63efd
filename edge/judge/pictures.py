"""Images out of records, and the small ones that the officer sees. Needs Pillow; WSQ needs its plug-in `wsq`."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageDraw, Jpeg2KImagePlugin, JpegImagePlugin, PngImagePlugin

from edge.judge.records import Picture, Unreadable

try:
    import wsq
except ImportError:  # The wheel is not there for every machine; the other formats still work.
    wsq = None  # type: ignore[assignment,unused-ignore]

PLUGINS: Final = (Jpeg2KImagePlugin, JpegImagePlugin, PngImagePlugin)
MOST_PIXELS: Final = 24_000_000
SIDE: Final = 320
LARGEST: Final = 20_000

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


def decoded(picture: Picture) -> Image.Image:
    """The pixels, grey (`L`) or `RGB`. Raises Unreadable."""
    if picture.kind.startswith("RAW"):
        size = picture.width, picture.height
        return Image.frombytes("L" if picture.kind == "RAW8" else "RGB", size, picture.data)
    if picture.kind == "WSQ" and wsq is None:
        raise Unreadable("WSQ cannot be read: the package wsq is not installed")
    try:
        with Image.open(io.BytesIO(picture.data), formats=[picture.kind]) as image:
            image.load()
            return image.convert("L" if image.mode in ("L", "1", "I;16", "I", "LA") else "RGB")
    except Exception as error:  # Pillow's and the plug-ins' decoders raise whatever they like.
        what = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
        raise Unreadable(f"the {picture.kind} image cannot be read: {what}") from error


def thumbnail(image: Image.Image) -> bytes:
    """A JPEG of at most 320 x 320 and 20 kB."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE))
    while True:
        for quality in (75, 55, 35):
            out = io.BytesIO()
            small.save(out, "JPEG", quality=quality)
            if out.tell() <= LARGEST:
                return out.getvalue()
        small = small.reduce(2)


def drawn(strokes: list[list[tuple[int, int]]]) -> Image.Image:
    """A signature as ink on paper, its edges where the ink ends. Raises Unreadable when there is no ink."""
    points = [point for stroke in strokes for point in stroke]
    if not points:
        raise Unreadable("there is no ink in the signature")
    left, top = min(x for x, _ in points), min(y for _, y in points)
    width = max(x for x, _ in points) - left
    height = max(y for _, y in points) - top
    scale = (SIDE - 20) * 2 / max(width, height, 1)
    size = max(40, int(width * scale) + 40), max(40, int(height * scale) + 40)
    paper = Image.new("L", size, 255)
    pen = ImageDraw.Draw(paper)
    for stroke in strokes:
        line = [(20 + (x - left) * scale, 20 + (y - top) * scale) for x, y in stroke]
        if len(line) == 1:
            x, y = line[0]
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=0)
        elif line:
            pen.line(line, fill=0, width=5, joint="curve")
    return paper
