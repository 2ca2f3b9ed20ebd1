"""Lives of a flow in errors: how often each comes, and what is made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import count

import numpy as np

from detectors.calibration import threshold
from detectors.errors.book import ErrorBook, Judged, Line, Sighting
from detectors.errors.taxonomy import CLASSES

DAY = 1440
BUDGET = 1.0
LIMIT = threshold(BUDGET)

Errors = Mapping[int, list[int]]
"""By minute, the kinds of error; kind ``k`` is of class ``k % 18``."""


def line(kind: int) -> Line:
    """Kinds have no word in common, so that no two are taken for one."""
    return Line(CLASSES[kind % len(CLASSES)], "", " ".join(f"w{kind}x{i}" for i in range(5)))


class Life:
    """A flow whose errors are judged minute by minute; runs are numbered, one an error."""

    def __init__(self) -> None:
        self.book = ErrorBook(BUDGET, LIMIT)
        self._runs = count()

    def minute(self, minute: int, kinds: list[int], each: int = 1) -> Judged:
        at, sightings = 60 * minute, defaultdict(int)
        for kind in kinds:
            number = self.book.note(line(kind), at=at, sample=f"run-{kind}", watched=at)
            sightings[number] += each
        seen = [Sighting(n, runs, "run") for n, runs in sorted(sightings.items())]
        next(self._runs)
        return self.book.judge(at, seen, watched=at)

    def live(self, errors: Errors) -> Iterator[tuple[int, Judged]]:
        for minute in sorted(errors):
            yield minute, self.minute(minute, errors[minute])


def poisson(
    rng: np.random.Generator, days: int, a_day: float, kind: Callable[[int], int]
) -> Errors:
    """Errors at random times; ``kind`` of the n-th is drawn by the caller."""
    errors: dict[int, list[int]] = defaultdict(list)
    times = np.sort(rng.uniform(0, days * DAY, rng.poisson(a_day * days)))
    for n, time in enumerate(times.tolist()):
        errors[int(time)].append(kind(n))
    return errors


def bursts(rng: np.random.Generator, days: int) -> Errors:
    """Few errors, and once a day a burst of 10 to 60 of one class."""
    errors = dict(poisson(rng, days, 3, lambda _: int(rng.integers(5))))
    for start in rng.uniform(0, days * DAY, rng.poisson(days)).tolist():
        kind = int(rng.choice(5, p=[0.6, 0.2, 0.1, 0.07, 0.03]))
        for later in rng.exponential(15, int(rng.integers(10, 60))).tolist():
            errors.setdefault(int(start + later), []).append(kind)
    return errors


def alarms(scores: Iterator[tuple[int, float]]) -> list[int]:
    """Minutes at which a score rises above 1 after half an hour without."""
    raised, last = [], -DAY
    for minute, score in scores:
        if score > 1:
            if minute - last > 30:
                raised.append(minute)
            last = minute
    return raised


def news(judged: Judged) -> float:
    return judged.news.score if judged.news else 0.0


def shift(judged: Judged) -> float:
    return judged.shift.evidence / LIMIT if judged.shift else 0.0
