"""A series' own scale: robust units of spread around its median, and ranks among its past."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from detectors.generic.remembered import Remembered
from detectors.generic.ring import Ring, Singles

REFIT: Final = 25
DECILES: Final = 2.56
"""Distance of the first and the last decile of a normal distribution, in standard deviations."""
LEAST: Final = 0.3
"""Least scale in standard deviations, for series that hardly ever leave their median."""

_normal = NormalDist()


class Normaliser(Remembered):
    """Centre and scale of the last 4000 values, fitted anew every 25.

    Attributes
    ----------
    median, low, high
        Of the past, and its first and last decile.

    Examples
    --------
    >>> ring, normaliser = Ring(), Normaliser()
    >>> for i in range(100):
    ...     ring.push(i)
    ...     normaliser.learn(ring)
    >>> round(normaliser.distance(150.0), 1), round(normaliser.rank(150.0), 1)
    (1.9, 2.6)
    """

    remembers = ("median", "low", "high", "scale", "ordered")

    def __init__(self) -> None:
        self.median = self.low = self.high = 0.0
        self.scale = 1.0
        self.ordered: Singles = np.zeros(0, np.float32)

    def distance(self, value: float) -> float:
        """Return how far a value is from the median in units of spread, large ones in logarithm."""
        return math.asinh((value - self.median) / self.scale) if len(self.ordered) else 0.0

    def rank(self, value: float) -> float:
        """Return the normal quantile of a value's rank in the past (ties share their middle)."""
        single = np.float32(value)
        below = int(self.ordered.searchsorted(single))
        upto = int(self.ordered.searchsorted(single, "right"))
        return _normal.inv_cdf(((below + upto) / 2 + 0.5) / (len(self.ordered) + 1))

    def learn(self, ring: Ring) -> None:
        """Fit, where a fit is due, to the values of a ring: each of the first, then every 25th."""
        if ring.count < REFIT or ring.count % REFIT == 0:
            self._fit(np.sort(ring.filled))

    def _fit(self, ordered: Singles) -> None:
        size = len(ordered)
        self.ordered = ordered
        self.median = float(ordered[size // 2])
        self.low, self.high = float(ordered[size // 10]), float(ordered[9 * size // 10])
        spread = float(ordered.std(dtype=np.float64))
        self.scale = max((self.high - self.low) / DECILES, LEAST * spread)
        if self.scale <= 0:
            self.scale = max(spread, 1e-3 * abs(self.median) + 1e-9)
