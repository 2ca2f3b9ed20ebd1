"""The mean of the latest few values."""

from __future__ import annotations

from detectors.generic.remembered import Remembered


class RollingMean(Remembered):
    """The mean of at most ``size`` values.

    Examples
    --------
    >>> mean = RollingMean(2)
    >>> for value in (9.0, 2.0):
    ...     mean.push(value)
    >>> mean.including(4.0)
    3.0
    """

    remembers = ("values",)

    def __init__(self, size: int) -> None:
        self.size = size
        self.values: list[float] = []

    def including(self, value: float) -> float:
        """Return the mean once ``value`` has come in."""
        kept = self.values[1:] if len(self.values) == self.size else self.values
        return (sum(kept) + value) / (len(kept) + 1)

    def push(self, value: float) -> None:
        """Let a value come in; the oldest gives way."""
        self.values.append(value)
        if len(self.values) > self.size:
            del self.values[0]
