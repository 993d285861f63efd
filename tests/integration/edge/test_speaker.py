"""The loudspeaker with the real espeak-ng: in order, never two at once, recordings first, and trouble told."""

from __future__ import annotations

import io
import logging
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from edge.adapters import sound
from edge.adapters.speaker import Alsa, Folder, Output, Programs, Speaker
from edge.core.events_desk import Announced
from edge.core.speech import words
from tests.integration.needs import needs_program

needs_program("espeak-ng", "espeak-ng")
needs_program("aplay", "alsa-utils")

PATIENCE_S = 10.0


class Hall:
    """Who listens: what was announced, in order."""

    def __init__(self) -> None:
        self.told: Queue[object] = Queue()
        self._speakers: list[Speaker] = []

    def speaker(self, output: Output | None, **given: object) -> Speaker:
        made = Speaker(output, self.told.put, **given)  # type: ignore[arg-type]
        self._speakers.append(made)
        made.start()
        return made

    def announced(self, count: int = 1) -> list[Announced]:
        found = [self.told.get(timeout=PATIENCE_S) for _ in range(count)]
        return [each for each in found if isinstance(each, Announced)]

    def close(self) -> None:
        for each in self._speakers:
            each.stop()


@pytest.fixture
def hall() -> Iterator[Hall]:
    made = Hall()
    yield made
    made.close()


def heard(folder: Path) -> list[tuple[str, bytes]]:
    """The files of a folder, in order: name and samples."""
    found = []
    for path in sorted(folder.iterdir()):
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22_050, 1, 2)
            found.append((path.name, file.readframes(file.getnframes())))
    return found


def record(folder: Path, language: str, call: tuple[str, str], leave: str = "") -> None:
    """Recordings for a call, each a constant level of its own."""
    (folder / language).mkdir(parents=True, exist_ok=True)
    for level, word in enumerate(words(*call), 1):
        if word.clip != leave:
            samples = (100 * level).to_bytes(2, "little") * 2_205
            (folder / language / f"{word.clip}.wav").write_bytes(sound.to_wav(samples))


def levels(samples: bytes) -> list[int]:
    """The levels that follow each other, without silence."""
    found: list[int] = []
    for at in range(0, len(samples), 2):
        level = int.from_bytes(samples[at : at + 2], "little", signed=True)
        if level and (not found or found[-1] != level):
            found.append(level)
    return found


# --- order --------------------------------------------------------------------------------------------


def test_calls_are_spoken_in_order_and_again_on_request(hall: Hall, tmp_path: Path) -> None:
    speaker = hall.speaker(Folder(tmp_path))
    for call, number in (("c1", "A-027"), ("c2", "B-001"), ("c1", "A-027")):
        speaker.say(call, number, "3")
    assert hall.announced(3) == [Announced("c1"), Announced("c2"), Announced("c1")]
    files = heard(tmp_path)
    assert [name for name, _ in files] == ["00001-a-027-3.wav", "00002-b-001-3.wav", "00003-a-027-3.wav"]
    assert files[0][1] == files[2][1] != files[1][1]
    assert all(4.0 < sound.seconds(samples) < 12.0 for _, samples in files)


def test_numbers_of_files_go_on_after_a_restart_and_old_ones_go(hall: Hall, tmp_path: Path) -> None:
    for number in range(1, 206):
        (tmp_path / f"{number:05d}-x.wav").write_bytes(b"")
    hall.speaker(Folder(tmp_path)).say("c", "A-001", "1")
    assert hall.announced() == [Announced("c")]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 200 and names[-1] == "00206-a-001-1.wav"


PLAYER = """#!/bin/sh
# Stands for aplay: notes when it begins and ends.
echo begin >> "$0.log"; cat > "$0.wav.$$"; sleep 0.05; echo end >> "$0.log"
"""


@pytest.fixture
def player(tmp_path: Path) -> Callable[[str], Path]:
    def make(text: str) -> Path:
        path = tmp_path / "player"
        path.write_text(text)
        path.chmod(0o755)
        return path

    return make


