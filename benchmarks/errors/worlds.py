"""Lives of a flow in errors: how often each kind comes, and what is made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from detectors.calibration import threshold
from detectors.errors.book import ErrorBook, Judged, Line, Sighting
from detectors.errors.taxonomy import CLASSES

DAY: Final = 1440
BUDGET: Final = 1.0
LIMIT: Final = threshold(BUDGET)
CALM: Final = 30
"""Minutes without an anomaly that end an alarm."""

Errors = Mapping[int, list[int]]
"""By minute, the kinds of error; kind ``k`` is of class ``k % 18``."""
Dice = np.random.Generator


def line(kind: int) -> Line:
    """Kinds have no word in common, so that no two are taken for one."""
    return Line(CLASSES[kind % len(CLASSES)], "", " ".join(f"w{kind}x{i}" for i in range(5)))


class Life:
    """A flow whose errors are judged minute by minute, watched since minute 0."""

    def __init__(self) -> None:
        self.book = ErrorBook(BUDGET, LIMIT)

    def minute(self, minute: int, kinds: Iterable[int], each: int = 1) -> Judged:
        """Judge one minute, in which every mention of a kind hits ``each`` runs."""
        at = 60 * minute
        hit: dict[int, int] = defaultdict(int)
        for kind in kinds:
            number = self.book.note(line(kind), at=at, sample=f"run-{kind}", watched=at)
            hit[number] += each
        seen = [Sighting(number, runs, "run") for number, runs in sorted(hit.items())]
        return self.book.judge(at, seen, watched=at)

    def live(self, errors: Errors) -> Iterator[tuple[int, Judged]]:
        """Judge every minute that has errors."""
        for minute in sorted(errors):
            yield minute, self.minute(minute, errors[minute])


def poisson(dice: Dice, days: int, a_day: float, kind: Callable[[int, int], int]) -> Errors:
    """Return errors at random times; the ``kind`` of each is drawn by its number and minute."""
    errors: dict[int, list[int]] = defaultdict(list)
    times = np.sort(dice.uniform(0, days * DAY, dice.poisson(a_day * days)))
    for n, time in enumerate(times.tolist()):
        errors[int(time)].append(kind(n, int(time)))
    return errors


def together(*lives: Errors) -> Errors:
    """Return the errors of several causes side by side."""
    errors: dict[int, list[int]] = defaultdict(list)
    for life in lives:
        for minute, kinds in life.items():
            errors[minute] += kinds
    return errors


def quiet(dice: Dice, days: int) -> Errors:
    """Return five errors a day, of three kinds."""
    return poisson(dice, days, 5, lambda *_: int(dice.integers(3)))


def sparse(dice: Dice, days: int) -> Errors:
    """Return an error every third day, of five kinds."""
    return poisson(dice, days, 1 / 3, lambda *_: int(dice.integers(5)))


def many(dice: Dice, days: int) -> Errors:
    """Return 200 errors a day, of twelve kinds, the first a third of them."""
    share = 1 / np.arange(1, 13) ** 1.2
    kinds = dice.choice(12, size=400 * days, p=share / share.sum()).tolist()
    return poisson(dice, days, 200, lambda n, _: kinds[n])


def day_and_night(dice: Dice, days: int) -> Errors:
    """Return 30 errors a day, of other kinds by day than by night."""
    shift = 3 * DAY // 24 * 4
    return poisson(
        dice, days, 30, lambda _, m: int(dice.integers(3)) + 3 * (m % DAY // shift in (0, 1))
    )


def one_offs(dice: Dice, days: int) -> Errors:
    """Return the quiet flow's errors, and once a week one that comes only once."""
    return together(quiet(dice, days), poisson(dice, days, 1 / 7, lambda n, _: 100 + n))


def long_tail(dice: Dice, days: int) -> Errors:
    """Return 20 errors a day, of 2,000 kinds, most of them hardly ever seen."""
    share = 1 / np.arange(1, 2001) ** 1.1
    kinds = dice.choice(2000, size=40 * days, p=share / share.sum()).tolist()
    return poisson(dice, days, 20, lambda n, _: kinds[n])


def bursts(dice: Dice, days: int) -> Errors:
    """Return few errors, and once a day a burst of 10 to 60 of one class."""
    errors = dict(poisson(dice, days, 3, lambda *_: int(dice.integers(5))))
    for start in dice.uniform(0, days * DAY, dice.poisson(days)).tolist():
        kind = int(dice.choice(5, p=[0.6, 0.2, 0.1, 0.07, 0.03]))
        for later in dice.exponential(15, int(dice.integers(10, 60))).tolist():
            errors.setdefault(int(start + later), []).append(kind)
    return errors


WORLDS: Final = (quiet, sparse, many, day_and_night, one_offs, long_tail, bursts)


def alarms(scores: Iterable[tuple[int, float]]) -> list[int]:
    """Return the minutes at which a score rises above 1 after a calm."""
    raised, last = [], -DAY
    for minute, score in scores:
        if score > 1:
            if minute - last > CALM:
                raised.append(minute)
            last = minute
    return raised


def news(judged: Judged) -> float:
    """Return the score of a new error."""
    return judged.news.score if judged.news else 0.0


def shift(judged: Judged) -> float:
    """Return the score of a shift of the mix."""
    return judged.shift.evidence / LIMIT if judged.shift else 0.0
