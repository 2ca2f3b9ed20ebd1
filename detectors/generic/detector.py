"""The fused detector of one series, as a river estimator: ``score_one``, then ``learn_one``."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from river.base import AnomalyDetector  # type: ignore[attr-defined,unused-ignore]

from detectors.generic.context import Context, ContextReading
from detectors.generic.level import Level, LevelReading
from detectors.generic.record import Extremes
from detectors.generic.remembered import Remembered
from detectors.generic.ring import Ring
from detectors.generic.shape import LENGTH, Shape
from detectors.generic.tail import SILENT

CHANNELS: Final = ("level", "shape", "context", "record")

THRESHOLD: Final = 3.75
"""Fused evidence that is an alarm. Chosen once on half of NAB, in the middle of the stretch (3.4 to
4.1) over which the score there hardly changes."""
CONTEXT_WEIGHT: Final = 0.5
"""Context is the noisiest of the channels (detection notes, generic detector)."""
RECORD: Final = 8.0
"""A record is an alarm by itself."""
AGE_WEIGHT: Final = 0.6
YOUNG: Final = 500
OLD: Final = 25_000
"""A series' life holds a nearly fixed budget of false alarms: the evidence asked for grows with the
logarithm of its age, up to the longest series it was measured on. Weights of .4 to .8 score alike.
"""
LARGEST: Final = 1e18
"""Values further than this from a series' first one count as this: their squares fit the floats."""


class Judgement(NamedTuple):
    """What the detector says of a value.

    ``score`` above 1 is anomalous. ``level``, ``shape`` and ``context`` are -log10 of the
    probability of each channel; ``expected``, ``lower`` and ``upper`` the median and the outer
    deciles of the past.
    """

    score: float
    level: float
    shape: float
    context: float
    record: bool
    expected: float
    lower: float
    upper: float


class _Reading(NamedTuple):
    value: float
    size: float
    level: LevelReading
    shape: float
    context: ContextReading


class GenericDetector(Remembered, AnomalyDetector):  # type: ignore[misc,unused-ignore] # untyped
    """Any numeric series: a level that lasts, a shape never seen, a turn nobody expects, a record.

    Assumes nothing about unit or rhythm, but needs some hundred values to begin with, and takes
    what lasts for normal after a few thousand. Bounded memory, about 130 KB a series.

    Parameters
    ----------
    without
        Channels to leave out, for measuring what each is worth.

    Examples
    --------
    >>> detector = GenericDetector()
    >>> for i in range(1000):
    ...     detector.learn_one({"value": 50 + 10 * math.sin(i / 10)})
    >>> detector.score_one({"value": 51}) < 1 < detector.score_one({"value": 90})
    True
    """

    remembers = ("origin", "ring", "level", "shape", "context", "extremes")

    def __init__(self, without: Collection[str] = ()) -> None:
        self.without = without
        self.origin = math.nan
        self.ring = Ring(overlap=LENGTH - 1)
        self.level, self.shape, self.context = Level(), Shape(), Context()
        self.extremes = Extremes()
        self._read: _Reading | None = None

    @property
    def learning(self) -> bool:
        """Whether there have been too few values to say anything."""
        return self.ring.count < SILENT

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return how anomalous ``x["value"]`` is (above 1: anomalous), without learning from it.

        What is not finite was not observed: it scores 0, and nothing is learned from it.
        """
        return self.judge(float(x["value"])).score

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Learn from ``x["value"]``; see :meth:`score_one`."""
        self.learn(float(x["value"]))

    def judge(self, value: float) -> Judgement:
        """Return what each channel says of a value, without learning from it."""
        if not math.isfinite(value):
            return Judgement(0.0, 0.0, 0.0, 0.0, False, math.nan, math.nan, math.nan)
        read = self._reading(value)
        level = self.level.rarity(read.level) * ("level" not in self.without)
        shape = self.shape.rarity(read.shape) * ("shape" not in self.without)
        context = self.context.rarity(read.context) * ("context" not in self.without)
        record = self.extremes.broken_by(read.value) and "record" not in self.without
        age = min(max(self.ring.count, YOUNG), OLD)
        evidence = level + shape + CONTEXT_WEIGHT * context - AGE_WEIGHT * math.log10(age / YOUNG)
        if record:
            evidence = max(evidence, RECORD)
        scale, origin = self.level.normaliser, 0.0 if math.isnan(self.origin) else self.origin
        usual = (origin + scale.median, origin + scale.low, origin + scale.high)
        return Judgement(max(evidence, 0) / THRESHOLD, level, shape, context, record, *usual)

    def learn(self, value: float) -> None:
        """Learn from a value."""
        if not math.isfinite(value):
            return
        read = self._reading(value)
        if math.isnan(self.origin):
            self.origin = value
        self.ring.push(read.value)
        self.level.learn(read.level, self.ring)
        self.shape.learn(read.shape, read.size)
        self.context.learn(read.context)
        self.extremes.learn(read.value)
        self._read = None

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state again; what follows is the same to the bit."""
        super().restore(state)
        self._read = None

    def _reading(self, value: float) -> _Reading:
        from_origin = 0.0 if math.isnan(self.origin) else value - self.origin
        kept = float(np.float32(min(max(from_origin, -LARGEST), LARGEST)))
        size = min(abs(value), LARGEST)
        if self._read is None or (self._read.value, self._read.size) != (kept, size):
            self._read = _Reading(
                kept,
                size,
                self.level.read(kept),
                self.shape.read(kept, size, self.ring),
                self.context.read(kept, self.extremes.low, self.extremes.high),
            )
        return self._read
