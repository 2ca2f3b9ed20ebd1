"""NAB's scoring rules: what alarms are worth, and the threshold at which they are worth most.

A labelled window counts once, by the best of its alarms: nearly 1 at its left edge, falling to 0
just behind its right one. A missed window costs ``fn``. Every alarm row outside costs ``fp``, less
right after a window. The first 15 % of a series (750 rows at most) do not count. 0 is what a
detector without alarms gets, 100 a perfect one.

Lavin and Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly
Benchmark" (2015), section II; weights, and the exact place of each row, as in NAB v1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.nab.corpus import Series

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEVER: Final = float("inf")
"""The threshold of a detector that is better off without alarms."""


class Profile(NamedTuple):
    """What a found window, a false row and a missed window weigh."""

    tp: float
    fp: float
    fn: float


PROFILES: Final = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low_fp": Profile(1.0, 0.22, 1.0),
    "low_fn": Profile(1.0, 0.11, 2.0),
}


class Best(NamedTuple):
    """A score, and the threshold it was reached with."""

    score: float
    threshold: float


def probation(rows: int) -> int:
    """How many rows at the start of a series do not count.

    >>> probation(4032), probation(22695)
    (604, 750)
    """
    return min(int(0.15 * rows), 750)


def sigmoid(position: Floats) -> Floats:
    """What a row is worth: -1 is the left edge of its window, 0 just behind the right one.

    >>> sigmoid(np.array([-1.0, 0.0, 2.0, 3.1])).round(3).tolist()
    [0.987, 0.0, -1.0, -1.0]
    """
    worth: Floats = np.where(position > 3, -1.0, 2 / (1 + np.exp(5 * position)) - 1)
    return worth


class Scorer:
    """Scores alarms on a corpus.

    Parameters
    ----------
    corpus
        The series; scores are given in the same order.
    """

    def __init__(self, corpus: Sequence[Series]) -> None:
        worths, owners = zip(*(_rows(series) for series in corpus), strict=True)
        self._counts = np.concatenate([_counting(len(worth)) for worth in worths])
        self._worth = np.concatenate(worths)[self._counts]
        offsets = np.cumsum([0, *(len(series.windows) for series in corpus)])
        numbered = [
            np.where(owner < 0, -1, owner + offset)
            for owner, offset in zip(owners, offsets[:-1], strict=True)
        ]
        self._owner: Ints = np.concatenate(numbered)[self._counts]
        self.windows = len(np.unique(self._owner[self._owner >= 0]))

    def score(self, scores: Sequence[Floats], threshold: float, profile: Profile) -> float:
        """Score alarms wherever ``scores`` reach a threshold."""
        alarms = self._joined(scores) >= threshold
        worth, owner = self._worth[alarms], self._owner[alarms]
        outside = owner < 0
        found = np.full(self._owner.max(initial=-1) + 1, -np.inf)
        np.maximum.at(found, owner[~outside], worth[~outside] * profile.tp)
        gained = np.maximum(found[np.isfinite(found)], -profile.fn) + profile.fn
        return self._normal(float(worth[outside].sum() * profile.fp + gained.sum()), profile)

    def best(self, scores: Sequence[Floats], profile: Profile) -> Best:
        """Find the threshold with the highest score; NAB chooses it with the labels, too."""
        joined = self._joined(scores)
        order = np.argsort(-joined, kind="stable")
        joined, worth, owner = joined[order], self._worth[order], self._owner[order]
        gain = np.where(owner < 0, worth * profile.fp, 0.0)
        for window in range(self._owner.max(initial=-1) + 1):
            at = np.flatnonzero(owner == window)
            reached = np.maximum.accumulate(np.append(-profile.fn, worth[at] * profile.tp))
            gain[at] = np.diff(reached)
        last_of_equals = np.append(joined[1:] != joined[:-1], True)
        totals = np.append(0.0, np.cumsum(gain)[last_of_equals])
        place = int(totals.argmax())
        thresholds = np.append(NEVER, joined[last_of_equals])
        return Best(self._normal(float(totals[place]), profile), float(thresholds[place]))

    def _joined(self, scores: Sequence[Floats]) -> Floats:
        joined: Floats = np.concatenate(scores)[self._counts]
        return joined

    def _normal(self, gained: float, profile: Profile) -> float:
        return 100 * gained / (self.windows * (profile.tp + profile.fn))


def _counting(rows: int) -> NDArray[np.bool_]:
    return np.arange(rows) >= probation(rows)


def _rows(series: Series) -> tuple[Floats, Ints]:
    """Tell of each row what an alarm is worth there, and the window it lies in (-1: none)."""
    rows = np.arange(len(series.values), dtype=np.float64)
    worth, owner = np.full(len(rows), -1.0), np.full(len(rows), -1)
    for number, (left, right) in enumerate(series.windows):
        width = right - left + 1.0
        inside = slice(left, right + 1)
        worth[inside] = sigmoid((rows[inside] - right - 1) / width) / sigmoid(np.array(-1.0))
        owner[inside] = number
        worth[right + 1 :] = sigmoid((rows[right + 1 :] - right) / max(width - 1, 1.0))
    return worth, owner
