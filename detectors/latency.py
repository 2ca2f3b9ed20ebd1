"""How long: mean log-durations against load, judged over the flow's own time of activity."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import cusum
from detectors.columns import Bools, Floats, Ints, Reals, Singles, Verdict, spread
from detectors.deviance import tail_evidence
from detectors.state import FlowState, Rows, column
from detectors.width import Width

BINS: Final = 40
EVENT_NOISE: Final = 0.3
"""Variance of a single log-duration; learning it brought nothing (detection notes)."""
START: Final = 60
"""Minutes with data from which a flow is judged."""
HOLD: Final = 120
"""Minutes without data for which the last score stands (detection notes)."""
SPAN: Final = 4
"""Minutes of full activity within which older data fades to 1/e."""
DAY: Final = 1440
MEAN_RATE: Final = 0.0007
SPREAD_RATE: Final = 0.001
"""Least rates in a minute at which the mean, and spread and load, are learned (detection notes)."""
TABLE_RATE: Final = 0.004
"""The same of the tables by load and of the scale of evidence."""


class Durations(NamedTuple):
    """One window of durations as judged, per row; logarithms of milliseconds.

    ``observed``, ``expected`` and ``deviation`` are NaN without data. ``usual`` is what the latest
    data was expected to be, ``excess`` how far the recent past lies above expectation.
    """

    observed: Floats
    expected: Floats
    deviation: Floats
    usual: Floats
    excess: Floats
    tail: Floats
    risen: Reals
    span: Ints

    def evidence(self) -> Floats:
        """Raw evidence of two channels: the recent past (-1 holds), and the cumulative sum."""
        return np.array([self.tail, cusum.evidence(self.risen)])

    def verdict(self, score: Floats, evidence: Floats) -> Verdict:
        """The verdict in milliseconds, from the scores and evidence of both channels."""
        return Verdict(
            observed=np.exp(self.observed),
            expected=np.exp(self.expected),
            lower=np.exp(self.expected - 3 * self.deviation),
            upper=np.exp(self.expected + 3 * self.deviation),
            score=score.max(axis=0),
            evidence=np.maximum(evidence[0], 0),
            high=np.ones(len(self.tail), bool),
            span=self.span,
            span_observed=np.exp(self.usual + self.excess),
            span_expected=np.exp(self.usual),
        )

    def spread(self, of: Bools) -> Durations:
        """Make this of some rows, those where ``of`` is true, one of all; unknown elsewhere."""
        return Durations(*(spread(c, of, b) for c, b in zip(self, BLANK, strict=True)))


BLANK: Final = (*[np.nan] * 5, 0.0, 0.0, 1)
"""Entries of `Durations` of which nothing is known."""


class Latency(FlowState):
    """Durations of many flows, one window at a time (detection notes, latency).

    Parameters
    ----------
    width
        Of a window.
    series
        How many durations of each flow are judged, each for itself.
    """

    visits: NDArray[np.int32] = column(0, dtype=np.int32)
    gap: NDArray[np.int32]
    mean: Singles = column(0.0, dtype=np.float32)
    by_load: Singles = column(0.0, BINS, dtype=np.float32)
    load_visits: NDArray[np.uint16] = column(0, BINS, dtype=np.uint16)
    variance: Singles = column(0.005, dtype=np.float32)
    load: Singles = column(0.0, dtype=np.float32)
    load_squared: Singles = column(0.0, dtype=np.float32)
    activity: Singles = column(0.0, dtype=np.float32)
    weighted: Singles = column(0.0, dtype=np.float32)
    weight: Singles = column(0.0, dtype=np.float32)
    scale: Singles = column(0.02, dtype=np.float32)
    usual: Singles = column(np.nan, dtype=np.float32)
    risen: Singles = column(0.0, dtype=np.float32)

    def __init__(self, width: Width, series: int = 1) -> None:
        self._hold = width.windows(HOLD)
        self.gap = column(self._hold, dtype=np.int32)
        super().__init__(series)
        self._span = width.windows(SPAN)
        self._start = width.windows(START, least=20)
        self._forget = 1 / width.windows(DAY)
        self._mean_rate, self._spread_rate = width.rate(MEAN_RATE), width.rate(SPREAD_RATE)
        self._table_rate = width.rate(TABLE_RATE)

    def step(self, rows: Rows, count: Floats, log: Floats) -> Durations:
        """Judge one window of these rows, of ``count`` durations with mean ``log``, and learn.

        Without data nothing is learned: the score of late holds for a while, and the cumulative
        sum sinks.
        """
        at, some = rows.at, count > 0
        if some.all():
            expected, deviation, z = self._visit(rows, count, log)
        else:
            visited = self._visit(rows.only(some), count[some], log[some])
            expected, deviation, z = map(spread, visited, (some,) * 3, (np.nan, np.nan, 0.0))
        gap = np.where(some, 0, self.gap[at] + 1)
        self.gap[at] = gap
        self.risen[at] = cusum.accumulate(self.risen[at], z)
        return Durations(
            observed=np.where(some, log, np.nan),
            expected=expected,
            deviation=deviation,
            usual=self.usual[at].astype(np.float64),
            excess=self.weighted[at] / np.maximum(self.weight[at], 1e-9),
            tail=np.where((gap > 0) & (gap <= self._hold), -1.0, tail_evidence(z)),
            risen=self.risen[at].copy(),
            span=np.full(len(count), self._span),
        )

    def relearn(self, rows: Rows) -> None:
        """Begin anew after a change: the level at once, judgement with `START` more visits."""
        for array in (self.visits, self.activity, self.weighted, self.weight, self.risen):
            array[rows.at] = 0
        self.gap[rows.at] = HOLD

    def _visit(self, rows: Rows, n: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        """Judge and learn rows that have data: expected log, its deviation, and z."""
        at = rows.at
        visits = self.visits[at] + 1
        self.visits[at] = visits
        mean = np.where(visits == 1, y, self.mean[at])
        place, by_load, share = self._load_bins(rows, n)
        usual = mean + (by_load * share).sum(axis=0)
        e = y - usual
        V = self.variance[at] + EVENT_NOISE / n
        q = self.variance[at] / V
        clipped = q * e.clip(-4.5 * np.sqrt(V), 4.5 * np.sqrt(V))
        active = self._activity(rows, n, visits)
        z = self._judge(rows, active, q, clipped)
        self.mean[at] = mean + np.maximum(self._mean_rate, 1 / (visits + 1)) * clipped
        self._learn_load(place, by_load, share, clipped)
        self._learn_variance(rows, e**2 - EVENT_NOISE / n, visits)
        self.usual[at] = usual
        return usual, np.sqrt(V), z

    def _load_bins(self, rows: Rows, n: Floats) -> tuple[Ints, Floats, Floats]:
        """Places, values and weights of the two bins the load ``n`` lies between."""
        b = np.minimum(2 * np.log2(n + 1), BINS - 1)
        lower = np.minimum(b.astype(np.int64), BINS - 2)
        place = np.array([lower, lower + 1]) * self.by_load.shape[-1] + rows.numbers
        upper_share = b - lower
        values = self.by_load.reshape(-1).take(place).astype(np.float64)
        return place, values, np.array([1 - upper_share, upper_share])

    def _activity(self, rows: Rows, n: Floats, visits: NDArray[np.int32]) -> Floats:
        """How much of a fully active window this is, 0..1: the time in which evidence fades."""
        at = rows.at
        rate = np.maximum(1 / visits, self._spread_rate)
        load = self.load[at] + rate * (n - self.load[at])
        squared = self.load_squared[at] + rate * (n**2 - self.load_squared[at])
        self.load[at], self.load_squared[at] = load, squared
        active: Floats = np.minimum(1, n * load / squared)
        self.activity[at] += active
        return active

    def _judge(self, rows: Rows, active: Floats, q: Floats, clipped: Floats) -> Floats:
        at = rows.at
        fade = np.exp(-active / self._span - self._forget)
        weighted, weight = fade * self.weighted[at] + clipped, fade * self.weight[at] + q
        self.weighted[at], self.weight[at] = weighted, weight
        scale, judged = self.scale[at], self.visits[at] >= self._start
        z = np.where(judged, weighted / weight / np.sqrt(scale + 1e-7), 0.0)
        rate = np.maximum(self._table_rate, 10 / (self.activity[at] + 500)) * active
        turn = np.where(np.abs(z) > 0.6745, 0.5, -0.5)
        self.scale[at] = np.where(judged, scale * np.exp(rate * turn), scale)
        return z

    def _learn_load(self, place: Ints, by_load: Floats, share: Floats, clipped: Floats) -> None:
        visits = self.load_visits.reshape(-1)
        rate = np.maximum(self._table_rate, 0.3 / (1 + visits.take(place[0]) / 50))
        self.by_load.reshape(-1)[place] = by_load + share * rate * clipped
        visits[place[0]] = np.minimum(visits[place[0]], 65_534) + 1

    def _learn_variance(self, rows: Rows, excess: Floats, visits: NDArray[np.int32]) -> None:
        variance = self.variance[rows.at]
        rate = np.maximum(self._spread_rate, 1 / (visits + 50))
        grown = variance + rate * (excess.clip(0, 9 * variance) - variance)
        self.variance[rows.at] = np.maximum(grown, 4e-4)
