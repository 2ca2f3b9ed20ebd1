"""Run against run: the size, duration and outcome of a single run, where runs are few.

A nightly run with half its records fills no window with evidence, yet is plain beside the nights
before it. Size and duration are held against the usual of that time of day, in units of the
flow's own run-to-run error; an outcome against the share of runs that ended badly.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Ints, Verdict, Windows
from detectors.deviance import LN10
from detectors.state import FlowState, Rows, column
from schemas.signals import SignalName

CLASSES: Final = 12
"""Four hours of the day each, weekdays and weekends."""
VISITED: Final = 3
"""Runs after which a time of day is judged by itself."""
ENOUGH: Final = 7
"""Runs before anything is judged."""
FEW: Final = 15.0
"""Minutes between runs from which each is judged; of busier flows sums say more."""
PRIOR_ERROR: Final = 0.15
"""Mean error of a fresh flow, worth two runs: the first few may be alike by chance."""
MEMORY: Final = 40
"""Runs over which errors are remembered."""
SHAPE: Final = 1.5
"""Errors fall off faster than exponentially (1) and slower than normally (2)."""
TAIL: Final = 2.0
"""Nats from which the tail is stretched by its own mean excess (as in `calibration`)."""
PRIOR_EXCESS: Final = (1.5, 5.0)
"""Mean excess of a fresh tail, and the runs beyond `TAIL` that this is worth."""
PRIOR_BAD: Final = (0.2, 1.0)
"""Bad runs, out of so many, that a fresh flow is taken to have shown."""
SHARE_MEMORY: Final = 200.0
ACCEPT: Final = 3
"""Unusual runs in a row, all to one side, after which they are the new usual."""
WINSOR: Final = 3.0
"""Mean errors by which a single run moves what is usual at most."""
UNUSUAL_A_MINUTE: Final = 0.5 / 10_080
"""Unusual runs that a flow may have for long: one in two weeks."""
STEP: Final = 1.5
"""Nats that each unusual run adds to what the next one takes."""
HIGHEST: Final = 15.0
SIGNALS: Final[tuple[SignalName, ...]] = ("records", "latency", "errors")
"""What size, duration and outcome are evidence of."""
HOLD: Final = 60
"""Minutes for which a run's verdict stands."""


class Judged(NamedTuple):
    """One quantity of the last run, per row: what it was and should have been, and evidence.

    ``high`` tells too much from too little, ``span`` is in windows, back to the run.
    """

    observed: Floats
    expected: Floats
    evidence: Floats
    high: Bools
    span: Ints

    def verdict(self, threshold: float) -> Verdict:
        """The verdict; evidence is on the common scale already."""
        unbounded = np.full(len(self.evidence), np.nan)
        return Verdict(
            observed=self.observed,
            expected=self.expected,
            lower=unbounded,
            upper=unbounded,
            score=self.evidence / threshold,
            evidence=self.evidence,
            high=self.high,
            span=self.span,
            span_observed=self.observed,
            span_expected=self.expected,
        )


