"""Records of every layout are read, and bytes made to hurt are only unreadable."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge.judge import wire
from edge.judge.__main__ import Judging
from edge.judge.records import FACE, FINGER, IRIS, STROKES, Unreadable, picture, strokes
from tests.unit.edge import judged

GREY = Image.linear_gradient("L").resize((120, 100))
COLOUR = Image.merge("RGB", (GREY, GREY.rotate(180), GREY))

RECORDS = {
    "finger 2011 WSQ": (judged.finger_2011(GREY), FINGER, "WSQ"),
    "finger 2011 PNG": (judged.finger_2011(GREY, "PNG", certified=True), FINGER, "PNG"),
    "finger 2011 JPEG 2000": (judged.finger_2011(GREY, "JPEG2000"), FINGER, "JPEG2000"),
    "finger 2011 raw": (judged.finger_2011(GREY, "RAW"), FINGER, "RAW8"),
    "finger 2005 WSQ": (judged.finger_2005(GREY), FINGER, "WSQ"),
    "finger 2005 raw": (judged.finger_2005(GREY, "RAW"), FINGER, "RAW8"),
    "face 2011 JPEG 2000": (judged.face_2011(COLOUR), FACE, "JPEG2000"),
    "face 2005 JPEG": (judged.face_2005(COLOUR), FACE, "JPEG"),
    "a plain JPEG": (judged.encoded(COLOUR, "JPEG"), FACE, "JPEG"),
    "iris 2011 PNG": (judged.iris_2011(GREY), IRIS, "PNG"),
    "iris 2011 raw": (judged.iris_2011(GREY, "RAW"), IRIS, "RAW8"),
    "iris 2005 raw": (judged.iris_2005(GREY), IRIS, "RAW8"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_image_of_a_record_is_found(name: str) -> None:
    value, form, kind = RECORDS[name]
    found = picture(value, form)
    assert found.kind == kind
    if name != "a plain JPEG":
        assert (found.width, found.height) == GREY.size


@pytest.mark.parametrize("form", [judged.finger_2011(GREY, ppi=197, unit=2), judged.finger_2011(GREY)])
def test_the_resolution_is_told_per_inch(form: bytes) -> None:
    assert picture(form, FINGER).ppi == pytest.approx(500, abs=1)


@pytest.mark.parametrize("name", [name for name in RECORDS if name != "a plain JPEG"])
def test_a_record_cut_anywhere_is_unreadable(name: str) -> None:
    value, form, _ = RECORDS[name]
    for end in [*range(90), *random.Random(7).sample(range(len(value)), 40)]:
        with pytest.raises(Unreadable):
            picture(value[:end], form)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (b"", "begins with nothing"),
        (b"FIR\x00020\x00" + bytes(2000), "no image"),
        (b"FIR\x00099\x00" + bytes(2000), "version"),
        (RECORDS["iris 2011 PNG"][0], "it is iso19794-6"),
        (RECORDS["finger 2011 raw"][0].replace(bytes([0, 120, 0, 100]), bytes([0, 121, 0, 100])), "121 x 100"),
    ],
)
def test_why_a_record_is_unreadable_is_told(value: bytes, word: str) -> None:
    with pytest.raises(Unreadable, match=word):
        picture(value, FINGER)


def test_a_signature_that_claims_more_than_it_has_is_unreadable() -> None:
    for value in (b"", b"TPZ1", b"TPZ1\x01\x9a\xff\xff", b"TPZ1\x01\x9a\x00\x01\xff\xff" + bytes(60)):
        with pytest.raises(Unreadable):
            strokes(value)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*RECORDS.values(), (b"TPZ1\x01\x9a\x00\x01\x00\x02" + bytes(12), STROKES, "")]), st.data())
def test_a_spoilt_record_gets_an_answer_and_no_more(record: tuple[bytes, str, str], data: st.DataObject) -> None:
    """Faces, eyes and signatures, whose decoders are Pillow's; what native code does to fingers, a process bears."""
    value, form, _ = record
    spoilt = bytearray(value)
    for _ in range(data.draw(st.integers(1, 6))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    if form == FINGER:
        try:
            picture(bytes(spoilt), form)
        except Unreadable:
            return
    else:
        answer = Judging().answer({"ask": "sample", "format": form, "officers": []}, [bytes(spoilt)])
        head, _ = wire.sizes(answer[:8])
        assert "parts" in json.loads(answer[8 : 8 + head])


def test_frames_that_do_not_fit_are_refused() -> None:
    frame = wire.encode({"ask": "sample"}, [b"a", b"bc"])
    assert wire.decode(frame[8:-3], frame[-3:]) == ({"ask": "sample"}, [b"a", b"bc"])
    for head in (b"", b"[]", b"{}", b'{"parts":[4]}', b'{"parts":[-1,4]}', b'{"parts":["x"]}', b'{"parts":7}'):
        with pytest.raises(wire.FrameError):
            wire.decode(head, b"abc")
    with pytest.raises(wire.FrameError):
        wire.encode({}, [bytes(wire.LARGEST_BODY + 1)])
