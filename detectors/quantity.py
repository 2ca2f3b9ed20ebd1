"""A logarithm that each run has (its size, its duration), against what it usually is."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Ints, Verdict
from detectors.deviance import LN10
from detectors.state import FlowState, Rows, column

CLASSES: Final = 12
"""Four hours of the day each, weekdays and weekends."""
VISITED: Final = 3
"""Runs after which a time of day is judged by itself."""
ENOUGH: Final = 7
"""Runs before anything is judged."""
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
ACCEPT: Final = 3
"""Unusual runs in a row, all to one side, after which they are the new usual."""
WINSOR: Final = 3.0
"""Mean errors by which a single run moves what is usual at most."""
UNUSUAL_A_MINUTE: Final = 0.5 / 10_080
"""Unusual runs that a flow may have for long: one in two weeks."""
STEP: Final = 1.5
"""Nats that each unusual run adds to what the next one takes."""
HIGHEST: Final = 15.0


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
        self.bar[rows.at] = bar.clip(0, HIGHEST)

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
        self.mean[at] += np.maximum(1 / (n + 1.0), 0.05) * (log - mean).clip(-limit, limit)
        limit = np.where(v > 0, limit, np.inf)
        own[cell] = old + np.maximum(1 / (v + 1.0), 0.1) * (log - old).clip(-limit, limit)
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
