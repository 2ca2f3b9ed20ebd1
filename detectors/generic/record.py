"""Channel "record": the series leaves everything it has ever shown."""

from __future__ import annotations

import math
from typing import Final

from detectors.generic.remembered import Remembered

YOUNG: Final = 50
"""Values among which a record is no news."""
MARGIN: Final = 0.02
"""Part of the range so far that a record must exceed it by."""


class Extremes(Remembered):
    """The range of a series so far.

    Examples
    --------
    >>> extremes = Extremes()
    >>> for value in range(100):
    ...     extremes.learn(value)
    >>> extremes.broken_by(100), extremes.broken_by(102)
    (False, True)
    """

    remembers = ("low", "high", "count")

    def __init__(self) -> None:
        self.low, self.high = math.inf, -math.inf
        self.count = 0

    def broken_by(self, value: float) -> bool:
        """Tell whether a value is a record, high or low."""
        margin = MARGIN * (self.high - self.low)
        beyond = value > self.high + margin or value < self.low - margin
        return self.count > YOUNG and beyond

    def learn(self, value: float) -> None:
        """Take a value into the range."""
        self.low, self.high = min(self.low, value), max(self.high, value)
        self.count += 1
