"""Cron: runs that a schedule starts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.retail.arrivals import BUSIEST, held_back
from benchmarks.retail.conditions import Conditions
from benchmarks.retail.noise import Rng, scattered
from detectors.columns import Floats, Ints
from pipeline.engine.schedule import DEFAULT_TOLERANCE


class Cron(NamedTuple):
    """Runs of a schedule: one a tick, or a first and a page more for what else there is to do.

    Attributes
    ----------
    due
        Minutes in which the schedule fires, rising.
    late
        Minutes from a tick until its run starts, one a tick: queues and jitter.
    work
        How much there is to do in each minute, with a mean of 1.
    pages
        Runs a tick, on average; 1 for exactly one, whose size then follows the work.
    cap
        Highest factor on the size of a run: a batch takes no more, however much there is.
    """

    due: Ints
    late: Ints
    work: Floats
    pages: float = 1.0
    cap: float = 5.0

    @property
    def expected(self) -> Floats:
        """The runs of each tick in its minute."""
        runs = np.zeros(len(self.work))
        runs[self.due] = 1 + (self.pages - 1) * self.work[self.due]
        return runs

    @property
    def tolerance(self) -> int:
        """Seconds of lateness that whoever keeps the schedule would call usual, and a little."""
        return max(60 * (int(self.late.max(initial=0)) + 3), DEFAULT_TOLERANCE)

    def draw(self, c: Conditions, rng: Rng) -> Ints:
        """Let each tick's runs come, late as they are; a tick that is not kept starts none."""
        tick = self.due
        comes = rng.random(len(tick)) < c.kept[tick]
        further = (self.pages - 1) * (self.work * c.load * c.size)[tick]
        pages = np.where(comes, 1 + scattered(further, 40.0, rng), 0)
        runs = np.zeros(len(self.work), np.int64)
        np.add.at(runs, np.minimum(tick + self.late, len(runs) - 1), pages)
        return held_back(runs, c.held)

    def load(self, runs: Ints, c: Conditions) -> Floats:  # noqa: ARG002 - as others
        """Half on average, by what there is to do."""
        return np.minimum(self.work * c.load * c.size / 2, BUSIEST)

    def size(self, c: Conditions) -> Floats:
        """What there is to do, where one run does it all."""
        if self.pages > 1:
            return np.ones(len(self.work))
        return np.minimum(self.work * c.load, self.cap) * c.size

    def service(self, c: Conditions) -> Floats:
        """The pages of a tick within two minutes; at a tenth of that while it falls short."""
        return np.where(c.short > 0, 0.05, 0.5) * self.pages * np.maximum(self.work, 1)


def ticks(local: Ints, period: int, offset: int) -> Ints:
    """Return the minutes whose local minute of the week is ``offset`` past a multiple of a period.

    >>> ticks(np.arange(60), 15, 4).tolist()
    [4, 19, 34, 49]
    """
    return np.flatnonzero(local % period == offset % period)


def jitter(count: int, most: int, rng: Rng) -> Ints:
    """Draw how late each tick starts its run: mostly at once, at most ``most`` minutes."""
    return np.minimum(rng.geometric(1 / (1 + most / 3), count) - 1, most)
