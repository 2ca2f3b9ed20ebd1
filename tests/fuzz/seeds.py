"""Events to begin with: an example of every type, and the corpus of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

TESTS = Path(__file__).parents[1]
EXAMPLES = TESTS.parent / "schemas" / "json" / "examples"
CORPUS = TESTS / "corpus" / "bad"
FOUND = Path(__file__).parent / "found"
"""Inputs that once broke something, by target; each stays a seed and a test."""


def examples() -> list[bytes]:
    """A good event of every type."""
    return [_compact(path) for path in sorted(EXAMPLES.glob("*.json"))]


def corpus() -> list[bytes]:
    """Every bad event of the corpus."""
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def found(target: str) -> list[Path]:
    """What was once found for a target."""
    return sorted((FOUND / target).glob("*"))


def _compact(path: Path) -> bytes:
    return json.dumps(json.loads(path.read_text()), separators=(",", ":")).encode()
