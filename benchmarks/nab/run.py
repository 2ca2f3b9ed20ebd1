"""Running one detector over the corpus, as it would run live, and rating its alarms."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import numpy as np

from benchmarks.nab.corpus import Series
from benchmarks.nab.peers import Detector, squashed
from benchmarks.nab.refractory import alarms, best_threshold
from benchmarks.nab.scorer import PROFILES, Floats, Scorer
from detectors.generic import GenericDetector

Advance = Callable[[], None]


@dataclass(frozen=True)
class Row:
    """What a detector's alarms are worth.

    Attributes
    ----------
    scores
        By profile.
    threshold
        On the scale of the scores written, from 0 to 1.
    us_per_point
        Processor time a value takes, median over the series.
    raised
        Scores of the alarms, 0 elsewhere, series by series.
    """

    detector: str
    scores: dict[str, float]
    threshold: float
    us_per_point: float
    raised: Sequence[Floats]

    @property
    def alarms(self) -> int:
        """How many alarms were raised, those in probation included."""
        return sum(int(np.count_nonzero(each)) for each in self.raised)


def generic(without: Collection[str] = ()) -> Callable[[], Detector]:
    """Return what makes a generic detector, without some channels."""

    def make() -> Detector:
        detector = GenericDetector(without)

        def step(_: datetime, value: float) -> float:
            x = {"value": value}
            score = detector.score_one(x)
            detector.learn_one(x)
            return score

        return step

    return make


class Run:
    """A detector's scores on every series, and the time they took."""

    def __init__(
        self, name: str, make: Callable[[], Detector], corpus: Sequence[Series], advance: Advance
    ) -> None:
        self.name = name
        self.scores: list[Floats] = []
        self._microseconds: list[float] = []
        for series in corpus:
            begun = time.process_time()
            self.scores.append(np.fromiter(_scores(make(), series), np.float64))
            spent = time.process_time() - begun
            self._microseconds.append(1e6 * spent / len(series.values))
            advance()

    def rated(self, scorer: Scorer, threshold: float | None) -> Row:
        """Rate the alarms at a threshold; at the best one for this corpus if None."""
        chosen = best_threshold(scorer, self.scores) if threshold is None else threshold
        raised = [alarms(each, chosen) for each in self.scores]
        scores = {name: scorer.score(raised, chosen, profile) for name, profile in PROFILES.items()}
        return Row(self.name, scores, chosen, median(self._microseconds), raised)


def _scores(detector: Detector, series: Series) -> Iterator[float]:
    for text, value in zip(series.timestamps, series.values, strict=True):
        yield squashed(detector(datetime.fromisoformat(text), value))
