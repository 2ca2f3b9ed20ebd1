"""The benchmark's series and their labelled windows, read from a folder the user names."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

LABELS = ("windows.json", "labels/combined_windows.json")
"""Where the labels may lie: beside ``data``, or as in NAB's own repository."""


class CorpusError(ValueError):
    """A folder that does not hold the benchmark as it should. Names the file."""


@dataclass(frozen=True)
class Series:
    """One file of the corpus.

    Attributes
    ----------
    name
        ``<category>/<file>.csv``.
    timestamps, values
        The rows, timestamps as they are written.
    windows
        First and last row of every labelled window, in order.
    """

    name: str
    timestamps: Sequence[str]
    values: Sequence[float]
    windows: Sequence[tuple[int, int]]

    def from_row(self, start: int) -> Series:
        """Return what is left of the series without its first rows."""
        windows = [(max(a - start, 0), b - start) for a, b in self.windows if b >= start]
        return Series(self.name, self.timestamps[start:], self.values[start:], windows)


def load(folder: Path) -> list[Series]:
    """Read every series of a corpus, in the order of their names.

    Raises
    ------
    CorpusError
        If the folder has no labels or no data, or a file has none or wrong ones.
    """
    labels = next((folder / path for path in LABELS if (folder / path).is_file()), None)
    if labels is None:
        raise CorpusError(f"{folder} holds neither {' nor '.join(LABELS)}")
    windows = json.loads(labels.read_text())
    files = sorted((folder / "data").glob("*/*.csv"))
    if not files:
        raise CorpusError(f"{folder / 'data'} holds no <category>/<file>.csv")
    return [_series(path, windows, labels) for path in files]


def _series(path: Path, labels: dict[str, list[list[str]]], source: Path) -> Series:
    name = f"{path.parent.name}/{path.name}"
    if name not in labels:
        raise CorpusError(f"{source} does not list {name}")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    timestamps = [row["timestamp"] for row in rows]
    times = [datetime.fromisoformat(text) for text in timestamps]
    windows = [(_row(start, times, name), _row(end, times, name)) for start, end in labels[name]]
    return Series(name, timestamps, [float(row["value"]) for row in rows], windows)


def _row(text: str, times: Sequence[datetime], name: str) -> int:
    wanted = datetime.fromisoformat(text)
    if wanted not in times:
        raise CorpusError(f"{name} has no row at {text}, where a labelled window begins or ends")
    return times.index(wanted)
