"""Tiny corpora in the form of the real ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

MONDAY = 1_772_409_600


def iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def table(path: Path, heading: str, rows: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join([heading, *rows]) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def counts(path: Path, values: Sequence[float | None], seconds: int, start: int = MONDAY) -> Path:
    """One number a row; None is a missing row."""
    rows = [f"{iso(start + i * seconds)},{x},0" for i, x in enumerate(values) if x is not None]
    return table(path, "timestamp,value,label", rows)


def events(path: Path, spans: dict[str, list[tuple[int, int]]]) -> Path:
    named = {name: [[iso(a), iso(b)] for a, b in pairs] for name, pairs in spans.items()}
    path.write_text(json.dumps(named))
    return path
