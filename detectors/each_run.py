"""Run against run: the size, duration, outcome and number of single runs, where runs are few.

A nightly run with half its records fills no window with evidence, yet is plain beside the nights
before it. Size and duration are held against the usual of that time of day, in units of the
flow's own run-to-run error; an outcome against the share of runs that ended badly, and two runs
where there is one as a rule against the share of times that there were.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Ints, Windows, or_zero
from detectors.outcome import Outcome
from detectors.quantity import CLASSES, MEMORY, Judged, Quantity
from detectors.state import FlowState, Rows, column
from schemas.signals import SignalName

FEW: Final = 4.0
"""Minutes between runs from which each is judged; of busier flows sums say more (development runs
of ``clockwork`` and ``estate``: recall at one false alarm a flow-week .02 above that of 15)."""
FEW_AT_ONCE: Final = 15.0
"""The same for flows that run several at once, each time another number: failures come in company,
and one such flow of ``bursts`` raised 35 false alarms when judged from four minutes on."""
SIGNALS: Final[tuple[SignalName, ...]] = ("records", "latency", "errors", "volume")
"""What size, duration, outcome and number are evidence of."""
ALONE: Final = 1.5
"""Runs at once, on average, up to which a flow runs one at a time, a retry now and then apart."""
SELDOM: Final = 0.1
"""Share of times that a flow runs more than once, up to which that is worth telling. One whose runs
have one page at night and several by day would tell of it every morning."""
SETTLED: Final = 20
"""Runs after which the time between them is known well enough to leave busy flows alone."""
HOLD: Final = 60
"""Minutes for which a run's verdict stands."""


class Runs(NamedTuple):
    """Runs that ended in a window, per row: how many, and how many badly, of all runs; and means.

    ``records`` a run and ``duration_log`` are NaN where unknown.
    """

    ended: Floats
    bad: Floats
    records: Floats
    duration_log: Floats


def runs_of(w: Windows) -> Runs:
    """The runs that ended in some windows; a failed or partial one has ended badly."""
    ended, failed, partial = or_zero(np.array([w.finished, w.failed, w.partial]))
    return Runs(ended, failed + partial, w.records / np.maximum(ended, 1), w.duration_log)


class EachRun(FlowState):
    """The last run of many flows, one window at a time; 205 bytes a flow.

    Parameters
    ----------
    threshold
        Evidence at which a run alarms.
    window_seconds
        Length of a window.
    """

    since: NDArray[np.int32] = column(0, dtype=np.int32)
    between: NDArray[np.float32] = column(0.0, dtype=np.float32)
    at_once: NDArray[np.float32] = column(0.0, dtype=np.float32)
    runs: NDArray[np.uint8] = column(0, dtype=np.uint8)
    evidence: NDArray[np.float32] = column(0.0, 4, dtype=np.float32)
    observed: NDArray[np.float32] = column(np.nan, 4, dtype=np.float32)
    expected: NDArray[np.float32] = column(np.nan, 4, dtype=np.float32)
    high: Bools = column(0, 4, dtype=np.bool_)

    def __init__(self, threshold: float = 5.0, window_seconds: int = 60) -> None:
        super().__init__()
        self._threshold = threshold
        self._minutes = window_seconds / 60
        self.size = Quantity()
        self.duration = Quantity()
        self.outcome = Outcome()
        self.twice = Outcome()

    def step(self, rows: Rows, minute: Ints, runs: Runs) -> dict[SignalName, Judged]:
        """Judge runs that ended in this window, by the signal that their quantity belongs to.

        ``minute`` is the local minute of the week. What a run showed stands for a while.
        """
        at, ended = rows.at, runs.ended > 0
        self.since[at] += 1
        if ended.any():
            self._judge(rows.only(ended), minute[ended], Runs(*(c[ended] for c in runs)))
        stands = (self.since[at] * self._minutes < HOLD) & self.few(rows)
        return {
            name: Judged(
                self.observed[i, at].astype(np.float64),
                self.expected[i, at].astype(np.float64),
                np.where(stands, self.evidence[i, at], 0.0).astype(np.float64),
                self.high[i, at].copy(),
                self.since[at].astype(np.int64) + 1,
            )
            for i, name in enumerate(SIGNALS)
        }

    def few(self, rows: Rows) -> Bools:
        """Whether runs are so few that each is judged."""
        least = np.where(self.at_once[rows.at] < ALONE, FEW, FEW_AT_ONCE)
        few: Bools = self.between[rows.at] * self._minutes >= least
        return few

    def skip(self, rows: Rows) -> None:
        """Let time pass unwatched."""
        self.since[rows.at] += 1

    def _judge(self, rows: Rows, minute: Ints, runs: Runs) -> None:
        at = rows.at
        n = self.runs[at]
        rate = np.where(n > 0, np.maximum(1 / np.maximum(n, 1), 1 / MEMORY), 0.0)
        self.between[at] += rate * (self.since[at] - self.between[at])
        self.at_once[at] += rate * (runs.ended - self.at_once[at])
        self.since[at], self.runs[at] = 0, np.minimum(n + 1, MEMORY)
        between = self.between[at].astype(np.float64) * self._minutes
        few = (between >= FEW / 2) | (n < SETTLED)
        if few.any():
            some = Runs(*(c[few] for c in runs))
            self._judge_few(rows.only(few), minute[few], some, between[few])

    def _judge_few(self, rows: Rows, minute: Ints, runs: Runs, between: Floats) -> None:
        at = rows.at
        rare = np.log10(np.maximum(between, 1))
        time = minute % 1440 // 240 + np.where(minute >= 5 * 1440, CLASSES // 2, 0)
        for place, quantity, log, offset in (
            (0, self.size, np.log1p(runs.records), 1.0),
            (1, self.duration, runs.duration_log, 0.0),
        ):
            known = ~np.isnan(log)
            self.evidence[place, at] = 0
            if known.any():
                of = rows.only(known)
                judged = quantity.step(of, log[known], time[known], rare[known], self._threshold)
                size = judged.observed - offset
                self._note(
                    place, of, judged._replace(observed=size, expected=judged.expected - offset)
                )
        long = self.high[1, at]
        self.evidence[1, at] = np.where(long, self.evidence[1, at], 0)
        self._note(2, rows, self.outcome.step(rows, runs.bad, runs.ended, rare, self._threshold))
        self._note(3, rows, self._number(rows, runs.ended, rare))

    def _number(self, rows: Rows, ended: Floats, rare: Floats) -> Judged:
        """Judge whether a flow that runs one at a time has run twice."""
        usual = self.at_once[rows.at].astype(np.float64)
        twice = (ended > 1).astype(np.float64)
        seldom = self.twice.bad[rows.at] < SELDOM * self.twice.runs[rows.at]
        alone = seldom & (usual < ALONE)
        judged = self.twice.step(rows, twice, np.ones(len(ended)), rare, self._threshold)
        evidence = np.where(alone, judged.evidence, 0.0)
        return judged._replace(observed=ended, expected=usual, evidence=evidence)

    def _note(self, place: int, rows: Rows, judged: Judged) -> None:
        at = rows.at
        self.observed[place, at], self.expected[place, at] = judged.observed, judged.expected
        self.evidence[place, at], self.high[place, at] = judged.evidence, judged.high
