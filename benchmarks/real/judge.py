"""One threshold for all series of a kind: what it finds, and what it raises for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from benchmarks.onsets import Outcome, score_onsets, sweep, within_budget
from benchmarks.real.series import Ranges
from detectors.columns import Floats, Ints

WEEK = 7 * 86_400
FIXED = 1.0
"""The threshold that users run with."""
BUDGETS = (1.0, 2.0)
"""False alarms a series-week at which recall is read, with a threshold chosen in hindsight."""

Row = dict[str, object]


class Case(NamedTuple):
    """A series as scored: windows before ``first`` are for learning, and do not count."""

    name: str
    score: Floats
    ranges: Ranges
    first: int


class Judged:
    """Several series at many thresholds.

    Parameters
    ----------
    cases
        Series of one kind.
    seconds
        Width of their windows.
    thresholds
        Ascending; those of a sweep unless given.
    """

    def __init__(
        self, cases: Sequence[Case], seconds: int, thresholds: Floats | None = None
    ) -> None:
        quiet = max(1, 1800 // seconds)
        swept = (case.score[case.first :] for case in cases)
        self.cases = cases
        self.thresholds = sweep(swept, quiet) if thresholds is None else thresholds
        self.outcomes: list[Outcome] = [
            score_onsets(
                case.score,
                self.thresholds,
                case.ranges.hits,
                case.ranges.excused,
                judged=(case.first, len(case.score) - 1),
                quiet=quiet,
            )
            for case in cases
        ]
        watched = np.array([(~np.isnan(c.score[c.first :])).sum() for c in cases])
        self.weeks = watched * seconds / WEEK

    @cached_property
    def found(self) -> Ints:
        """Events found per threshold."""
        found: Ints = np.sum([outcome.found.sum(axis=0) for outcome in self.outcomes], axis=0)
        return found

    @cached_property
    def false(self) -> Ints:
        """False alarms per threshold."""
        false: Ints = np.sum([outcome.false for outcome in self.outcomes], axis=0)
        return false

    @property
    def events(self) -> int:
        """How many events there are to find."""
        return sum(len(case.ranges.hits) for case in self.cases)

    def within(self, per_week: float) -> int:
        """Index of the lowest threshold that keeps to so many false alarms a series-week."""
        return within_budget(self.false, per_week * float(self.weeks.sum()))

    def recall(self, index: int) -> float:
        """Share of the events found at a threshold."""
        return float(self.found[index]) / self.events if self.events else float("nan")

    def false_a_week(self, index: int) -> float:
        """False alarms a series-week at a threshold."""
        return float(self.false[index] / self.weeks.sum())

    def curve(self) -> tuple[Floats, Floats]:
        """False alarms a series-week and recall, over all thresholds."""
        return self.false / self.weeks.sum(), self.found / max(self.events, 1)


def summary(cases: Sequence[Case], seconds: int) -> tuple[Row, list[Row]]:
    """Figures of all series together, and of each."""
    swept, fixed = Judged(cases, seconds), Judged(cases, seconds, np.array([FIXED]))
    row: Row = {"series": len(cases), "events": swept.events, "weeks": swept.weeks.sum()}
    for budget in BUDGETS:
        index = swept.within(budget)
        row[f"recall at {budget:g}"] = swept.recall(index)
        row[f"threshold at {budget:g}"] = swept.thresholds[index]
    row |= {"fixed recall": fixed.recall(0), "fixed FA/week": fixed.false_a_week(0)}
    return row, [_single(swept, fixed, i) for i in range(len(cases))]


def _single(swept: Judged, fixed: Judged, i: int) -> Row:
    case, index = swept.cases[i], swept.within(BUDGETS[0])
    weeks = float(swept.weeks[i]) or float("nan")
    hindsight, now = swept.outcomes[i], fixed.outcomes[i]
    return {
        "series": case.name,
        "events": len(case.ranges.hits),
        "weeks": weeks,
        "found at 1": hindsight.found[:, index].sum(),
        "FA/week at 1": hindsight.false[index] / weeks,
        "fixed found": now.found.sum(),
        "fixed FA/week": now.false[0] / weeks,
    }
