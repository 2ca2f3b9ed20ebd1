"""Channel "level": the series stays higher or lower than it used to."""

from __future__ import annotations

from typing import Final, NamedTuple

from detectors.generic.normaliser import Normaliser
from detectors.generic.remembered import Remembered
from detectors.generic.ring import Ring
from detectors.generic.rolling_mean import RollingMean
from detectors.generic.tail import Tail

DISTANCES: Final = 20
RANKS: Final = 40
"""Lengths of the two means. Five means of 10 to 40 values scored no better on NAB."""


class LevelReading(NamedTuple):
    """A value on the series' own scale, and the two means it brings about."""

    distance: float
    rank: float
    mean_distance: float
    mean_rank: float


class Level(Remembered):
    """Two views of the level, by distance (how far) and by rank (how lastingly)."""

    remembers = ("normaliser", "distances", "ranks", "distance_tail", "rank_tail")

    def __init__(self) -> None:
        self.normaliser = Normaliser()
        self.distances, self.ranks = RollingMean(DISTANCES), RollingMean(RANKS)
        self.distance_tail, self.rank_tail = Tail(two_sided=True), Tail(two_sided=True)

    def read(self, value: float) -> LevelReading:
        """Measure a value against the past."""
        distance, rank = self.normaliser.distance(value), self.normaliser.rank(value)
        means = self.distances.including(distance), self.ranks.including(rank)
        return LevelReading(distance, rank, *means)

    def rarity(self, reading: LevelReading) -> float:
        """Return how rare the level is: the mean of both views."""
        by_distance = self.distance_tail.rarity(reading.mean_distance)
        return (by_distance + self.rank_tail.rarity(reading.mean_rank)) / 2

    def learn(self, reading: LevelReading, ring: Ring) -> None:
        """Take what was read into the past; ``ring`` already holds the value."""
        self.distances.push(reading.distance)
        self.ranks.push(reading.rank)
        self.distance_tail.learn(reading.mean_distance)
        self.rank_tail.learn(reading.mean_rank)
        self.normaliser.learn(ring)
