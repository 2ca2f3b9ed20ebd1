"""What one part of a run has to say, and what it was asked to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.real.judge import Case, Judged, Row, summary
from detectors.columns import Floats

Tell = Callable[[float], None]
"""Told what share of a job is done."""


class Job(NamedTuple):
    """A part of a run that can be done on its own.

    Attributes
    ----------
    corpus, folder
        Which data, and where they lie.
    share
        Of the requests that are kept.
    threshold
        Calibrated score at which a score is 1.
    peers
        Names of those to score too.
    """

    corpus: str
    folder: Path
    share: float
    threshold: float
    peers: Sequence[str]


class Section(NamedTuple):
    """A table with a row a detector, one with a row a series, and curves to draw.

    A curve is false alarms a series-week and recall, by falling threshold.
    """

    title: str
    rows: Sequence[Row]
    details: Sequence[Row]
    curves: Mapping[str, tuple[Floats, Floats]] = {}


def section(title: str, scored: Mapping[str, Sequence[Case]], seconds: int) -> Section:
    """Judge detectors on the same series; the details are those of the first."""
    rows: list[Row] = []
    details: list[Row] = []
    curves = {}
    for name, cases in scored.items():
        row, single = summary(cases, seconds)
        if name.startswith("engine"):
            details = details or single
        else:  # only the engine has a threshold of its own
            row = {key: value for key, value in row.items() if not key.startswith("fixed")}
        rows.append({"detector": name} | row)
        curves[name] = Judged(cases, seconds).curve()
    return Section(title, rows, details, curves)
