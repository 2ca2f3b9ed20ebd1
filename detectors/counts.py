"""One window of counts as judged: what was seen over each span, beside what was expected."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from detectors import cusum
from detectors.columns import Bools, Floats, Ints, Reals, Verdict, spread


class Counts(NamedTuple):
    """One window of counts as judged, per row; from ``seen`` to ``alpha`` per span and row.

    ``expected`` and its bounds are of the window; ``risen`` and ``fallen`` are cumulative sums;
    ``seen``, ``foreseen`` and the signed evidence ``tail`` are of each span, as is ``alpha``, its
    dispersion.
    """

    observed: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    risen: Reals
    fallen: Reals
    seen: Floats
    foreseen: Floats
    tail: Floats
    alpha: Reals
    spans: Ints

    def evidence(self) -> Floats:
        """Raw evidence of four channels: too many, too few, and the same by cumulative sum."""
        sums = (cusum.evidence(self.risen), cusum.evidence(self.fallen))
        high, low = self.tail.max(axis=0).clip(0, np.inf), -self.tail.min(axis=0).clip(-np.inf, 0)
        return np.array([high, low, *sums])

    def verdict(self, score: Floats, evidence: Floats) -> Verdict:
        """The verdict, from the scores and evidence of all channels, 0 where none is asked for."""
        strongest = score.max(axis=0)
        channel = (evidence[1] > evidence[0]).astype(np.int64)  # among scores of 0
        scored = np.flatnonzero(strongest)
        channel[scored] = score[:, scored].argmax(axis=0)
        high = channel % 2 == 0
        tail = np.where(high, self.tail, -self.tail).argmax(axis=0)
        place = np.where(channel < 2, tail, len(self.spans) - 1)
        cell = place * len(place) + np.arange(len(place))
        return Verdict(
            observed=self.observed,
            expected=self.expected,
            lower=self.lower,
            upper=self.upper,
            score=strongest,
            evidence=np.where(high, evidence[0], evidence[1]),
            high=high,
            span=self.spans[place],
            span_observed=self.seen.reshape(-1).take(cell),
            span_expected=self.foreseen.reshape(-1).take(cell),
        )

    def spread(self, of: Bools) -> Counts:
        """Make this of some rows, those where ``of`` is true, one of all; unknown elsewhere."""
        *columns, spans = self
        return Counts._make(
            [*(spread(c, of, b) for c, b in zip(columns, BLANK, strict=True)), spans]
        )


BLANK: Final = (*[np.nan] * 4, 0.0, 0.0, np.nan, np.nan, 0.0, 1.0)
"""Entries of `Counts` of which nothing is known."""
