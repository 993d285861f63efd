"""Each finger is judged by itself, an officer's finger is found, and no crash of native code loses a capture."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from PIL import Image

from contract.messages import Modality
from edge.adapters.items import JudgedCapture, TemplateMade
from edge.adapters.judge import Judge
from edge.core.events import CaptureTaken
from edge.devices import topaz
from tests.unit.edge import judged
from tests.unit.edge.judged import finger, finger_2011, slap

PATIENCE_S = 30.0
GOOD = finger_2011(finger(1))
OTHER = finger_2011(finger(2))
NOISE = finger_2011(Image.effect_noise((260, 320), 90), "PNG")
BLANK = finger_2011(Image.new("L", (260, 320), 255), "PNG")


class Desk:
    """A judge, what comes back from it, and the officers that it knows."""

    def __init__(self, **options: Any) -> None:
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.officers: dict[str, bytes] = {}
        self.judge = Judge(lambda: self.officers, self.inbox.put, **{"limit_s": PATIENCE_S, **options})

    def judged(self, taken: CaptureTaken) -> JudgedCapture:
        self.judge.ask(taken)
        item = self.inbox.get(timeout=PATIENCE_S)
        assert isinstance(item, JudgedCapture)
        assert item.taken.judged
        assert [sample.value for sample in item.taken.samples] == [sample.value for sample in taken.samples]
        assert (item.taken.hash, item.taken.transaction) == (taken.hash, taken.transaction)
        return item

    def template(self, image: Image.Image) -> TemplateMade:
        self.judge.make_template(3, image.tobytes())
        item = self.inbox.get(timeout=PATIENCE_S)
        assert isinstance(item, TemplateMade)
        return item


@pytest.fixture
def desk() -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def make(**options: Any) -> Desk:
        desks.append(Desk(**options))
        return desks[-1]

    yield make
    for one in desks:
        one.judge.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[Desk]:
    one = Desk()
    yield one
    one.judge.stop()


def qualities(capture: JudgedCapture) -> dict[str, int | None]:
    return {sample.subtype: sample.nfiq2 for sample in capture.taken.samples}


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def spoilt(lines: str) -> Mapping[str, Any]:
    """A judge in whose process `lines` were run first."""
    script = textwrap.dedent(lines) + "\nimport sys\nfrom edge.judge.__main__ import main\nsys.exit(main())\n"
    return {"command": (sys.executable, "-c", script)}


# --- what it finds ---


def test_a_bad_finger_does_not_hide_among_good_ones(shared: Desk) -> None:
    capture = shared.judged(slap(GOOD, OTHER, BLANK, b"no record"))
    index, middle, ring, little = capture.taken.samples
    assert index.nfiq2 is not None and index.nfiq2 > 30
    assert middle.nfiq2 is not None and middle.nfiq2 > 30
    assert ring.nfiq2 == 0, "whatever the device says: there is no finger in the image"
    assert little.nfiq2 is None
    assert set(capture.reasons) == {"Right RingFinger", "Right LittleFinger"}
    assert "begins with 6e 6f" in capture.reasons["Right LittleFinger"]
    assert capture.taken.officer == ""


@pytest.mark.parametrize("kind", ["RAW", "PNG", "JPEG2000"])
def test_the_quality_is_the_same_however_the_image_is_packed(shared: Desk, kind: str) -> None:
    packed = shared.judged(slap(finger_2011(finger(1), kind), judged.finger_2005(finger(1), "RAW"))).taken.samples
    assert packed[0].nfiq2 is not None
    assert packed[1].nfiq2 == packed[0].nfiq2 or kind == "JPEG2000"


def test_an_image_of_another_resolution_is_brought_to_that_of_nfiq2(shared: Desk) -> None:
    large = finger(1).resize((520, 640), Image.Resampling.BICUBIC)
    plain, scaled = shared.judged(slap(finger_2011(finger(1), "PNG"), finger_2011(large, "PNG", 1000))).taken.samples
    assert plain.nfiq2 is not None and scaled.nfiq2 is not None
    assert abs(plain.nfiq2 - scaled.nfiq2) <= 10


@pytest.mark.parametrize("size", [(8, 8), (60, 400), (1600, 1500)])
def test_what_is_not_the_size_of_a_finger_is_told(shared: Desk, size: tuple[int, int]) -> None:
    capture = shared.judged(slap(finger_2011(Image.effect_noise(size, 90), "RAW"), GOOD))
    assert f"{size[0]} x {size[1]}" in capture.reasons["Right IndexFinger"]
    assert qualities(capture)["Right MiddleFinger"], "the next one is judged all the same"


def test_an_officers_finger_is_found_and_nobody_elses(shared: Desk) -> None:
    shared.officers.clear()
    made = shared.template(finger(1, 256, 288))
    assert (made.page, made.error) == (3, "")
    assert made.template.startswith(b"FMR\x00")
    shared.officers.update(siti=made.template, damaged=b"FMR\x00 20\x00junk")
    again = finger_2011(finger(1, dx=9, turn=0.09, noise=20))
    assert shared.judged(slap(OTHER, again)).taken.officer == "siti"
    assert shared.judged(slap(OTHER, NOISE)).taken.officer == ""
    shared.officers.clear()
    assert shared.judged(slap(again)).taken.officer == ""


@pytest.mark.parametrize("image", [Image.new("L", (256, 288), 255), Image.new("L", (10, 10))])
def test_an_image_without_a_finger_makes_no_template(shared: Desk, image: Image.Image) -> None:
    made = shared.template(image)
    assert made.template == b""
    assert "enrol it again" in made.error


FACE = Image.merge("RGB", [Image.radial_gradient("L").resize((900, 1200))] * 3)
EYE = Image.effect_noise((640, 480), 60)
INK = topaz.encode([[(0, 100, 100), (8, 900, 400), (16, 200, 700)], [(30, 500, 500)]])
SEEN = {
    "a face": judged.one(Modality.PHOTO, "iso19794-5", judged.face_2011(FACE)),
    "a face in a record of 2005": judged.one(Modality.PHOTO, "iso19794-5", judged.face_2005(FACE)),
    "a plain photo": judged.one(Modality.EXCEPTION_PHOTO, "iso19794-5", judged.encoded(FACE, "JPEG")),
    "an eye": judged.one(Modality.IRIS, "iso19794-6", judged.iris_2011(EYE, "RAW"), "Left"),
    "a signature": judged.one(Modality.SIGNATURE, "topaz-strokes", INK, "Signature"),
    "a finger": slap(GOOD),
}


@pytest.mark.parametrize("what", SEEN)
def test_the_officer_sees_a_small_picture(shared: Desk, what: str) -> None:
    capture = shared.judged(SEEN[what])
    assert capture.reasons == {}
    (small,) = capture.thumbnails.values()
    assert len(small) <= 20_000
    image = Image.open(io.BytesIO(small))
    assert image.format == "JPEG"
    assert max(image.size) <= 320 and min(image.size) >= 100
    low, high = image.convert("L").getextrema()
    assert high - low > 100, "there is something to be seen"


def test_captures_come_back_in_the_order_of_asking(shared: Desk) -> None:
    transactions = [f"t-{number}" for number in range(4)]
    for transaction in transactions:
        shared.judge.ask(slap(GOOD if transaction == "t-0" else b"", transaction=transaction))
    back = [shared.inbox.get(timeout=PATIENCE_S).taken.transaction for _ in transactions]
    assert back == transactions


# --- what happens to it ---

CRASHES = """
    import os
    from edge.judge.fingers import Fingers
    judge = Fingers.judge
    Fingers.judge = lambda self, image, *more: os.abort() if image.width == 111 else judge(self, image, *more)
