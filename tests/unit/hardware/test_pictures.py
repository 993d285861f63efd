"""Simulated people: what is recorded of them can be read, judged and told apart by programs that nobody here wrote."""

from __future__ import annotations

import io
import struct

import nbis
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hardware.simulators.pictures import people, records
from hardware.simulators.pictures.fingerprint import Condition, impression, sensor_image

DATE = (2026, 11, 24, 8, 5, 59, 7)
FINGERS = ("Right IndexFinger", "Left Thumb", "Left RingFinger", "Right LittleFinger")


def made(nfiq2: bool) -> nbis.NbisExtractor:
    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=nfiq2, ppi=500
    )
    return nbis.new_nbis_extractor(settings)


@pytest.fixture(scope="module")
def extractor() -> nbis.NbisExtractor:
    """Finds minutiae and NFIQ2."""
    return made(nfiq2=True)


@pytest.fixture(scope="module")
def matcher() -> nbis.NbisExtractor:
    """Finds minutiae alone."""
    return made(nfiq2=False)


def read(extractor: nbis.NbisExtractor, pixels: NDArray[np.uint8]) -> nbis.Minutiae:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return extractor.extract_minutiae(out.getvalue())


def quality(extractor: nbis.NbisExtractor, pixels: NDArray[np.uint8]) -> int:
    try:
        return int(read(extractor, pixels).quality().score)
    except nbis.NbisError:
        return 0  # Nothing of a finger is left in it.


def picture(record: bytes, magic: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(record[record.index(magic) :]))
    image.load()
    return image


def test_a_good_finger_is_good_for_nfiq2_and_has_minutiae_enough(extractor: nbis.NbisExtractor) -> None:
    for person, finger in enumerate(FINGERS):
        found = read(extractor, impression(7, person, finger))
        assert found.quality().score >= 50, finger
        assert 25 <= len(found.get()) <= 130, finger


@pytest.mark.parametrize("ill", ["dry", "wet", "noise", "smudge"])
def test_what_is_wrong_with_a_finger_lowers_its_nfiq2(extractor: nbis.NbisExtractor, ill: str) -> None:
    for person, finger in enumerate(FINGERS[:2]):
        good, much = quality(extractor, impression(7, person, finger)), Condition(**{ill: 0.9})
        assert quality(extractor, impression(7, person, finger, 1, much)) < good - 20, finger


def test_a_part_of_a_finger_has_fewer_minutiae_and_a_lower_nfiq2(extractor: nbis.NbisExtractor) -> None:
    whole = read(extractor, impression(7, 1, "Right Thumb"))
    part = read(extractor, impression(7, 1, "Right Thumb", 1, Condition(partial=0.8)))
    assert len(part.get()) < len(whole.get()) / 2
    assert part.quality().score < whole.quality().score


def test_two_impressions_of_a_finger_match_and_two_fingers_do_not(matcher: nbis.NbisExtractor) -> None:
    first = [read(matcher, impression(7, person, "Left Thumb", 1)) for person in range(4)]
    again = [read(matcher, impression(7, person, "Left Thumb", 2)) for person in range(4)]
    same = [one.compare(other) for one, other in zip(first, again, strict=True)]
    others = [first[a].compare(again[b]) for a in range(4) for b in range(4) if a != b]
    assert min(same) > max(others), (same, others)


def test_a_small_sensor_sees_the_finger_that_the_slap_scanner_saw(matcher: nbis.NbisExtractor) -> None:
    small = sensor_image(7, 2, "Right IndexFinger")
    assert (small.shape, small.dtype) == ((288, 256), np.uint8)
    slap = read(matcher, impression(7, 2, "Right IndexFinger", 5))
    other = read(matcher, impression(7, 3, "Right IndexFinger", 5))
    mine = read(matcher, small)
    assert mine.compare(slap) > mine.compare(other)


def test_a_person_is_the_same_every_time_and_no_two_are_alike() -> None:
    for kind, subtype in (("Finger", "Left Thumb"), ("Face", ""), ("Iris", "Left")):
        one, again, other, later = (
            people.record(kind, 1, person, subtype, attempt, 92, DATE, False)
            for person, attempt in ((5, 1), (5, 1), (6, 1), (5, 2))
        )
        assert one == again, kind
        assert len({one, other, later}) == 3, kind


def test_a_finger_record_is_laid_out_as_iso_19794_4_and_its_wsq_can_be_read(extractor: nbis.NbisExtractor) -> None:
    import wsq  # noqa: F401 - teaches Pillow the format

    record = people.record("Finger", 1, 2, "Left RingFinger", 1, 70, DATE, False)
    head = struct.unpack(">4s4sIHBB", record[:16])
    assert head == (b"FIR\0", b"\x30\x32\x30\0", len(record), 1, 0, 1)
    length, *date = struct.unpack(">IH5BH", record[16:29])
    assert length == len(record) - 16
    assert tuple(date) == DATE
    assert record[34] == 1, "one block of quality"
    assert record[35] == 70
    position, number, unit, *ppi = struct.unpack(">BBB4H", record[40:51])
    assert (position, number, unit, ppi) == (9, 0, 1, [500] * 4)
    depth, compression, impressed, width, height, size = struct.unpack(">BBBHHI", record[51:62])
    assert (depth, compression, impressed, size) == (8, 2, 0, len(record) - 62)
    image = picture(record, b"\xff\xa0")
    assert (image.format, image.size) == ("WSQ", (width, height))
    assert quality(extractor, np.asarray(image)) >= 45


def test_face_and_iris_records_hold_jpeg_2000() -> None:
    face = people.record("Face", 1, 2, "", 1, 95, DATE, False)
    assert struct.unpack(">4s4sIHBHI", face[:21]) == (b"FAC\0", b"030\0", len(face), 1, 0, 0, len(face) - 17)
    image = picture(face, b"\0\0\0\x0cjP  ")
    assert (image.format, image.mode) == ("JPEG2000", "RGB")
    assert struct.unpack(">HH", face[60:64]) == image.size
    iris = people.record("Iris", 1, 2, "Left", 1, 80, DATE, False)
    assert struct.unpack(">4s4sIHBBI", iris[:20]) == (b"IIR\0", b"020\0", len(iris), 1, 0, 1, len(iris) - 16)
    assert iris[42:44] == b"\2\2", "the left eye, at 640 x 480"
    image = picture(iris, b"\0\0\0\x0cjP  ")
    assert (image.format, image.mode, image.size) == ("JPEG2000", "L", (640, 480))


def test_the_quality_that_is_asked_for_is_about_the_one_that_nfiq2_finds(extractor: nbis.NbisExtractor) -> None:
    import wsq  # noqa: F401 - teaches Pillow the format

    asked, found = [], []
    for person, want in enumerate((15, 24, 33, 42, 51, 60, 68, 74)):
        record = people.record("Finger", 1, person, FINGERS[person % 4], 1, want, DATE, False)
        asked.append(want)
        found.append(quality(extractor, np.asarray(picture(record, b"\xff\xa0"))))
    assert np.corrcoef(asked, found)[0, 1] > 0.7, list(zip(asked, found, strict=True))


def test_every_finger_and_eye_of_sbi_has_its_code_in_the_standard() -> None:
    assert len(records.POSITIONS) == 10
    assert (records.POSITIONS["Right Thumb"], records.POSITIONS["Left LittleFinger"]) == (1, 10)
    assert records.EYES == {"Right": 1, "Left": 2}
