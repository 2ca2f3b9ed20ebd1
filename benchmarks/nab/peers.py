"""What the generic detector is compared with: the usual ways to watch a number.

Each is made anew for every series and is given one value at a time. Scores only need to be ordered:
`squashed` takes them to NAB's scale from 0 to 1.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from river.anomaly import HalfSpaceTrees
from river.preprocessing import MinMaxScaler

Detector = Callable[[datetime, float], float]
"""Takes a value and when it was measured; returns a score of 0 or more."""

DAY: Final = timedelta(days=1)


def squashed(score: float) -> float:
    """Take a score to 0 to 1, in the same order; 1 becomes 0.5.

    >>> squashed(1.0), squashed(3.0)
    (0.5, 0.75)
    """
    return score / (1 + score)


class HalfSpace:
    """river's HalfSpaceTrees (25 of height 8) behind its online min-max scaler."""

    def __init__(self) -> None:
        self._scaler = MinMaxScaler()
        self._trees = HalfSpaceTrees(n_trees=25, height=8, seed=1)

    def __call__(self, _: datetime, value: float) -> float:
        """Score and learn a value."""
        x = {"value": value}
        self._scaler.learn_one(x)
        scaled = self._scaler.transform_one(x)
        score = self._trees.score_one(scaled)
        self._trees.learn_one(scaled)
        return float(score)


class EwmaZ:
    """Distance from an exponentially weighted mean, in its standard deviations."""

    ALPHA: Final = 0.02

    def __init__(self) -> None:
        self._mean = math.nan
        self._variance = 0.0

    def __call__(self, _: datetime, value: float) -> float:
        """Score and learn a value."""
        if math.isnan(self._mean):
            self._mean = value
        deviation = value - self._mean
        score = abs(deviation) / math.sqrt(self._variance) if self._variance > 0 else 0.0
        self._mean += self.ALPHA * deviation
        self._variance = (1 - self.ALPHA) * (self._variance + self.ALPHA * deviation**2)
        return score


class DayZ:
    """Distance from the mean of the last 24 hours, in standard deviations: the usual alert rule."""

    def __init__(self) -> None:
        self._day: deque[tuple[datetime, float]] = deque()
        self._sum = self._squares = 0.0

    def __call__(self, at: datetime, value: float) -> float:
        """Score and learn a value."""
        while self._day and self._day[0][0] <= at - DAY:
            self._add(self._day.popleft()[1], -1)
        score = self._z(value)
        self._day.append((at, value))
        self._add(value, 1)
        return score

    def _z(self, value: float) -> float:
        n = len(self._day)
        if n < 2:
            return 0.0
        mean = self._sum / n
        variance = self._squares / n - mean**2
        return abs(value - mean) / math.sqrt(variance) if variance > 1e-9 * mean**2 else 0.0

    def _add(self, value: float, sign: int) -> None:
        self._sum += sign * value
        self._squares += sign * value**2


PEERS: Final[Mapping[str, Callable[[], Detector]]] = {
    "river HalfSpaceTrees": HalfSpace,
    "EWMA z": EwmaZ,
    "mean + k sigma, 24 h": DayZ,
}
