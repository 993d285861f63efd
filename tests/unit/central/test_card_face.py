"""The card's picture is what the printer expects, and always the same for a job."""

from __future__ import annotations

import base64
import zlib

from PIL import Image

from central.adapters.card_face import RASTER, k_raster, panels

JOB, NIK = "job-aaaaaaaaaaaa-1", "3526014107900001"


def test_the_raster_has_1016_lines_of_81_bytes() -> None:
    assert len(k_raster(JOB, NIK)) == RASTER == 1016 * 81


def test_every_attempt_of_a_job_is_the_same_picture_and_other_jobs_are_not() -> None:
    assert k_raster(JOB, NIK, 1) == k_raster(JOB, NIK, 2)
    assert k_raster(JOB, NIK) != k_raster("job-aaaaaaaaaaaa-2", NIK)
    assert k_raster(JOB, NIK) != k_raster(JOB, "3526010107900001")


def test_the_panel_of_the_command_unpacks_to_the_raster_and_fits_a_message() -> None:
    text = panels(JOB, NIK)["k"]
    assert zlib.decompress(base64.b64decode(text)) == k_raster(JOB, NIK)
    assert len(text) < 20_000


def test_most_of_the_card_stays_without_ink_and_the_text_is_inside_it() -> None:
    picture = Image.frombytes("1", (648, 1016), k_raster(JOB, NIK)).rotate(-90, expand=True)
    assert picture.size == (1016, 648)
    ink = picture.histogram()[255]
    assert 0.01 < ink / (1016 * 648) < 0.2
    assert picture.getbbox() == (16, 16, 1000, 632)


def test_the_longest_job_name_still_fits() -> None:
    assert len(k_raster("job-" + "a" * 80, NIK)) == RASTER