"""
DEADLY = finger_2011(Image.new("L", (111, 111)), "PNG")


def test_a_finger_that_crashes_the_process_costs_only_its_own_verdict(desk: Callable[..., Desk]) -> None:
    one = desk(**spoilt(CRASHES))
    capture = one.judged(slap(GOOD, DEADLY, OTHER))
    index, middle, ring = capture.taken.samples
    assert index.nfiq2 and ring.nfiq2
    assert middle.nfiq2 is None
    assert "signal 6" in capture.reasons["Right MiddleFinger"]


def test_a_judge_that_fails_always_is_left_alone(desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture) -> None:
    one = desk(command=(sys.executable, "-c", "import sys; sys.exit(9)"))
    capture = one.judged(slap(GOOD, GOOD, GOOD, GOOD))
    assert set(qualities(capture).values()) == {None}
    assert "exit code 9" in capture.reasons["Right IndexFinger"]
    assert "too often" in capture.reasons["Right LittleFinger"]
    one.judged(slap(GOOD, GOOD))
    assert sum("exit code 9" in line for line in caplog.messages) == 1, "told once"


def test_a_judge_that_cannot_be_started_loses_nothing(desk: Callable[..., Desk]) -> None:
    capture = desk(command=("/nowhere/python",)).judged(slap(GOOD))
    assert qualities(capture) == {"Right IndexFinger": None}
    assert "/nowhere/python" in capture.reasons["Right IndexFinger"]


def test_a_judge_that_hangs_is_given_up(desk: Callable[..., Desk]) -> None:
    large = finger_2011(Image.effect_noise((700, 900), 90), "RAW")
    one = desk(command=(sys.executable, "-c", "import time; time.sleep(600)"), limit_s=0.5)
    one.judge.ask(slap(large, large))
    until(lambda: one.judge.pid is not None)
    pid = one.judge.pid
    assert pid is not None
    capture = one.inbox.get(timeout=PATIENCE_S)
    assert "within 0.5 s" in capture.reasons["Right IndexFinger"]
    assert capture.taken.judged
    assert not alive(pid)


def test_a_judge_that_answers_nonsense_is_given_up(desk: Callable[..., Desk]) -> None:
    capture = desk(command=(sys.executable, "-c", "print('hello, this is no frame')")).judged(slap(GOOD))
    assert qualities(capture) == {"Right IndexFinger": None}


def test_without_the_package_the_officer_still_sees_the_finger(desk: Callable[..., Desk]) -> None:
    capture = desk(**spoilt("import sys\nsys.modules['nbis'] = None")).judged(slap(GOOD))
    assert qualities(capture) == {"Right IndexFinger": None}
    assert "nbis-py" in capture.reasons["Right IndexFinger"]
    assert capture.thumbnails["Right IndexFinger"]


def test_without_pillow_the_capture_comes_back(desk: Callable[..., Desk]) -> None:
    capture = desk(**spoilt("import sys\nsys.modules['PIL'] = None")).judged(slap(GOOD))
    assert "PIL is not installed" in capture.reasons["Right IndexFinger"]


def test_officers_templates_that_cannot_be_read_stop_no_recording() -> None:
    def broken() -> Mapping[str, bytes]:
        raise OSError("the disk is gone")

    inbox: SimpleQueue[Any] = SimpleQueue()
    judge = Judge(broken, inbox.put, limit_s=PATIENCE_S)
    judge.ask(slap(GOOD))
    assert inbox.get(timeout=PATIENCE_S).taken.samples[0].nfiq2
    judge.stop()


def test_an_idle_judge_gives_its_memory_back(desk: Callable[..., Desk]) -> None:
    one = desk(idle_s=0.2)
    one.judged(slap(b""))
    until(lambda: one.judge.pid is None)
    assert qualities(one.judged(slap(GOOD)))["Right IndexFinger"]


def test_a_stopped_judge_is_gone(desk: Callable[..., Desk]) -> None:
    one = desk()
    one.judged(slap(b""))
    pid = one.judge.pid
    assert pid is not None
    one.judge.stop()
    assert not alive(pid)


def test_it_dies_with_the_booth() -> None:
    script = """
        import time
        from queue import SimpleQueue
        from edge.adapters.judge import Judge
        from tests.unit.edge.judged import slap
        inbox = SimpleQueue()
        judge = Judge(dict, inbox.put)
        judge.ask(slap(b""))
        inbox.get()
        print(judge.pid, flush=True)
        time.sleep(600)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True) as booth:
        assert booth.stdout is not None
        pid = int(booth.stdout.readline())
        assert alive(pid)
        os.kill(booth.pid, signal.SIGKILL)
        until(lambda: not alive(pid))


def test_it_can_write_no_file_and_leaves_no_core(desk: Callable[..., Desk], tmp_path: Path) -> None:
    leak = tmp_path / "leak"
    one = desk(
        **spoilt(
            f"""
            import resource
            from edge.judge.fingers import Finger, Fingers
            def judge(self, image, *more):
                why = str(resource.getrlimit(resource.RLIMIT_CORE))
                try:
                    with open({str(leak)!r}, "wb") as file:
                        file.write(image.tobytes())
                except OSError as error:
                    why += error.strerror
                return Finger(why=why)
            Fingers.judge = judge
            """
        )
    )
    capture = one.judged(slap(GOOD))
    assert capture.reasons["Right IndexFinger"] == "(0, 0)File too large"
    assert leak.read_bytes() == b""


def test_the_booth_itself_loads_nothing_of_it() -> None:
    script = "import sys, edge.adapters.judge; print({'PIL', 'wsq', 'nbis', 'numpy'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"
