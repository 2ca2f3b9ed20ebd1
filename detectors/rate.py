"""Which share: failures among runs that ended, missing attributes among records, and their like."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import cusum
from detectors.columns import Bools, Floats, Singles, Verdict
from detectors.deviance import SMALLEST, deviance_residual, deviation, tail_evidence
from detectors.sliding import SlidingSums
from detectors.state import FlowState, Rows, column
from detectors.width import Width

SPAN: Final = 10
"""Minutes over which a share is judged (detection notes)."""
START: Final = 70
"""Minutes with data before it is."""
MEMORY: Final = 4320
"""Minutes over which the ordinary share is remembered: three days (detection notes)."""
DISPERSION_RATE: Final = 0.001
"""Least weight in a minute of new evidence of the dispersion (detection notes)."""


class Shares(NamedTuple):
    """One window of counts out of totals, as judged; each of shape (shares, rows).

    ``observed`` is NaN where count or total is unknown; ``known`` says where there ever were data.
    """

    observed: Floats
    expected: Floats
    upper: Floats
    seen: Floats
    foreseen: Floats
    z: Floats
    risen: Floats
    known: Bools
    span: int

    def evidence(self) -> Floats:
        """Raw evidence of two channels: the last ten windows, and the cumulative sum."""
        return np.array([tail_evidence(self.z), cusum.evidence(self.risen)])

    def verdict(self, score: Floats, evidence: Floats) -> Verdict:
        """The verdict on all shares, from the scores and evidence of both channels."""
        shape = self.observed.shape
        return Verdict(
            observed=self.observed,
            expected=self.expected,
            lower=np.zeros(shape),
            upper=self.upper,
            score=score.max(axis=0),
            evidence=evidence[0],
            high=np.ones(shape, bool),
            span=np.full(shape, self.span),
            span_observed=self.seen,
            span_expected=self.foreseen,
        )


class Rates(FlowState):
    """Several shares of many flows, one window at a time (detection notes, error and missing).

    Parameters
    ----------
    shares
        How many are judged side by side.
    """

    age: NDArray[np.int32]
    hits: Singles
    total: Singles
    alpha: Singles
    information: Singles
    risen: Singles

    def __init__(self, shares: int, width: Width) -> None:
        self.age = column(0, shares, dtype=np.int32)
        self.hits = column(1.0, shares, dtype=np.float32)
        self.total = column(100.0, shares, dtype=np.float32)
        self.alpha = column(0.3, shares, dtype=np.float32)
        self.information = column(20.0, shares, dtype=np.float32)
        self.risen = column(0.0, shares, dtype=np.float32)
        super().__init__()
        self._span = width.windows(SPAN)
        self._start = width.windows(START, least=20)
        self._fade = 1 - 1 / width.windows(MEMORY)
        self._dispersion_rate = width.rate(DISPERSION_RATE)
        self.sums = SlidingSums(range(2 * shares), (self._span,))

    def step(self, rows: Rows, hits: Floats, total: Floats) -> Shares:
        """Judge one window of these rows, ``hits`` out of ``total``, then learn from it.

        Both have shape (shares, rows). Where one is unknown nothing is learned.
        """
        at, told = rows.at, ~np.isnan(hits + total)
        x, n = np.where(told, hits, 0.0), np.where(told, total, 0.0)
        self.sums.push(rows, np.concatenate([x, n]))
        X, M = self.sums.over(rows)[:, 0].reshape(2, *x.shape)
        age, alpha = self.age[:, at].copy(), self.alpha[:, at].copy()
        p = self.hits[:, at] / self.total[:, at]
        L = p * M
        judged = (age >= self._start) & (M > 0)
        z = np.where(judged, deviance_residual(X, L, alpha), 0.0)
        risen = cusum.accumulate(self.risen[:, at], z)
        self._learn_dispersion(at, judged, X, L)
        self.risen[:, at] = risen
        self.hits[:, at] = self.hits[:, at] * self._fade + x
        self.total[:, at] = self.total[:, at] * self._fade + n
        known = (age > 0) | (n > 0)
        self.age[:, at] = age + known
        observed, expected = np.where(told, hits, np.nan), np.where(told, p * n, np.nan)
        upper = expected + 3 * deviation(expected, alpha)
        return Shares(observed, expected, upper, X, L, z, risen, known, self._span)

    def _learn_dispersion(self, at: Any, judged: Bools, X: Floats, L: Floats) -> None:
        alpha, L = self.alpha[:, at], np.maximum(L, SMALLEST)
        weight = np.where(judged, np.minimum(1, L), 0.0)
        information = self.information[:, at] + weight
        excess = (((X - L) ** 2 - L) / L**2).clip(-1, 8 * alpha + 0.2)
        rate = weight * np.maximum(self._dispersion_rate, 1 / information)
        alpha = (alpha + rate * (excess - alpha)).clip(1e-3, 10)
        self.alpha[:, at] = alpha
        self.information[:, at] = information
