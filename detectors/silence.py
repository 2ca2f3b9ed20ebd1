"""A run that should have come and did not: by the schedule where one is known, else by cadence."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from detectors.columns import Bools, Floats, Ints, Verdict
from detectors.deviance import LN10
from detectors.state import FlowState, Rows, column

BLIND: Final = 3.3
"""Evidence of an empty hour below which the hour's count can never alarm: even on the tightest
scale (u .2, mx .45) an alarm takes .2 + 3 x .45 / .4343. Denser flows are left to volume."""


class Rhythm(NamedTuple):
    """Runs expected in this window and in the last hour, and the dispersion of an hour."""

    expected: Floats
    hour: Floats
    alpha: Floats


class Quiet(NamedTuple):
    """Silence of one window as judged, per row.

    ``since`` is windows since the last run, ``due`` the runs expected in them, ``tail`` the
    evidence; ``overdue`` is minutes of lateness by schedule, NaN without one.
    """

    since: Ints
    due: Floats
    alpha: Floats
    tail: Floats
    overdue: Floats
    window_minutes: float

    def evidence(self) -> Floats:
        """Raw evidence of one channel: how unlikely so long a gap is."""
        return self.tail[None]

    def verdict(self, score: Floats, limit: Floats) -> Verdict:
        """The verdict in minutes; ``limit`` is the evidence at which cadence alarms."""
        scheduled, late = ~np.isnan(self.overdue), self.overdue > 0
        minutes = self.since * self.window_minutes
        gap = minutes / np.maximum(self.due, 1e-9)
        due_at_limit = np.expm1(np.minimum(limit * self.alpha * LN10, 700)) / self.alpha
        # grows by a fifth for each doubling of the lateness; a schedule needs no calibration
        by_schedule = np.where(late, 1.2 + 0.2 * np.log2(1 + np.maximum(self.overdue, 0)), 0.0)
        allowed = np.maximum(minutes - self.overdue, 0)
        return Verdict(
            observed=minutes,
            expected=np.where(scheduled, allowed, gap),
            lower=np.zeros_like(minutes),
            upper=np.where(scheduled, allowed, gap * due_at_limit),
            score=np.where(scheduled, by_schedule, score[0]),
            evidence=self.tail,
            high=np.ones(len(minutes), bool),
            span=np.maximum(self.since, 1),
            span_observed=np.zeros_like(minutes),
            span_expected=self.due,
        )


class Silence(FlowState):
    """Gaps between the runs of many flows, one window at a time."""

    since: Ints = column(0, dtype=np.int64)
    due: Floats = column(0.0)

    def __init__(self, window_seconds: int = 60) -> None:
        super().__init__()
        self._minutes = window_seconds / 60

    def step(self, rows: Rows, ran: Bools, rhythm: Rhythm, overdue: Floats) -> Quiet:
        """Judge the gap that each row is in at the end of this window."""
        since = np.where(ran, 0, self.since[rows.at] + 1)
        due = np.where(ran, 0.0, self.due[rows.at] + rhythm.expected)
        self.since[rows.at], self.due[rows.at] = since, due
        sparse = gap_evidence(rhythm.hour, rhythm.alpha) < BLIND
        judged = sparse & np.isnan(overdue)
        tail = np.where(judged, gap_evidence(due, rhythm.alpha), 0.0)
        return Quiet(since, due, rhythm.alpha, tail, overdue, self._minutes)

    def skip(self, rows: Rows) -> None:
        """Let time pass unwatched: the gap grows older, but nothing was due that could be seen."""
        self.since[rows.at] += 1


def gap_evidence(due: Floats, alpha: Floats) -> Floats:
    """-log10 of the probability of no run where ``due`` were expected (negative binomial).

    Examples
    --------
    >>> gap_evidence(np.array([0.0, 10.0]), np.array([0.05, 0.05]))
    array([0., 3.522])
    """
    evidence: Floats = np.log1p(alpha * due) / (alpha * LN10)
    return evidence
