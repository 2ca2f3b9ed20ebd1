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
    """How the runs of one flow come. All arrays have shape (minutes,)."""

    @property
    def expected(self) -> Floats:
        """Runs expected in each minute when nothing is wrong."""
        ...

    @property
    def due(self) -> Ints:
        """Minutes in which a run is due, rising; empty for a flow without a schedule."""
        ...

    def draw(self, c: Conditions, rng: Rng) -> Ints:
        """Draw the runs that come in each minute."""
        ...

    def load(self, runs: Ints, c: Conditions) -> Floats:
        """How busy the flow is, given its runs: about 1 at the usual peak."""
        ...

    def size(self, c: Conditions) -> Floats:
        """Factor on the records of a run."""
        ...

    def service(self, c: Conditions) -> Floats:
        """How many runs the queue can give off."""
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
    cluster
        Runs that come together, on average, such as the events of one order.
    closed
        1 in the minutes in which nothing can start and waits for the next; None for no such.
    """

    expected: Floats
    peak: float
    dispersion: float
    cluster: float = 1.0
    closed: Floats | None = None

    @property
    def due(self) -> Ints:
        """Nothing is due."""
        return np.zeros(0, np.int64)

    def draw(self, c: Conditions, rng: Rng) -> Ints:
        """Draw negative-binomial counts, of single runs or of clusters (compound)."""
        mean = self.expected * c.load * c.kept / self.cluster
        held = c.held if self.closed is None else np.maximum(c.held, self.closed)
        first = scattered(mean, self.dispersion, rng)
        return held_back(first + rng.poisson((self.cluster - 1) * first), held)

    def load(self, runs: Ints, c: Conditions) -> Floats:  # noqa: ARG002 - as others
        """Runs over what is expected at the usual peak."""
        return np.minimum(runs / self.peak, BUSIEST)

    def size(self, c: Conditions) -> Floats:
        """Much to do means more runs, not larger ones."""
        return c.size

    def service(self, c: Conditions) -> Floats:
        """Twice what is expected, or less than comes in while it falls short."""
        demand = self.expected * c.load
        return np.where(c.short > 0, demand * (1 - c.short), 2 * demand + 2 * self.cluster)


def held_back(runs: Ints, held: Floats) -> Ints:
    """Let the runs of minutes that hold back come in the next minute that does not.

    >>> held_back(np.array([3, 2, 4, 1]), np.array([0.0, 1.0, 1.0, 0.0])).tolist()
    [3, 0, 0, 7]
    """
    free = np.flatnonzero(held == 0)
    if len(free) == len(runs):
        return runs
    together = np.zeros_like(runs)
    comes = np.minimum(np.searchsorted(free, np.arange(len(runs))), len(free) - 1)
    np.add.at(together, free[comes], runs)
    return together