def test_never_two_calls_at_the_same_time(hall: Hall, tmp_path: Path, player: Callable[[str], Path]) -> None:
    program = player(PLAYER)
    speaker = hall.speaker(Alsa(command=str(program)))
    for number in range(5):
        speaker.say(f"c{number}", f"A-00{number}", "1")
    assert hall.announced(5) == [Announced(f"c{number}") for number in range(5)]
    assert (tmp_path / "player.log").read_text().split() == ["begin", "end"] * 5
    for played in tmp_path.glob("player.wav.*"):
        with wave.open(io.BytesIO(played.read_bytes())) as file:
            assert file.getnframes() > 22_050


def test_a_stop_ends_the_call_that_is_played(hall: Hall, tmp_path: Path, player: Callable[[str], Path]) -> None:
    program = player('#!/bin/sh\necho $$ > "$0.pid"\nexec sleep 60\n')
    speaker = hall.speaker(Alsa(command=str(program)))
    speaker.say("c1", "A-001", "1")
    speaker.say("c2", "A-002", "1")
    pid = tmp_path / "player.pid"
    deadline = time.monotonic() + PATIENCE_S
    while not (pid.exists() and pid.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    speaker.stop(timeout=PATIENCE_S)
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()
    assert hall.told.empty(), "what was not said to its end was not announced"


# --- recordings ---------------------------------------------------------------------------------------


def test_recordings_are_preferred_to_the_synthetic_voice(hall: Hall, tmp_path: Path) -> None:
    record(tmp_path / "clips", "id", ("A-027", "3"))
    hall.speaker(Folder(tmp_path / "out"), clips=tmp_path / "clips", gong=False).say("c", "A-027", "3")
    assert hall.announced() == [Announced("c")]
    ((_, samples),) = heard(tmp_path / "out")
    assert levels(samples) == [100, 200, 300, 400, 500, 600, 700]


def test_a_call_of_which_one_recording_is_missing_is_spoken_as_a_whole(hall: Hall, tmp_path: Path) -> None:
    record(tmp_path / "clips", "id", ("A-027", "3"), leave="angka-2")
    speaker = hall.speaker(Folder(tmp_path / "out"), clips=tmp_path / "clips", gong=False)
    speaker.say("c", "A-027", "3")
    hall.announced()
    plain = hall.speaker(Folder(tmp_path / "plain"), gong=False)
    plain.say("c", "A-027", "3")
    assert hall.announced() == [Announced("c")]
    assert heard(tmp_path / "out") == heard(tmp_path / "plain")


@pytest.mark.parametrize("spoiled", ["stereo", "no sound"])
def test_a_recording_of_another_format_is_refused_with_the_remedy(
    hall: Hall, tmp_path: Path, caplog: pytest.LogCaptureFixture, spoiled: str
) -> None:
    record(tmp_path / "clips", "id", ("A-027", "3"))
    bad = tmp_path / "clips" / "id" / "angka-7.wav"
    if spoiled == "stereo":
        with wave.open(str(bad), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(44_100)
            file.writeframes(bytes(4_000))
    else:
        bad.write_bytes(b"not a recording")
    with caplog.at_level(logging.WARNING, "loket.speaker"):
        speaker = hall.speaker(Folder(tmp_path / "out"), clips=tmp_path / "clips")
        for call in ("c1", "c2"):
            speaker.say(call, "A-027", "3")
        assert hall.announced(2) == [Announced("c1"), Announced("c2")]
    (line,) = [record.getMessage() for record in caplog.records]
    assert "angka-7.wav" in line and "sox" in line


def test_each_language_follows_the_other(hall: Hall, tmp_path: Path) -> None:
    record(tmp_path / "clips", "id", ("A-027", "3"))
    both = hall.speaker(Folder(tmp_path / "both"), clips=tmp_path / "clips", languages=("id", "en"), gong=False)
    both.say("c", "A-027", "3")
    hall.announced()
    english = hall.speaker(Folder(tmp_path / "english"), languages=("en",), gong=False)
    english.say("c", "A-027", "3")
    hall.announced()
    ((_, first),), ((_, second),) = heard(tmp_path / "both"), heard(tmp_path / "english")
    assert first.endswith(second) and levels(first[: -len(second)]) == [100, 200, 300, 400, 500, 600, 700]


def test_a_gong_comes_before_the_words(hall: Hall, tmp_path: Path) -> None:
    hall.speaker(Folder(tmp_path / "gong")).say("c", "A-027", "3")
    hall.speaker(Folder(tmp_path / "plain"), gong=False).say("c", "A-027", "3")
    hall.announced(2)
    ((_, with_gong),), ((_, without),) = heard(tmp_path / "gong"), heard(tmp_path / "plain")
    assert with_gong.endswith(without) and sound.seconds(with_gong) - sound.seconds(without) > 1.0


# --- trouble ------------------------------------------------------------------------------------------


def test_a_missing_voice_is_told_with_the_remedy_and_recordings_still_play(
    hall: Hall, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record(tmp_path / "clips", "id", ("A-027", "3"))
    speaker = hall.speaker(Folder(tmp_path / "out"), clips=tmp_path / "clips", espeak="no-such-voice")
    for call, number in (("c1", "B-001"), ("c2", "A-027"), ("c3", "B-002")):
        speaker.say(call, number, "3")
    first, second, third = hall.announced(3)
    assert "apt-get install" in first.error and third.error == first.error and second == Announced("c2")
    assert len([each for each in caplog.records if "no-such-voice" in each.getMessage()]) == 1


def test_the_real_player_takes_a_call_and_tells_a_missing_sound_card(hall: Hall) -> None:
    hall.speaker(Alsa(device="null")).say("c1", "A-001", "1")
    assert hall.announced() == [Announced("c1")]
    hall.speaker(Alsa(device="no-such-card")).say("c2", "A-001", "1")
    (told,) = hall.announced()
    assert "no-such-card" in told.error and "aplay -l" in told.error


def test_a_missing_player_is_told_with_the_remedy(hall: Hall) -> None:
    hall.speaker(Alsa(command="no-such-player")).say("c", "A-001", "1")
    (told,) = hall.announced()
    assert "alsa-utils" in told.error


def test_a_player_that_fails_is_told_in_its_own_words(hall: Hall, player: Callable[[str], Path]) -> None:
    program = player("#!/bin/sh\ncat > /dev/null\necho 'audio open error: No such file' >&2\nexit 1\n")
    hall.speaker(Alsa(command=str(program))).say("c", "A-001", "1")
    (told,) = hall.announced()
    assert "audio open error" in told.error and "aplay -l" in told.error


def test_a_folder_that_cannot_be_written_is_told(hall: Hall, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    hall.speaker(Folder(tmp_path / "file")).say("c", "A-001", "1")
    (told,) = hall.announced()
    assert "cannot be written" in told.error


def test_too_many_calls_are_refused_at_once(hall: Hall, player: Callable[[str], Path]) -> None:
    program = player("#!/bin/sh\nexec sleep 60\n")
    speaker = hall.speaker(Alsa(command=str(program)))
    for number in range(60):
        speaker.say(f"c{number}", "A-001", "1")
    (told,) = hall.announced()
    assert "wait for the loudspeaker" in told.error


def test_a_booth_without_a_loudspeaker_says_nothing_and_has_no_error(hall: Hall) -> None:
    hall.speaker(None, espeak="no-such-voice").say("c", "A-001", "1")
    assert hall.announced() == [Announced("c")]


def test_a_name_of_a_place_cannot_command_the_voice(hall: Hall, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    hall.speaker(Folder(tmp_path / "out")).say(
        "c", "A-001", f"-w {evil} $(touch {evil}) `touch {evil}`; -f /etc/passwd"
    )
    assert hall.announced() == [Announced("c")]
    assert not evil.exists() and len(list((tmp_path / "out").iterdir())) == 1


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(sound.SoundError, match="took more than"):
        Programs().run(["sleep", "60"], b"", 0.1, "")
