"""The checks of `make check` can fail, and say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools import check, lock

PYPROJECT = '[project]\nrequires-python = ">=3.11"\ndependencies = ["a>=1"]\n'


def lock_text(pyproject: str, body: str = "a==1 \\\n    --hash=sha256:00\n") -> str:
    """A lock file as `make lock` begins it."""
    head = lock.LOCK.read_text().partition("\n")[0].rpartition(" ")[0]
    return f"{head} {lock.digest(pyproject)}\n{body}"


def test_a_lock_made_from_these_dependencies_is_good() -> None:
    assert lock.faults(lock_text(PYPROJECT), PYPROJECT) == []


def test_settings_of_tools_do_not_outdate_the_lock() -> None:
    assert lock.faults(lock_text(PYPROJECT), PYPROJECT + "[tool.ruff]\nline-length = 99\n") == []


def test_another_dependency_outdates_the_lock() -> None:
    (fault,) = lock.faults(lock_text(PYPROJECT), PYPROJECT.replace("a>=1", "a>=2"))
    assert "make lock" in fault


@pytest.mark.parametrize(
    "body",
    [
        "--index-url https://packages.example/simple\na==1 \\\n    --hash=sha256:00\n",
        "--find-links wheels\na==1 \\\n    --hash=sha256:00\n",
        "a @ file:///srv/a.whl \\\n    --hash=sha256:00\n",
        "a==1\n",
        "",
    ],
)
def test_a_lock_with_a_host_a_path_or_without_hashes_is_refused(body: str) -> None:
    assert lock.faults(lock_text(PYPROJECT, body), PYPROJECT)


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading, with `code`\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](there.md#a-heading-with-code) [c](https://example.org) [d](#own)\n# Own\n"
        "```\n[e](within-code.md)\n```\n"
        "[f](gone.md) ![g](gone.png) [h](there.md#gone)\n"
    )
    faults = list(check.links(page))
    assert len(faults) == 3
    assert all("gone" in fault for fault in faults)


def test_a_file_that_is_too_long_or_silent_about_its_purpose_is_found(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n" * (check.FILE_LINES + 1))
    assert ["divide it" in fault for fault in check.sizes(file)] == [True, False]
    file.write_text('"""Says what it is for."""\n' * check.FILE_LINES)
    assert list(check.sizes(file)) == []


def test_a_long_function_is_hinted_at(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def short():\n    pass\n\n\ndef long():\n" + "    pass\n" * check.FUNCTION_LINES)
    (hint,) = check.long_functions(file)
    assert "long" in hint
