"""Series of real telemetry on a grid of windows, and the events in them."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.onsets import Span
from detectors.columns import Floats

EARLY, LATE, AFTERMATH = 120, 600, 3600
"""Seconds before an event's first minute and after its last in which an onset is a hit, and after
which an onset is a false alarm again."""
LONGEST = 86_400
"""Events over a day are left out: an onset in one is neither hit nor false alarm."""


class Series(NamedTuple):
    """Columns of numbers by name, a window a row; NaN where there is no row.

    ``start`` is in epoch seconds. A column has shape ``(windows,)``.
    """

    name: str
    start: int
    seconds: int
    columns: Mapping[str, Floats]

    @property
    def end(self) -> int:
        """End of the last window."""
        return self.start + self.seconds * len(next(iter(self.columns.values())))


class Event(NamedTuple):
    """A stretch of trouble: starts of its first and last window, in epoch seconds."""

    first: int
    last: int


class Ranges(NamedTuple):
    """Windows that count: see `benchmarks.onsets.score_onsets`."""

    hits: list[Span]
    excused: list[Span]


def read_series(path: Path, seconds: int) -> Series:
    """Read a table whose first column is ``timestamp``; a missing row is NaN, not zero."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    (_, *names), *rows = csv.reader(text.splitlines())
    cells = np.array(rows)
    times = epochs(cells[:, 0])
    place = (times - times[0]) // seconds
    columns = {}
    for i, name in enumerate(names, 1):
        columns[name] = np.full(place[-1] + 1, np.nan)
        columns[name][place] = np.where(cells[:, i] == "", "nan", cells[:, i]).astype(float)
    return Series(path.name.split(".")[0], int(times[0]), seconds, columns)


def read_events(path: Path) -> dict[str, list[Event]]:
    """Read ``{series: [[first, last]]}``."""
    return {
        name: [Event(*epochs(np.array(pair)).tolist()) for pair in pairs]
        for name, pairs in json.loads(path.read_text()).items()
    }


def epochs(
    times: Sequence[str] | np.ndarray[tuple[int], np.dtype[np.str_]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Epoch seconds of RFC 3339 times in UTC."""
    return np.char.rstrip(np.asarray(times), "Z").astype("datetime64[s]").astype(np.int64)


def ranges(series: Series, events: Sequence[Event], judged_from: int) -> Ranges:
    """Where an onset is a hit and where it is excused, in windows of the series.

    Events that begin before window ``judged_from`` are no hits, but excused.
    """

    def window(at: int) -> int:
        return (at - series.start) // series.seconds

    hits = [
        (window(e.first - EARLY), window(e.last + LATE))
        for e in events
        if window(e.first) >= judged_from and e.last - e.first <= LONGEST
    ]
    excused = [(window(e.first - EARLY), window(e.last + AFTERMATH)) for e in events]
    return Ranges(hits, excused)
