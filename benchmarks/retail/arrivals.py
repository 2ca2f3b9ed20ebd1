"""Arrivals: how many runs of a flow come in each minute."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from benchmarks.retail.conditions import Conditions
from benchmarks.retail.noise import Rng, scattered
from detectors.columns import Floats, Ints

BUSIEST = 1.5
"""Load beyond which a flow gets no slower: what comes in further waits before it starts."""


class Arrivals(Protocol):
    """How the runs of one flow come."""

    @property
    def expected(self) -> Floats:
        """Runs expected in each minute when nothing is wrong."""
        ...

    def load(self, runs: Ints, c: Conditions) -> Floats:
        """How busy the flow is in each minute, given its runs: about 1 at the usual peak."""
        ...

    def service(self, c: Conditions) -> Floats:
        """How many runs the queue can give off in each minute."""
        ...

    def draw(self, c: Conditions, rng: Rng) -> Ints:
        """Draw the runs that come in each minute."""
        ...


class Stream(NamedTuple):
    """Runs that come on their own, as webhooks and orders do.

    Attributes
    ----------
    expected
        Runs expected in each minute.
    peak
        What of that is full load.
    dispersion
        k of the negative-binomial minutes.
    """

    expected: Floats
    peak: float
    dispersion: float

    def load(self, runs: Ints, c: Conditions) -> Floats:  # noqa: ARG002 - as others
        """Runs over what is expected at the usual peak."""
        return np.minimum(runs / self.peak, BUSIEST)

    def service(self, c: Conditions) -> Floats:
        """Twice what is expected, or less than comes in while it falls short."""
        demand = self.expected * c.load
        return np.where(c.short > 0, demand * (1 - c.short), 2 * demand + 2)

    def draw(self, c: Conditions, rng: Rng) -> Ints:
        """Negative-binomial counts."""
        runs = scattered(self.expected * c.load * c.kept, self.dispersion, rng)
        return _held_back(runs, c.held)


def _held_back(runs: Ints, held: Floats) -> Ints:
    """Move the runs of minutes that hold back to the next minute that does not."""
    for minute in np.flatnonzero(held).tolist():
        if minute + 1 < len(runs):
            runs[minute + 1] += runs[minute]
            runs[minute] = 0
    return runs
