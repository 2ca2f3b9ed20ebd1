"""The gaps that follow a flow's runs: by two hours of the week, and the one it shows most."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Ints
from detectors.state import FlowState, Rows, column

WEEK: Final = 7 * 1440
CONTEXT_MINUTES: Final = 120
CONTEXTS: Final = WEEK // CONTEXT_MINUTES
BEFORE: Final = 10
"""Contexts begin ten minutes before the full hour, so that jitter seldom crosses their edges."""
A_DAY: Final = 1440 // CONTEXT_MINUTES
MOST: Final = CONTEXTS
"""Place of the gap that a flow shows most, beside those of the contexts."""
SURE: Final = 3
"""A remembered gap is as sure as it was often confirmed, up to this; it goes when refuted more."""
LONGEST: Final = 60_000.0
"""Windows that half precision can hold."""


class Recalled(NamedTuple):
    """The gap after a run in some context, of its weekday or else of the latest day known.

    ``sure`` is how sure it is, ``same_day`` whether its weekday itself is known, and ``alike``
    whether it is of a day like this one, weekday or weekend.
    """

    gap: Floats
    sure: Ints
    same_day: Bools
    alike: Bools


class Gaps(FlowState):
    """Gaps of many flows, in windows, each with how sure it is (Boyer and Moore's vote, 1981)."""

    gap: NDArray[np.float16] = column(0.0, CONTEXTS + 1, dtype=np.float16)
    sure: NDArray[np.uint8] = column(0, CONTEXTS + 1, dtype=np.uint8)

    def most(self, rows: Rows) -> Floats:
        """The gap that each row shows most, 0 before any."""
        return self.gap[MOST, rows.at].astype(np.float64)

    def remember(self, rows: Rows, context: Ints, gap: Floats, near: Floats) -> None:
        """Let a gap confirm what its context remembers, within ``near``, or refute it."""
        cell = context * self.gap.shape[-1] + rows.numbers
        known, sure = self.gap.reshape(-1), self.sure.reshape(-1)
        old, votes = known.take(cell).astype(np.float64), sure.take(cell).astype(np.int64)
        gap = np.minimum(gap, LONGEST)
        agrees = np.abs(gap - old) <= near
        replaced = ~agrees & (votes == 0)
        known[cell] = np.where(replaced, gap, np.where(agrees, old + 0.3 * (gap - old), old))
        sure[cell] = (votes + np.where(agrees, 1, -1)).clip(0, SURE)

    def recall(self, rows: Rows, context: Ints) -> Recalled:
        """What is known of the gap after a run in ``context``; days alike are asked first."""
        back = (context - A_DAY * np.arange(7)[:, None]) % CONTEXTS
        cell = back * self.gap.shape[-1] + rows.numbers
        gap = self.gap.reshape(-1).take(cell).astype(np.float64)
        alike = weekend(back * CONTEXT_MINUTES) == weekend(context * CONTEXT_MINUTES)
        day = ((gap > 0) * (1 + alike)).argmax(axis=0)
        many = np.arange(len(context))
        sure = self.sure.reshape(-1).take(cell[day, many]).astype(np.int64)
        return Recalled(gap[day, many], sure, gap[0] > 0, alike[day, many])

    def forget(self, rows: Rows) -> None:
        """Begin anew."""
        self.gap[:, rows.at], self.sure[:, rows.at] = 0, 0


def context_of(minute: Ints) -> Ints:
    """The context in which a local minute of the week lies.

    >>> context_of(np.array([0, 109, 110, 10_079])).tolist()
    [0, 0, 1, 0]
    """
    context: Ints = (minute + BEFORE) % WEEK // CONTEXT_MINUTES
    return context


def weekend(minute: Ints) -> Bools:
    """Whether a local minute of the week lies on a Saturday or Sunday."""
    on: Bools = minute >= 5 * 1440
    return on
