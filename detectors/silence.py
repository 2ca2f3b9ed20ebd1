"""A run that should have come and did not: by the schedule where one is known, else by habit.

Habit is the flow's `cadence`, or a renewal process on the flow's own clock, which runs as fast as
runs are expected: the gaps between its runs then have a mean near 1 and follow a gamma
distribution, whose shape tells a timer (large) from chance (1) from bursts (small).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

from detectors.cadence import Cadence
from detectors.calibration import STOP, WARM_UP
from detectors.columns import Bools, Floats, Ints, Reals, Verdict
from detectors.deviance import LN10
from detectors.state import FlowState, Rows, column

BLIND: Final = 3.3
"""Evidence of an empty hour below which the hour's count can never alarm: even on the tightest
scale (u .2, mx .45) an alarm takes .2 + 3 x .45 / .4343. Denser flows are left to volume."""
ENOUGH: Final = 20
"""Gaps seen before a cadence is trusted."""
MEMORY: Final = 50
"""Gaps over which a cadence is remembered."""
DAY: Final = 1440
"""Minutes before a cadence is believed: the flow's first evening may be its closing time."""
HABIT: Final = 4.0
"""Alarming gaps in close succession from which on they are learned from: they are what this flow
does. A webhook of ``bursts`` raised 57 false alarms in three weeks without it, and none with it."""
PARDON: Final = 0.1
"""Alarming gaps that each ordinary one makes up for: one in ten is no exception any more."""
PRIOR: Final = 10
"""Gaps by chance alone that a fresh flow is taken to have shown."""
SHAPES: Final = (0.05, 20.0)
"""A timer more regular than this still alarms only after about two missed runs."""
TIMES: Final = 3.0
"""A gap this many times the longest so far, and ``SPARE`` windows more, stops a young flow."""
SPARE: Final = 10


class Rhythm(NamedTuple):
    """Runs expected in this window and in the last hour, and the dispersion of an hour.

    ``wary`` is where the longest gap so far is all there is to judge by, at hours of business.
    """

    expected: Floats
    hour: Floats
    alpha: Reals
    wary: Bools

    def sparse(self) -> Bools:
        """Whether an empty hour would say too little."""
        evidence = np.log1p(self.alpha * self.hour) / (self.alpha * LN10)
        thin: Bools = evidence < BLIND
        return thin


class Quiet(NamedTuple):
    """Silence of one window as judged, per row.

    ``since`` is minutes since the last run, ``due`` the runs expected in them, ``tail`` the
    evidence; ``allowed`` is minutes of silence up to which habit sees nothing amiss;
    ``overdue`` is minutes of lateness by schedule, NaN without one.
    """

    since: Floats
    due: Floats
    tail: Floats
    allowed: Floats
    overdue: Floats
    span: Ints

    def verdict(self, threshold: float) -> Verdict:
        """The verdict in minutes. Evidence of a gap is a tail probability already."""
        scheduled, late = ~np.isnan(self.overdue), self.overdue > 0
        # a schedule needs no calibration; grows by a fifth for each doubling of the lateness
        by_schedule = np.where(late, 1.2 + 0.2 * np.log2(1 + np.maximum(self.overdue, 0)), 0.0)
        promised = np.maximum(self.since - self.overdue, 0)
        usual = self.since / np.maximum(self.due, 1e-9)
        return Verdict(
            observed=self.since,
            expected=np.where(scheduled, promised, usual),
            lower=np.zeros_like(self.since),
            upper=np.where(scheduled, promised, self.allowed),
            score=np.where(scheduled, by_schedule, self.tail / threshold),
            evidence=np.where(scheduled, by_schedule * threshold, self.tail),
            high=np.zeros(len(self.since), bool),  # too few runs, not too many
            span=self.span,
            span_observed=np.where(scheduled, self.overdue, self.since),
            span_expected=np.where(scheduled, 0.0, self.allowed),
        )