class Quantity(FlowState):
    """A logarithm that each run has, against what it usually is."""

    runs: NDArray[np.uint8] = column(0, dtype=np.uint8)
    mean: NDArray[np.float32] = column(0.0, dtype=np.float32)
    of_class: NDArray[np.float16] = column(0.0, CLASSES, dtype=np.float16)
    visits: NDArray[np.uint8] = column(0, CLASSES, dtype=np.uint8)
    error: NDArray[np.float32] = column(PRIOR_ERROR, dtype=np.float32)
    excess: NDArray[np.float32] = column(PRIOR_EXCESS[0], dtype=np.float32)
    beyond: NDArray[np.float32] = column(PRIOR_EXCESS[1], dtype=np.float32)
    streak: NDArray[np.int8] = column(0, dtype=np.int8)
    bar: NDArray[np.float32] = column(0.0, dtype=np.float32)

    def step(self, rows: Rows, log: Floats, time: Ints, rare: Floats, stop: float) -> Judged:
        """Judge one run of these rows in class ``time``, then learn from it.

        ``rare`` is the evidence that a run comes in a minute at all, ``stop`` that from which a
        run counts as unusual.
        """
        at, cell = rows.at, time * self.visits.shape[-1] + rows.numbers
        own = self.of_class.reshape(-1).take(cell).astype(np.float64)
        seen = self.visits.reshape(-1).take(cell) >= VISITED
        usual = np.where(seen, own, self.mean[at])
        off = log - usual
        nats = self._nats(rows, np.abs(off))
        above = (nats - self.bar[at]) / LN10 + rare
        evidence = np.where(self.runs[at] >= ENOUGH, np.maximum(above, 0), 0.0)
        self._raise_bar(rows, evidence > stop, rare)
        self._start_anew(rows, cell, np.where(evidence > stop, np.sign(off), 0).astype(np.int8))
        n, limit = self.runs[at], WINSOR * self.error[at] + 0.02
        self._learn_usual(rows, cell, log, np.where(n > 1, limit, np.inf))
        self._learn_error(rows, np.where(n > 1, np.minimum(np.abs(off), limit), np.abs(off)), nats)
        self.runs[at] = np.minimum(n + 1, MEMORY)
        return Judged(np.exp(log), np.exp(usual), evidence, off > 0, np.ones(len(log), np.int64))

    def _raise_bar(self, rows: Rows, unusual: Bools, rare: Floats) -> None:
        """Ask more of a flow the more often its runs are unusual, so that alarms keep to a rate."""
        wanted = UNUSUAL_A_MINUTE * 10**rare
        bar = self.bar[rows.at] + STEP * (unusual - wanted)
        self.bar[rows.at] = np.clip(bar, 0, HIGHEST)

    def _start_anew(self, rows: Rows, cell: Ints, side: NDArray[np.int8]) -> None:
        """After some unusual runs in a row, all to one side, learn afresh what is usual."""
        at, visits = rows.at, self.visits.reshape(-1)
        streak = np.where(self.streak[at] * side > 0, self.streak[at] + side, side)
        anew = np.abs(streak) >= ACCEPT
        self.streak[at] = np.where(anew, 0, streak)
        self.runs[at] = np.where(anew, 0, self.runs[at])
        visits[cell] = np.where(anew, 0, visits.take(cell))

    def _nats(self, rows: Rows, off: Floats) -> Floats:
        """-ln of the probability of so large an error, its mean known from few examples."""
        at, n = rows.at, np.maximum(self.runs[rows.at], 1)
        scale = np.maximum(self.error[at], 0.02) / 0.903  # of a Weibull with this mean and shape
        nats = (off / scale) ** SHAPE
        nats = np.where(nats > TAIL, TAIL + (nats - TAIL) / self.excess[at], nats)
        few: Floats = n * np.log1p(nats / n)
        return few

    def _learn_usual(self, rows: Rows, cell: Ints, log: Floats, limit: Floats) -> None:
        at, own, visits = rows.at, self.of_class.reshape(-1), self.visits.reshape(-1)
        n, v = self.runs[at], visits.take(cell)
        mean, old = self.mean[at], own.take(cell).astype(np.float64)
        self.mean[at] += np.maximum(1 / (n + 1.0), 0.05) * np.clip(log - mean, -limit, limit)
        limit = np.where(v > 0, limit, np.inf)
        own[cell] = old + np.maximum(1 / (v + 1.0), 0.1) * np.clip(log - old, -limit, limit)
        visits[cell] = np.minimum(v + 1, MEMORY)

    def _learn_error(self, rows: Rows, size: Floats, nats: Floats) -> None:
        at, n = rows.at, self.runs[rows.at]
        # the first run has no error
        rate = np.where(n > 0, np.maximum(1 / (n + 2.0), 1 / MEMORY), 0.0)
        self.error[at] += rate * (size - self.error[at])
        past = nats > TAIL
        beyond = self.beyond[at] + past
        # nats beyond the tail are in units of its mean excess
        step = np.where(past, self.excess[at] * (np.minimum(nats - TAIL, 3) - 1) / beyond, 0.0)
        self.excess[at] = np.maximum(self.excess[at] + step, 1.0)
        self.beyond[at] = np.minimum(beyond, MEMORY)


