"""Alarms scored by their onsets, at every threshold in one pass.

An alarm begins in a window whose score is above the threshold after ``quiet`` windows in which none
was. Crediting a high score anywhere in a fault would make an alarm that never ends perfect. For one
window the onset exists for the thresholds from the highest score of the windows before, up to its
own score: counting such intervals gives hits and false alarms for all thresholds together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from detectors.columns import Bools, Floats, Ints

QUIET = 30
"""Windows of quiet before an alarm counts as a new one (detection notes, 4.1)."""
MOST = 4000
"""Thresholds of a sweep. Ten times the onsets that a few alarms a week on ten series allow."""

Span = tuple[int, int]
"""First and last window of a stretch, both in it."""


class Edges(NamedTuple):
    """Windows ``at`` which an alarm begins if ``low <= threshold < high``."""

    at: Ints
    low: Floats
    high: Floats


class Outcome(NamedTuple):
    """What a series' onsets found, and what they raised for nothing, per threshold.

    Attributes
    ----------
    after
        Windows from the start of a hit range to the first onset in it, -1 where there is none;
        shape ``(hits, thresholds)``.
    false
        Onsets outside every excused range; shape ``(thresholds,)``.
    """

    after: Ints
    false: Ints

    @property
    def found(self) -> Bools:
        """Which hit ranges had an onset, shape ``(hits, thresholds)``."""
        return self.after >= 0


def edges(score: Floats, quiet: int = QUIET) -> Edges:
    """Find where alarms can begin.

    Parameters
    ----------
    score
        One entry a window; NaN (nobody watched) counts as quiet.
    quiet
        At least 1.

    Examples
    --------
    >>> edges(np.array([0.0, 2.0, 1.5, 0.0, 3.0]), quiet=2)
    Edges(at=array([0, 1, 4]), low=array([-inf, 0. , 1.5]), high=array([0., 2., 3.]))
    """
    high = np.where(np.isnan(score), -np.inf, score)
    low = sliding_window_view(np.append(np.full(quiet, -np.inf), high[:-1]), quiet).max(axis=1)
    at = np.flatnonzero(high > low)
    return Edges(at, low[at], high[at])


def onsets(score: Floats, threshold: float, quiet: int = QUIET) -> Ints:
    """Windows in which an alarm begins.

    Examples
    --------
    >>> onsets(np.array([0.0, 2.0, 0.5, 3.0, 0.0, 0.0, 3.0]), 1.0, quiet=2)
    array([1, 6])
    """
    found = edges(score, quiet)
    begins: Ints = found.at[(found.low <= threshold) & (found.high > threshold)]
    return begins


def sweep(scores: Iterable[Floats], quiet: int = QUIET, most: int = MOST) -> Floats:
    """Thresholds worth trying, ascending: the highest at which something begins or no longer does.

    At the last of them there is no alarm.
    """
    highs = np.concatenate([edges(score, quiet).high for score in scores])
    highs = np.unique(highs[np.isfinite(highs)])
    return highs[-most:] if len(highs) else np.zeros(1)


def score_onsets(
    score: Floats,
    thresholds: Floats,
    hits: Sequence[Span],
    excused: Sequence[Span],
    *,
    judged: Span | None = None,
    quiet: int = QUIET,
) -> Outcome:
    """Score one series at many thresholds.

    Parameters
    ----------
    score
        One entry a window.
    thresholds
        Ascending, such as those of `sweep`.
    hits
        Ranges, one an event, in which an onset finds it.
    excused
        Ranges in which an onset is no false alarm; the hit ranges are excused anyway.
    judged
        Windows in which onsets count at all: everywhere, unless given.
    quiet
        Windows of quiet before an onset.

    Examples
    --------
    >>> score = np.array([0.0, 4.0, 0.0, 0.0, 2.0, 0.0])
    >>> outcome = score_onsets(score, np.array([1.0, 3.0]), [(0, 2)], [], quiet=1)
    >>> outcome.found, outcome.false
    (array([[ True,  True]]), array([1, 0]))
    """
    found = edges(score, quiet)
    first, last = judged or (0, len(score) - 1)
    inside = (found.at >= first) & (found.at <= last)
    at, low, high = (column[inside] for column in found)
    start, stop = np.searchsorted(thresholds, low), np.searchsorted(thresholds, high)
    after = np.full((len(hits), len(thresholds)), -1)
    for event, (begin, end) in enumerate(hits):
        a, b = np.searchsorted(at, (begin, end + 1))
        for i in range(b - 1, a - 1, -1):  # backwards: the earliest onset has the last word
            after[event, start[i] : stop[i]] = at[i] - begin
    free = ~_covered(len(score), [*hits, *excused])[at]
    steps = np.zeros(len(thresholds) + 1, np.int64)
    np.add.at(steps, start[free], 1)
    np.add.at(steps, stop[free], -1)
    return Outcome(after, steps.cumsum()[:-1])


def within_budget(false: Ints, allowed: float) -> int:
    """Index of the lowest threshold from which on there are no more false alarms than allowed.

    From above: at very low thresholds all is one alarm, and its single onset would look thrifty.
    """
    over = np.flatnonzero(false > allowed)
    return min(int(over[-1]) + 1, len(false) - 1) if len(over) else 0


def _covered(windows: int, spans: Sequence[Span]) -> Bools:
    covered = np.zeros(windows, np.bool_)
    for first, last in spans:
        covered[max(first, 0) : last + 1] = True
    return covered
