"""Channel "shape": the last eight values together look like nothing in the past.

Distance to the nearest neighbours among all earlier stretches of the same length (Ramaswamy et
al., "Efficient algorithms for mining outliers from large data sets", 2000; for series: discords,
Keogh et al. 2005), in units of the present noise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import as_strided

from detectors.generic.remembered import Remembered
from detectors.generic.ring import CAPACITY, Ring, Singles
from detectors.generic.tail import Tail

LENGTH: Final = 8
NEIGHBOURS: Final = 3
NOISE: Final = 50
"""Values over which the present noise is measured."""
FLOOR: Final = 1e-3
"""Least noise, as a share of the largest value so far: flat series have none of their own."""
OVERLAPPING: Final = 2 * LENGTH - 2
"""Stretches that begin this few values ago or fewer share values with the present one, or are not
complete yet."""

_scratch: Singles = np.empty((LENGTH, CAPACITY), np.float32)
"""Working space of every detector; nothing outlives a call in it."""


class Shape(Remembered):
    """Distance of the latest stretch to its nearest neighbours, and how rare it is."""

    remembers = ("largest", "tail")

    def __init__(self) -> None:
        self.largest = 0.0
        self.tail = Tail()

    def read(self, value: float, size: float, ring: Ring) -> float:
        """Measure the stretch that ``value`` ends.

        Parameters
        ----------
        value
            As the ring keeps it.
        size
            Its size as it was given, for the floor of the noise.
        ring
            The values before.
        """
        stored = min(ring.count, CAPACITY)
        if stored < OVERLAPPING + LENGTH:
            return 0.0
        recent = np.append(ring.latest(NOISE - 1), np.float32(value))
        deviations = recent - recent.mean(dtype=np.float64)
        noise = np.sqrt(deviations @ deviations / len(recent))
        floor = FLOOR * max(self.largest, size)
        return float(_nearest(recent[-LENGTH:], ring, stored) / (noise + floor + 1e-12))

    def rarity(self, reading: float) -> float:
        """Return how rare a distance is."""
        return self.tail.rarity(reading)

    def learn(self, reading: float, size: float) -> None:
        """Take what was read into the past."""
        self.largest = max(self.largest, size)
        self.tail.learn(reading)


def _nearest(stretch: Singles, ring: Ring, stored: int) -> float:
    """Mean distance of a stretch to its nearest neighbours in a ring."""
    values = ring.values
    past = as_strided(values, (LENGTH, stored), values.strides * 2)  # column i: values[i : i + 8]
    differences = _scratch[:, :stored]
    np.subtract(past, stretch[:, None], out=differences)
    np.multiply(differences, differences, out=differences)
    squares = np.add.reduce(differences, axis=0)
    squares[np.arange(ring.count - OVERLAPPING, ring.count) % CAPACITY] = np.inf
    total = 0.0
    for _ in range(NEIGHBOURS):
        place = squares.argmin()
        total += float(squares[place]) ** 0.5
        squares[place] = np.inf
    return total / NEIGHBOURS