class Silence(FlowState):
    """Gaps between the runs of many flows, one window at a time.

    Parameters
    ----------
    threshold
        Evidence at which a gap alarms.
    window_seconds
        Length of a window.
    """

    age: NDArray[np.int32] = column(0, dtype=np.int32)
    since: NDArray[np.int32] = column(0, dtype=np.int32)
    due: Floats = column(0.0)
    gaps: NDArray[np.int32] = column(0, dtype=np.int32)
    mean: Floats = column(1.0)
    mean_square: Floats = column(2.0)
    longest: NDArray[np.int32] = column(0, dtype=np.int32)
    strange: NDArray[np.float32] = column(0.0, dtype=np.float32)

    def __init__(self, threshold: float = 5.0, window_seconds: int = 60) -> None:
        super().__init__()
        self._threshold = threshold
        self._minutes = window_seconds / 60
        self.cadence = Cadence(threshold, window_seconds)

    def step(self, rows: Rows, ran: Bools, minute: Ints, rhythm: Rhythm, overdue: Floats) -> Quiet:
        """Judge the gap that each row is in at the end of this window, and learn ended ones.

        ``minute`` is the local minute of the week.
        """
        at, sparse = rows.at, rhythm.sparse()
        gap = self.due[at] + rhythm.expected
        ended = ran & (self.since[at] > 0) & sparse
        if ended.any():
            self._learn(rows.only(ended), self.due[at][ended], gap[ended])
        before = self.since[at].copy()
        since, due = np.where(ran, 0, before + 1), np.where(ran, 0.0, gap)
        self.since[at], self.due[at] = since, due
        self.age[at] += 1
        judged = sparse & (self.gaps[at] >= ENOUGH) & (self.age[at] * self._minutes > WARM_UP)
        tail, limit = np.zeros(len(ran)), np.full(len(ran), np.nan)
        if judged.any():
            thin = rows.only(judged)
            tail[judged] = self._evidence(thin, due[judged])
            limit[judged] = self._due_at(thin, self._threshold)
        minutes = since * np.float64(self._minutes)
        allowed = minutes / np.maximum(due, 1e-9) * limit
        late = self.cadence.step(rows, ran, minute)
        # a flow that keeps a cadence is quiet until its next run is due
        by_cadence = ~np.isnan(late.allowed) & (self.age[at] * self._minutes > DAY)
        tail = np.where(by_cadence, late.tail, tail)
        allowed = np.where(by_cadence, late.allowed * self._minutes, allowed)
        unheard = TIMES * self.longest[at] + SPARE
        far = rhythm.wary & (since > unheard)
        tail = np.where(far, np.maximum(tail, self._threshold * since / unheard), tail)
        allowed = np.where(far, unheard * self._minutes, allowed)
        self.longest[at] = np.where(ran, np.maximum(self.longest[at], before), self.longest[at])
        return Quiet(minutes, due, tail, allowed, overdue, np.maximum(since, 1).astype(np.int64))

    def skip(self, rows: Rows) -> None:
        """Let time pass unwatched: the gap grows older, but nothing was due that could be seen."""
        self.since[rows.at] += 1
        self.cadence.skip(rows)

    def excuse(self, rows: Rows) -> None:
        """Expect no run of a cadence in the window to come, as on a holiday."""
        self.cadence.excuse(rows)

    def relearn(self, rows: Rows) -> None:
        """Forget the cadence of a schedule that is no more."""
        self.gaps[rows.at] = 0
        self.mean[rows.at], self.mean_square[rows.at] = 1, 2
        self.cadence.forget(rows)

    def _learn(self, rows: Rows, due: Floats, gap: Floats) -> None:
        alarmed = self._evidence(rows, due) > STOP
        strange = (self.strange[rows.at] + np.where(alarmed, 1, -PARDON)).clip(0, HABIT + 1)
        self.strange[rows.at] = strange
        ordinary = ~alarmed | (strange > HABIT)  # a single alarm is no example
        rows, gap = rows.only(ordinary), gap[ordinary]
        at = rows.at
        rate = np.maximum(1 / (self.gaps[at] + PRIOR), 1 / MEMORY)
        self.mean[at] += rate * (gap - self.mean[at])
        self.mean_square[at] += rate * (gap**2 - self.mean_square[at])
        self.gaps[at] += 1

    def _shape(self, rows: Rows) -> Floats:
        square = self.mean[rows.at] ** 2
        variance = np.maximum(self.mean_square[rows.at] - square, 1e-9)
        shape: Floats = (square / variance).clip(*SHAPES)
        return shape

    def _evidence(self, rows: Rows, due: Floats) -> Floats:
        """-log10 of the probability of so long a gap."""
        shape = self._shape(rows)
        beyond = gammaincc(shape, shape * due / self.mean[rows.at])
        evidence: Floats = -np.log10(np.maximum(beyond, 1e-300))
        return evidence

    def _due_at(self, rows: Rows, evidence: float) -> Floats:
        """Runs due in a gap of this evidence."""
        shape = self._shape(rows)
        due: Floats = gammainccinv(shape, 10.0**-evidence) * self.mean[rows.at] / shape
        return due
