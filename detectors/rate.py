"""Which share: failures among runs that ended, missing attributes among records."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from detectors import cusum
from detectors.columns import Floats, Ints, Verdict
from detectors.deviance import SMALLEST, deviance_residual, spread, tail_evidence
from detectors.sliding import SlidingSums
from detectors.state import FlowState, Rows, column

SPAN: Final = 10
START: Final = 70
MEMORY: Final = 4320
"""Windows over which the ordinary share is remembered: three days (detection notes)."""


class Shares(NamedTuple):
    """One window of counts out of totals, as judged, per row."""

    observed: Floats
    expected: Floats
    upper: Floats
    seen: Floats
    foreseen: Floats
    z: Floats
    risen: Floats

    def evidence(self) -> Floats:
        """Raw evidence of two channels: the last ten windows, and the cumulative sum."""
        return np.stack([tail_evidence(self.z), cusum.evidence(self.risen)])

    def verdict(self, score: Floats, evidence: Floats) -> Verdict:
        """The verdict, from the scores and evidence of both channels."""
        return Verdict(
            observed=self.observed,
            expected=self.expected,
            lower=np.zeros_like(self.expected),
            upper=self.upper,
            score=score.max(axis=0),
            evidence=evidence[0],
            high=np.ones(len(self.observed), bool),
            span=np.full(len(self.observed), SPAN),
            span_observed=self.seen,
            span_expected=self.foreseen,
        )


class Rate(FlowState):
    """Shares of many flows, one window at a time (detection notes, error and missing)."""

    age: Ints = column(0, dtype=np.int64)
    hits: Floats = column(1.0)
    total: Floats = column(100.0)
    alpha: Floats = column(0.3)
    information: Floats = column(20.0)
    risen: Floats = column(0.0)

    def __init__(self) -> None:
        super().__init__()
        self.sums = SlidingSums(2, (SPAN,))

    def step(self, rows: Rows, hits: Floats, total: Floats) -> Shares:
        """Judge one window of these rows, ``hits`` out of ``total``, then learn from it."""
        at = rows.at
        self.sums.push(rows, np.stack([hits, total]))
        X, M = self.sums.over(rows)[:, 0, 0]
        p, alpha = self.hits[at] / self.total[at], self.alpha[at].copy()
        L = p * M
        judged = (self.age[at] >= START) & (M > 0)
        z = np.where(judged, deviance_residual(X, L, alpha), 0.0)
        self.risen[at] = cusum.accumulate(self.risen[at], z)
        if judged.any():
            self._learn_dispersion(rows.only(judged), X[judged], L[judged])
        self.hits[at] = self.hits[at] * (1 - 1 / MEMORY) + hits
        self.total[at] = self.total[at] * (1 - 1 / MEMORY) + total
        self.age[at] += 1
        expected = p * total
        upper = expected + 3 * spread(expected, alpha)
        return Shares(hits, expected, upper, X, L, z, self.risen[at].copy())

    def _learn_dispersion(self, rows: Rows, X: Floats, L: Floats) -> None:
        alpha, L = self.alpha[rows.at], np.maximum(L, SMALLEST)
        weight = np.minimum(1, L)
        information = self.information[rows.at] + weight
        excess = np.clip(((X - L) ** 2 - L) / L**2, -1, 8 * alpha + 0.2)
        rate = weight * np.maximum(0.001, 1 / information)
        self.alpha[rows.at] = np.clip(alpha + rate * (excess - alpha), 1e-3, 10)
        self.information[rows.at] = information
