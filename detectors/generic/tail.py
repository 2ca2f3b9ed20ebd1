"""How rare a statistic is among its own past: peaks over a high quantile, with exponential excess.

One scale for every statistic and every score: -log10 of the probability of as much or more.

Source: the peaks-over-threshold method (Pickands 1975; streaming: Siffer et al., "Anomaly detection
in streams with extreme value theory", 2017) with the shape parameter at 0; detection notes, tail
calibrator.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from detectors.generic.remembered import Remembered
from detectors.generic.ring import Ring

TAIL: Final = 0.05
"""The share of values that count as tail; 2 % to 10 % score alike on NAB within 2 points."""
SILENT: Final = 100
"""Values before anything is said: fewer leave less than five in the tail."""
REFIT: Final = 25
"""Values between two fits: as good as every one, at a small part of the cost."""
CAP: Final = 6.0
"""Nothing counts as rarer than 1e-6: further out the exponential tail is a guess."""

_LEVEL = -math.log10(TAIL)
_LOG10_E = math.log10(math.e)


class Tail(Remembered):
    """The tail of the last 4000 values of one statistic.

    Parameters
    ----------
    two_sided
        Whether unusually low values count as well.

    Examples
    --------
    >>> tail = Tail()
    >>> for i in range(1000):
    ...     tail.learn(i % 100)
    >>> tail.rarity(50), round(tail.rarity(100), 1)
    (0.0, 2.2)
    """

    remembers = ("ring", "quantiles", "excesses")

    def __init__(self, *, two_sided: bool = False) -> None:
        self.ring = Ring()
        self.quantiles = [math.inf, -math.inf]  # nothing is beyond them yet
        self.excesses = [1.0, 1.0]
        self._two_sided = two_sided

    def rarity(self, value: float) -> float:
        """Return -log10 of the tail probability of a value, 0 outside the tail; at most `CAP`."""
        upper, lower = self.quantiles
        if value > upper:
            ratio = (value - upper) / self.excesses[0]
        elif value < lower:
            ratio = (lower - value) / self.excesses[1]
        else:
            return 0.0
        return min(_LEVEL + _LOG10_E * ratio, CAP)

    def learn(self, value: float) -> None:
        """Take a value into the past."""
        self.ring.push(value)
        if self.ring.count >= SILENT and self.ring.count % REFIT == 0:
            self._fit()

    def _fit(self) -> None:
        past = np.sort(self.ring.filled)
        place = int((1 - TAIL) * len(past))
        self.quantiles[0] = upper = float(past[place])
        self.excesses[0] = _excess(past[place:] - past[place], upper)
        if self._two_sided:
            place = len(past) - 1 - place
            self.quantiles[1] = lower = float(past[place])
            self.excesses[1] = _excess(past[place] - past[: place + 1], lower)


def _excess(beyond: np.ndarray, quantile: float) -> float:
    """Mean excess of what lies beyond a quantile; next to nothing where nothing does."""
    positive = beyond[beyond > 0]
    if len(positive):
        return float(positive.mean(dtype=np.float64))
    return 1e-6 * max(abs(quantile), 1e-9)
