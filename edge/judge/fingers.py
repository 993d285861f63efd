"""Quality and likeness of fingers through NIST's NFIQ2, MINDTCT and Bozorth3 (`nbis-py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from PIL import Image

try:
    import nbis
except (ImportError, OSError):  # There is no wheel for this machine, or the C library is too old for it.
    nbis = None

PPI: Final = 500.0
MISSING: Final = "fingers cannot be judged: the package nbis-py is not installed for this machine"
#: NFIQ2 takes one finger of at most 800 x 1000; below 90 pixels there is no finger, and MINDTCT crashes at 8 x 8.
LEAST_SIDE, MOST_WIDTH, MOST_HEIGHT = 90, 800, 1000
LEAST_MINUTIAE: Final = 12


@dataclass(frozen=True, slots=True)
class Finger:
    """What there is to say of a finger. `nfiq2` None: not known, `why` says so; 0: there is no finger to be seen.

    `officer`, `score`: the officer's finger that it is most like, by Bozorth3; `unusable`: officers whose templates
    cannot be read.
    """

    nfiq2: int | None = None
    why: str = ""
    officer: str = ""
    score: int = 0
    unusable: list[str] = field(default_factory=list)


class Fingers:
    """The extractor, loaded once (0.4 s, some 60 MB), at the first finger or when there is time."""

    def __init__(self) -> None:
        self._extractors: dict[bool, Any] = {}

    def load(self) -> None:
        """Make ready, so that the next finger need not wait."""
        if nbis is not None:
            self._extractor(quality=True)

    def judge(self, image: Image.Image, ppi: float, officers: Mapping[str, bytes]) -> Finger:
        """NFIQ2 of a finger, and who of the officers it is most like. `ppi` 0: not known, then 500 is supposed."""
        if nbis is None:
            return Finger(why=MISSING)
        image = _scaled(image.convert("L"), ppi)
        why = _misfit(image)
        if why:
            return Finger(why=why)
        pnm = _pnm(image)
        nfiq2 = 0
        try:
            minutiae = self._extractor(quality=True).extract_minutiae(pnm)
            nfiq2 = int(minutiae.quality().score)
            if not 0 <= nfiq2 <= 100:
                return Finger(why=f"NFIQ2 said {nfiq2}, which is no quality")
        except nbis.NbisError.Nfiq2ComputeFailed:
            why = "NFIQ2 sees no finger in the image"
            minutiae = self._extractor(quality=False).extract_minutiae(pnm) if officers else None
        except nbis.NbisError as error:
            return Finger(why=_text(error))
        officer, score, unusable = self._likest(minutiae, officers) if minutiae is not None else ("", 0, [])
        return Finger(nfiq2, why, officer, score, unusable)

    def template(self, image: Image.Image) -> bytes:
        """ISO/IEC 19794-2:2005 of a finger at 500 ppi. Raises ValueError saying what is wrong with it."""
        if nbis is None:
            raise ValueError(MISSING)
        why = _misfit(image)
        if why:
            raise ValueError(why)
        try:
            minutiae = self._extractor(quality=False).extract_minutiae(_pnm(image))
            found = len(minutiae.get())
            if found < LEAST_MINUTIAE:
                raise ValueError(f"the finger shows {found} features, {LEAST_MINUTIAE} are needed")
            return bytes(minutiae.to_iso_19794_2_2005())
        except nbis.NbisError as error:
            raise ValueError(_text(error)) from error

    def _likest(self, minutiae: Any, officers: Mapping[str, bytes]) -> tuple[str, int, list[str]]:
        best, score, unusable = "", 0, []
        for officer, template in officers.items():
            try:
                likeness = minutiae.compare(self._extractor(quality=True).load_iso_19794_2_2005(template))
            except (nbis.NbisError, nbis.InternalError):
                unusable.append(officer)
                continue
            if likeness > score:
                best, score = officer, likeness
        return best, score, unusable

    def _extractor(self, quality: bool) -> Any:
        if quality not in self._extractors:
            settings = nbis.NbisExtractorSettings(
                min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=quality, ppi=PPI
            )
            self._extractors[quality] = nbis.new_nbis_extractor(settings)
        return self._extractors[quality]


def _scaled(image: Image.Image, ppi: float) -> Image.Image:
    """At 500 ppi, the only resolution that NFIQ2 knows. A rate that no scanner has is taken for a maker's mistake."""
    if abs(ppi - PPI) <= 5 or not 250 <= ppi <= 1300:
        return image
    size = (max(1, round(image.width * PPI / ppi)), max(1, round(image.height * PPI / ppi)))
    return image.resize(size)


def _misfit(image: Image.Image) -> str:
    if min(image.size) < LEAST_SIDE:
        return f"{image.width} x {image.height} pixels are too few for a finger"
    if image.width > MOST_WIDTH or image.height > MOST_HEIGHT:
        return f"{image.width} x {image.height} pixels are more than one finger"
    return ""


def _pnm(image: Image.Image) -> bytes:
    return b"P5 %d %d 255\n" % image.size + image.tobytes()


def _text(error: Exception) -> str:
    return f"MINDTCT cannot read the image: {type(error).__name__} {str(error)[:80]}".strip()
