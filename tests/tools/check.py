"""What `make check` asks: style, types, import rules, sizes, and that generated files and documents are current."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tests.tools import asyncapi, firmware, lock

ROOT = Path(__file__).parents[2]
FILE_LINES = 500
FUNCTION_LINES = 60
_LINK = re.compile(r"(?<!\\)!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_TOOLS = {
    "ruff": ["ruff", "check", "--quiet", "."],
    "mypy": ["mypy", "--no-error-summary"],
    "mypy tests": ["mypy", "--no-error-summary", "-p", "tests.tools"],
    "import rules": ["tests.tools.imports"],
}


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository, new ones included, that match one of the git patterns."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:  # an archive without git
        return sorted(path for pattern in patterns for path in ROOT.rglob(pattern) if ".venv" not in path.parts)
    names = [name for name in done.stdout.decode().split("\0") if name]
    return sorted(path for name in names if (path := ROOT / name).is_file())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def sizes(path: Path) -> Iterator[str]:
    """A file that is too long, or does not say what it is for."""
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{_name(path)}: {lines} lines, more than {FILE_LINES}: divide it"
    if not text.strip():
        return
    if ast.get_docstring(ast.parse(text)) is None:
        yield f"{_name(path)}:1: the first line does not say what the file is for: add a docstring"


def long_functions(path: Path) -> Iterator[str]:
    """Functions that ask to be two: a hint, not a failure."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{_name(path)}:{node.lineno}: {node.name}, {length} lines"


def anchors(text: str) -> set[str]:
    """Names that a heading of a Markdown text can be linked by."""
    found = set()
    for line in _FENCE.sub("", text).splitlines():
        if line.startswith("#"):
            heading = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(heading.replace(" ", "-"))
    return found


def links(path: Path) -> Iterator[str]:
    """Links of a Markdown file that lead to nothing in the repository."""
    text = path.read_text(encoding="utf-8")
    for target in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"^[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        goal = (path.parent / name) if name else path
        if not goal.exists():
            yield f"{_name(path)}: the link to {target} leads nowhere"
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text(encoding="utf-8")):
            yield f"{_name(path)}: no heading of {_name(goal)} is called #{anchor}"


def generated() -> Iterator[str]:
    """Files that no longer fit what they are made from."""
    if not asyncapi.TARGET.exists() or asyncapi.TARGET.read_text(encoding="utf-8") != asyncapi.text():
        yield "docs/asyncapi.yaml does not fit contract/: run `make docs`"
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    yield from lock.faults(lock.LOCK.read_text(encoding="utf-8"), pyproject)


def _run(module: list[str]) -> str:
    done = subprocess.run([sys.executable, "-m", *module], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"


def main() -> int:
    """Run everything, also after a failure; 1 when anything is wrong."""
    found: dict[str, list[str]] = {}
    for title, module in _TOOLS.items():
        found[title] = [trouble] if (trouble := _run(module)) else []
    found["firmware for the chip"] = list(firmware.faults())
    found["sizes"] = [fault for path in tracked("*.py") for fault in sizes(path)]
    found["generated files and lock"] = list(generated())
    found["links of documents"] = [fault for path in tracked("*.md") for fault in links(path)]
    for hint in (hint for path in tracked("*.py") if "versions" not in path.parts for hint in long_functions(path)):
        print(f"hint {hint}, more than {FUNCTION_LINES}: two functions?")
    for title, faults in found.items():
        print(f"{'ok  ' if not faults else 'FAIL'} {title}", *faults, sep="\n     ")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
