"""What is known about windows beyond the data: planned peaks, holidays, changes, verdicts.

Arrays here have one entry for every row of the bank, not only for those of a step, so they are
indexed with `Rows.at` like the state itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from detectors.columns import Bools, Floats, Ints, Verdict
from detectors.seasonality import Expectation
from detectors.state import Rows
from schemas.signals import SignalName

SUNDAY: Final = 6 * 1440
"""Minute of the week at which Sunday begins."""
HASTE: Final = 2.0
"""How much faster the level follows in a flow that relearns: a doubling within ten windows."""
BUSY: Final = 3.0
"""Count expected of a window from which the level hurries: so many come at least once in nineteen
windows of twenty, hence nothing at all is a stop, and is not to be learned."""


class Scaling(NamedTuple):
    """How the counts of one window will differ from what the tables expect of them.

    Attributes
    ----------
    base, low, high
        What the best guess and its two bounds are multiplied by; ``high`` is infinite where
        nobody knows how many will come.
    quiet
        Whether it may as well be like a weekend day (a holiday).
    known
        Whether a count divided by ``base`` is an example of an ordinary one.

    Examples
    --------
    >>> told = Scaling.ordinary(2)
    >>> told.base[1] = told.low[1] = told.high[1] = 3.0
    >>> one = Expectation(np.full(2, 10.0), np.full(2, 12.0), np.full(2, 9.0))
    >>> told.applied(Rows.of(np.array([0, 1])), one, one).high
    array([12., 36.])
    """

    base: Floats
    low: Floats
    high: Floats
    quiet: Bools
    known: Bools

    @classmethod
    def ordinary(cls, rows: int) -> Scaling:
        """Nothing out of the ordinary, for so many rows."""
        base, low, high = np.ones((3, rows))
        return cls(base, low, high, np.zeros(rows, np.bool_), np.ones(rows, np.bool_))

    def plain(self, rows: Rows) -> Bools:
        """Where nothing was told after all."""
        at = rows.at
        plain: Bools = self.known[at] & (self.low[at] == self.high[at])
        return plain

    def each(self, series: int) -> Scaling:
        """The same of several series of each flow, side by side."""
        return Scaling._make(np.repeat(array, series) for array in self)

    def applied(self, rows: Rows, usual: Expectation, weekend: Expectation) -> Expectation:
        """What is expected of the window, from what the tables say of it and of a weekend day.

        A holiday is expected to be as the quieter of the two, and may be anything between them.
        """
        at = rows.at
        quiet = self.quiet[at]
        base = np.where(quiet, np.minimum(usual.base, weekend.base), usual.base)
        high = np.where(quiet, np.maximum(usual.high, weekend.high), usual.high)
        low = np.where(quiet, np.minimum(usual.low, weekend.low), usual.low)
        return Expectation(base * self.base[at], high * self.high[at], low * self.low[at])


class Outlook(NamedTuple):
    """What was told of the window being judged, and of the one five later; None is nothing.

    Attributes
    ----------
    ahead, now
        Of the window five later, by which expectations are scaled, and of this one.
    relearns
        Rows whose level follows fast and everywhere, after a change of their configuration.
    ease
        By signal, what the threshold is multiplied by.
    """

    ahead: Scaling | None = None
    now: Scaling | None = None
    relearns: Bools | None = None
    ease: Mapping[SignalName, Floats] = {}

    def each(self, series: int) -> Outlook:
        """The same of several series of each flow, side by side; thresholds have none."""
        ahead, now = (told and told.each(series) for told in (self.ahead, self.now))
        hurry = None if self.relearns is None else np.repeat(self.relearns, series)
        return Outlook(ahead, now, hurry)

    def hurried(
        self, rows: Rows, count: Floats, expected: Expectation
    ) -> tuple[Expectation, Floats | float]:
        """What the level is held against, and how fast it follows.

        Where a busy flow relearns there are no bounds within which nothing is learned.
        """
        if self.relearns is None:
            return expected, 1.0
        base = expected.base
        hurries = self.relearns[rows.at] & (base >= BUSY) & (count > 0)
        high, low = (np.where(hurries, base, bound) for bound in expected[1:])
        return Expectation(base, high, low), np.where(hurries, HASTE, 1.0)

    def threshold(self, rows: Rows, signal: SignalName, usual: Floats) -> Floats:
        """The threshold of a signal by row."""
        return usual * self.ease[signal][rows.at] if signal in self.ease else usual

    def eased(self, rows: Rows, verdicts: dict[SignalName, Verdict]) -> dict[SignalName, Verdict]:
        """Verdicts by the thresholds of their rows."""
        return {
            name: v._replace(score=v.score / self.ease[name][rows.at]) if name in self.ease else v
            for name, v in verdicts.items()
        }


def weekend(minute: Ints) -> Ints:
    """The same time of day on a Sunday.

    >>> weekend(np.array([0, 1500])).tolist()
    [8640, 8700]
    """
    sunday: Ints = SUNDAY + minute % 1440
    return sunday


NOTHING: Final = Outlook()