class Outcome(FlowState):
    """Whether each run ended well, against the share that usually does not."""

    bad: NDArray[np.float32] = column(PRIOR_BAD[0], dtype=np.float32)
    runs: NDArray[np.float32] = column(PRIOR_BAD[1], dtype=np.float32)
    row: NDArray[np.float32] = column(0.0, dtype=np.float32)

    def step(self, rows: Rows, bad: Floats, ended: Floats, rare: Floats) -> Judged:
        """Judge a window's ``bad`` of ``ended`` runs; bad ones in a row add up."""
        at = rows.at
        share = self.bad[at] / self.runs[at]
        nats = np.where(bad > 0, self.row[at] - bad * np.log(share), 0.0)
        self.row[at] = np.where(bad < ended, 0.0, nats)  # one good run ends the row
        enough = self.runs[at] >= ENOUGH
        evidence = np.where((bad > 0) & enough, nats / LN10 + rare, 0.0)
        kept = 1 - 1 / SHARE_MEMORY
        self.bad[at], self.runs[at] = kept * self.bad[at] + bad, kept * self.runs[at] + ended
        one = np.ones(len(bad), np.int64)
        return Judged(bad, share * ended, evidence, one > 0, one)


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
    ended = np.nan_to_num(w.finished)
    bad = np.nan_to_num(w.failed) + np.nan_to_num(w.partial)
    return Runs(ended, bad, w.records_in / np.maximum(ended, 1), w.duration_log)


class EachRun(FlowState):
    """The last run of many flows, one window at a time; 190 bytes a flow.

    Parameters
    ----------
    threshold
        Evidence at which a run alarms.
    window_seconds
        Length of a window.
    """

    since: NDArray[np.int32] = column(0, dtype=np.int32)
    between: NDArray[np.float32] = column(0.0, dtype=np.float32)
    runs: NDArray[np.uint8] = column(0, dtype=np.uint8)
    evidence: NDArray[np.float32] = column(0.0, 3, dtype=np.float32)
    observed: NDArray[np.float32] = column(np.nan, 3, dtype=np.float32)
    expected: NDArray[np.float32] = column(np.nan, 3, dtype=np.float32)
    high: Bools = column(0, 3, dtype=np.bool_)

    def __init__(self, threshold: float = 5.0, window_seconds: int = 60) -> None:
        super().__init__()
        self._threshold = threshold
        self._minutes = window_seconds / 60
        self.size = Quantity()
        self.duration = Quantity()
        self.outcome = Outcome()

    def step(self, rows: Rows, minute: Ints, runs: Runs) -> dict[SignalName, Judged]:
        """Judge runs that ended in this window, by the signal that their quantity belongs to.

        ``minute`` is the local minute of the week. What a run showed stands for a while.
        """
        at, ended = rows.at, runs.ended > 0
        self.since[at] += 1
        if ended.any():
            self._judge(rows.only(ended), minute[ended], Runs(*(c[ended] for c in runs)))
        stands = (self.since[at] * self._minutes < HOLD) & (self.between[at] * self._minutes >= FEW)
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

    def skip(self, rows: Rows) -> None:
        """Let time pass unwatched."""
        self.since[rows.at] += 1

    def _judge(self, rows: Rows, minute: Ints, runs: Runs) -> None:
        at = rows.at
        n = self.runs[at]
        rate = np.where(n > 0, np.maximum(1 / np.maximum(n, 1), 1 / MEMORY), 0.0)
        self.between[at] += rate * (self.since[at] - self.between[at])
        self.since[at], self.runs[at] = 0, np.minimum(n + 1, MEMORY)
        between = self.between[at].astype(np.float64) * self._minutes
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
        self._note(2, rows, self.outcome.step(rows, runs.bad, runs.ended, rare))

    def _note(self, place: int, rows: Rows, judged: Judged) -> None:
        at = rows.at
        self.observed[place, at], self.expected[place, at] = judged.observed, judged.expected
        self.evidence[place, at], self.high[place, at] = judged.evidence, judged.high
