"""When the next run is due, learned from when runs have come: timers, nights, weekdays, weeks.

A flow remembers the gap that followed its runs in each two hours of the week (a nightly run on
Friday is followed by three quiet days, one on Monday by a day) and the gap it shows most. What it
foretells is trusted once it has come true more often than chance would have it, and how late a
run may be follows from how late runs have been.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import STOP
from detectors.columns import Bools, Floats, Ints
from detectors.gaps import CONTEXT_MINUTES, MOST, WEEK, Gaps, context_of, weekend
from detectors.state import FlowState, Rows, column

BURST: Final = 2
"""Windows after a run in which others belong to it, at least; else a tenth of the usual gap."""
SHORTEST: Final = 4.5
"""Windows between runs below which a cadence is left to volume."""
MEMORY: Final = 30
"""Foretold runs over which lateness is remembered."""
PRIOR: Final = 0.02
"""Share of a gap by which the first foretold run is taken to have missed its time."""
NEAR: Final = 3.0
"""A run within so many mean errors of its time has kept it."""
EARLY: Final = 0.4
"""Share of a gap by which a run may come before its time; earlier ones were started by hand."""
TRUST: Final = 3.0
"""Evidence (-log10 of chance) for a cadence from which what it foretells is a promise."""
STRONGEST: Final = 12.0
"""Two broken promises in a row suspend a cadence, however well it was kept before."""


class Due(NamedTuple):
    """How late the next run of each row is: ``tail`` is the evidence, 0 before its time.

    ``allowed`` is the gap in windows up to which nothing is amiss; NaN without a promise.
    """

    tail: Floats
    allowed: Floats


class Cadence(FlowState):
    """When runs of many flows are due, one window at a time.

    Gaps, errors and times are counted in windows; 290 bytes a flow.

    Parameters
    ----------
    threshold
        Evidence at which a late run alarms.
    window_seconds
        Length of a window.
    """

    since: NDArray[np.int32] = column(-1, dtype=np.int32)
    whole: Bools = column(0, dtype=np.bool_)
    minute: NDArray[np.int16] = column(-1, dtype=np.int16)
    context: NDArray[np.uint8] = column(0, dtype=np.uint8)
    due: NDArray[np.float32] = column(np.nan, dtype=np.float32)
    trusted: Bools = column(0, dtype=np.bool_)
    error: NDArray[np.float32] = column(0.0, dtype=np.float32)
    foretold: NDArray[np.uint8] = column(0, dtype=np.uint8)
    strength: NDArray[np.float32] = column(0.0, dtype=np.float32)

    def __init__(self, threshold: float = 5.0, window_seconds: int = 60) -> None:
        super().__init__()
        self._threshold = threshold
        self._minutes = window_seconds / 60
        self.gaps = Gaps()

    def step(self, rows: Rows, ran: Bools, minute: Ints) -> Due:
        """Judge how late each row is at the end of this window; learn from runs that began."""
        at = rows.at
        before, self.minute[at] = self.minute[at].copy(), minute
        followed = (minute - before) % WEEK == round(self._minutes) % WEEK
        self.whole[at] &= followed
        since = np.where(self.since[at] >= 0, self.since[at] + 1, -1)
        self.since[at] = since
        begins = ran & ((since < 0) | (since > self._burst(rows)))
        if begins.any():
            self._begin(rows.only(begins), since[begins], minute[begins])
        return self._judge(rows)

    def skip(self, rows: Rows) -> None:
        """Let time pass unwatched: near a run's time nobody can tell any more whether it came."""
        at = rows.at
        since = np.where(self.since[at] >= 0, self.since[at] + 1, -1)
        self.since[at] = since
        self.minute[at] = (self.minute[at] + round(self._minutes)) % WEEK
        self.whole[at] &= since < self.due[at] - self._early(rows)

    def excuse(self, rows: Rows) -> None:
        """Put off what is due by now for a day, as on a holiday."""
        at, day = rows.at, np.float32(1440 / self._minutes)
        due = self.due[at]
        self.due[at] = np.where(self.since[at] + 1 >= due, due + day, due)

    def relearn(self, rows: Rows) -> None:
        """Forget a timer that is no more."""
        at = rows.at
        self.due[at], self.trusted[at], self.strength[at], self.foretold[at] = np.nan, False, 0, 0
        self.gaps.forget(rows)

    def _burst(self, rows: Rows) -> Floats:
        """Windows after a run in which others belong to it."""
        burst: Floats = np.maximum(BURST, self.gaps.most(rows) / 10)
        return burst

    def _judge(self, rows: Rows) -> Due:
        promised = self._promised(rows)
        tail, allowed = np.zeros(len(promised)), np.full(len(promised), np.nan)
        if promised.any():
            of = rows.only(promised)
            late = self.since[of.at] - self.due[of.at].astype(np.float64)
            tail[promised] = np.where(late > 0, self._tail(of, np.maximum(late, 0)), 0.0)
            allowed[promised] = self.due[of.at] + self._slack(of, self._threshold)
        return Due(tail, allowed)

    def _promised(self, rows: Rows) -> Bools:
        at = rows.at
        strong = (self.strength[at] >= TRUST) & (self.due[at] >= SHORTEST)
        promised: Bools = self.trusted[at] & self.whole[at] & strong
        return promised

    def _usual_error(self, rows: Rows) -> Floats:
        """Mean error, and never less than queues and clocks bring about."""
        due = np.nan_to_num(self.due[rows.at]).astype(np.float64)
        error = np.where(self.foretold[rows.at] > 0, self.error[rows.at], PRIOR * due)
        usual: Floats = np.maximum(error, 0.5 + 0.002 * np.minimum(due, 1440 / self._minutes))
        return usual

    def _tail(self, rows: Rows, late: Floats) -> Floats:
        """-log10 of the share of minutes in which a run becomes this late.

        Lateness falls off exponentially, with a mean known from few examples (so: Pareto); and
        there is one chance to be late in a gap.
        """
        n = np.maximum(self.foretold[rows.at], 1)
        rare = n * np.log10(1 + late / (n * self._usual_error(rows)))
        tail: Floats = rare + self._chance(rows)
        return tail

    def _chance(self, rows: Rows) -> Floats:
        """-log10 of the share of minutes in which a run becomes due."""
        chance: Floats = np.log10(np.maximum(self.due[rows.at] * self._minutes, 1))
        return chance

    def _slack(self, rows: Rows, tail: float) -> Floats:
        """Lateness of this evidence."""
        n = np.maximum(self.foretold[rows.at], 1)
        rare = np.maximum(tail - self._chance(rows), 0)
        slack: Floats = n * self._usual_error(rows) * (10 ** (rare / n) - 1)
        return slack

    def _near(self, rows: Rows) -> Floats:
        near: Floats = np.maximum(NEAR * self._usual_error(rows), 1.5)
        return near

    def _early(self, rows: Rows) -> Floats:
        early: Floats = np.maximum(self._near(rows), EARLY * np.nan_to_num(self.due[rows.at]))
        return early

    def _begin(self, rows: Rows, gap: Ints, minute: Ints) -> None:
        """Learn from runs that began, and foretell the next.

        A run well before its time was started by hand: the timer knows nothing of it. But what is
        remembered of a context is what follows its last run, so another may come at any time.
        """
        at = rows.at
        off = gap.astype(np.float64) - self.due[at]
        out_of_turn = self._promised(rows) & (off < -self._early(rows))
        out_of_turn &= context_of(minute) != self.context[at]
        self.strength[at] = np.where(out_of_turn, 0.7 * self.strength[at], self.strength[at])
        due = ~out_of_turn
        if due.any():
            off = np.where(self.trusted[at] & self.whole[at], off, np.nan)
            self._take_up(rows.only(due), gap[due].astype(np.float64), off[due], minute[due])

    def _take_up(self, rows: Rows, gap: Floats, off: Floats, minute: Ints) -> None:
        """Let runs begin that were ``off`` from their time (NaN if that was not known)."""
        at, context, near = rows.at, context_of(minute), self._near(rows)
        known = (gap > 0) & self.whole[at]
        if known.any():
            self._learn_gap(rows.only(known), gap[known], context[known], near[known])
        if (foretold := ~np.isnan(off)).any():
            self._learn_error(rows.only(foretold), off[foretold], near[foretold])
        self.since[at], self.whole[at], self.context[at] = 0, True, context
        self._foretell(rows, minute, off, near)

    def _learn_gap(self, rows: Rows, gap: Floats, context: Ints, near: Floats) -> None:
        """Learn from whole gaps that end in ``context``."""
        begun = self.context[rows.at].astype(np.int64)
        last = (begun != context) | (gap * self._minutes > CONTEXT_MINUTES)
        self.gaps.remember(rows.only(last), begun[last], gap[last], near[last])
        self.gaps.remember(rows, np.full(len(gap), MOST), gap, near)

    def _learn_error(self, rows: Rows, off: Floats, near: Floats) -> None:
        """Learn how well runs keep their times."""
        at, kept = rows.at, np.abs(off) <= near
        alarmed = self._promised(rows) & (self._tail(rows, np.maximum(off, 0)) > STOP)
        # a run within +-near of the time by chance: a Poisson process of any rate, after the burst
        gain = np.log10(np.e / 2 * np.maximum(self.due[at] - self._burst(rows), 1) / near)
        strength = np.where(kept, self.strength[at] + gain, 0.5 * self.strength[at])
        n, first = self.foretold[at], PRIOR * self.due[at]
        error = np.where(n > 0, self.error[at], first).astype(np.float64)
        rate = np.maximum(1 / (n + 2.0), 1 / MEMORY)
        error = error + rate * (np.minimum(np.abs(off), near) - error)
        # an alarm is no example, nor is a run out of turn
        learn = ~alarmed & (off >= -self._early(rows))
        self.error[at] = np.where(learn, error, self.error[at])
        self.foretold[at] = np.minimum(n + learn, MEMORY)
        self.strength[at] = strength.clip(0, STRONGEST)

    def _foretell(self, rows: Rows, minute: Ints, off: Floats, near: Floats) -> None:
        """Set when the next run is due, and whether that can be relied on."""
        at = rows.at
        own, sure, same_day, alike = self.gaps.recall(rows, context_of(minute))
        most = self.gaps.most(rows)
        gap = np.where(own > 0, own, most)
        # at an hour that no day has known, nothing is certain
        trusted = (own > 0) & ((sure > 0) & alike | (np.abs(own - most) <= near))
        then = (minute + np.rint(gap * self._minutes).astype(np.int64)) % WEEK
        trusted &= same_day | (weekend(then) == weekend(minute))  # new to weekends
        off = np.nan_to_num(off)
        # half of how far off this run was is jitter, which the next does not share
        self.due[at] = np.where(gap > 0, gap - 0.5 * off.clip(-near, near), np.nan)
        # whether a timer counts from a late run or keeps its time, the next will tell
        self.trusted[at] = trusted & (off <= near)
