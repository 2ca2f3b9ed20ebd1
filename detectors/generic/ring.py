"""The latest values of a series, in single precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.generic.remembered import Remembered

Singles = NDArray[np.float32]

CAPACITY = 4000
"""Two weeks of five-minute values. Shorter memories scored less (detection notes, generic detector,
ablation)."""


class Ring(Remembered):
    """The last `CAPACITY` values.

    Parameters
    ----------
    overlap
        So many values from the start of ``values`` are repeated behind its end, so that a stretch
        of ``overlap + 1`` values can be read from any place.

    Examples
    --------
    >>> ring = Ring()
    >>> for value in (3.0, 1.0, 2.0):
    ...     ring.push(value)
    >>> ring.latest(2)
    array([1., 2.], dtype=float32)
    """

    def __init__(self, overlap: int = 0) -> None:
        self.values: Singles = np.zeros(CAPACITY + overlap, np.float32)
        self.count = 0
        self._overlap = overlap

    @property
    def filled(self) -> Singles:
        """The values, in no particular order."""
        return self.values[: min(self.count, CAPACITY)]

    def push(self, value: float) -> None:
        """Append a value; the oldest gives way."""
        place = self.count % CAPACITY
        self.values[place] = value
        if place < self._overlap:
            self.values[CAPACITY + place] = value
        self.count += 1

    def latest(self, number: int) -> Singles:
        """The last so many values (fewer if there are fewer), oldest first."""
        end = self.count % CAPACITY
        start = end - min(number, self.count)
        if start >= 0:
            return self.values[start:end]
        return np.concatenate((self.values[start + CAPACITY : CAPACITY], self.values[:end]))

    def state(self) -> dict[str, Any]:
        """The values there are, and how many there have been."""
        return {"count": self.count, "values": self.filled.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state again."""
        self.count = state["count"]
        self.values[: len(state["values"])] = state["values"]
        self.values[CAPACITY:] = self.values[: self._overlap]
