"""Runs import-linter with the rules of pyproject.toml (its own package cannot be started with `python -m`)."""

from __future__ import annotations

import sys

from importlinter.cli import lint_imports

if __name__ == "__main__":
    sys.exit(lint_imports(no_cache=True))
