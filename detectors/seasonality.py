"""What a flow's day and week look like: tables of rates, learned as ratios of sums.

No interpolation and no smoothing, so that the sharp edges of scheduled flows stay sharp: a rate
for each five-minute slot of a weekday or weekend day, and the shares of the minutes of an hour.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import familiar
from detectors.columns import Floats, Ints, Reals, Singles
from detectors.deviance import deviation
from detectors.state import FlowState, Rows, column
from detectors.width import Width

SLOT_MINUTES: Final = 5
SLOTS: Final = 288
FLOOR: Final = 0.002
"""Least expected count of a window (detection notes): nothing is impossible."""
MEAN_MINUTES: Final = 20160
"""Memory of the plain mean that stands in for slots never seen: two weeks."""
WHOLE: Final = 2**13
"""Shares of the minutes are kept in units of so many parts of an even one; five are the most."""
UNUSUAL: Final = 2.5
"""Standard deviations, and one count, by which a slot departs enough to be remembered as it was
last time. With 4 and three counts the empty slots of a rough flow are not, and it alarms for a week
after the clocks change: 1.8 instead of 1.5 false alarms a flow-week in a world without faults."""
AS_USUAL: Final = -128
"""In the table of last times: the slot did what it usually does."""
LOG_STEP: Final = 1 / 12
"""Last times are kept as logarithms of ratios in steps of 8 %: a byte spans from 1/36,000 to
36,000 times the usual, and twice the last digit is still far inside what is ordinary."""
DOUBT: Final = 3
"""Visits of a slot that still count after a change: its next one then weighs a quarter, where it
weighed a tenth. More doubt about each deployment would make the tables of a flow that is deployed
daily as noisy as its days."""


class Expectation(NamedTuple):
    """Counts expected of one window, before the current level of the flow.

    ``base`` is the best guess; ``high`` and ``low`` enclose it and what the slot did last time,
    where that departed from the usual.
    """

    base: Floats
    high: Floats
    low: Floats


class Seasonality(FlowState):
    """Slot and minute tables of many flows; rates are per window, kept as in `familiar`."""

    mean: Singles = column(0.0, dtype=np.float32)
    age: NDArray[np.int32] = column(0, dtype=np.int32)
    slots: NDArray[np.uint16] = column(0, 2 * SLOTS, dtype=np.uint16)
    last_time: NDArray[np.int8] = column(AS_USUAL, 2 * SLOTS, dtype=np.int8)
    share: NDArray[np.uint16] = column(WHOLE, 60, dtype=np.uint16)
    share_weight: NDArray[np.float16] = column(0.0, 60, dtype=np.float16)
    # the slot in progress
    open_slot: NDArray[np.int16] = column(-1, dtype=np.int16)
    counts: Singles = column(0.0, SLOT_MINUTES, dtype=np.float32)
    windows: NDArray[np.uint16] = column(0, SLOT_MINUTES, dtype=np.uint16)
    level: Singles = column(0.0, dtype=np.float32)

    def __init__(self, width: Width) -> None:
        super().__init__()
        self._full = max(1, 60 * SLOT_MINUTES // width.seconds)
        self._memory = width.windows(MEAN_MINUTES)

    def expected(self, rows: Rows, minute: Ints) -> Expectation:
        """What the tables expect of a window at this local minute of the week."""
        slot, capacity = slot_of(minute), self.mean.shape[-1]
        other = np.where(slot < SLOTS, slot + SLOTS, slot - SLOTS)
        place = np.array([slot, other]) * capacity + rows.numbers
        kept = self.slots.reshape(-1).take(place)
        rate, seen = familiar.rates(kept), familiar.visits(kept) > 0
        last = self.last_time.reshape(-1).take(place)
        share = self.share.reshape(-1).take(minute % 60 * capacity + rows.numbers)
        r = np.where(seen[0], rate[0], np.where(seen[1], rate[1], self.mean[rows.at]))
        base = np.maximum(r * share * (1 / WHOLE), FLOOR)
        again = np.maximum(base * _RATIO.take(last.astype(np.int64) - AS_USUAL), FLOOR)
        return Expectation(
            base, np.maximum(base, again.max(axis=0)), np.minimum(base, again.min(0))
        )

    def observe(self, rows: Rows, minute: Ints, count: Floats, level: Reals) -> None:
        """Take in one window's count, and the level of the flow as it entered that window."""
        at, capacity = rows.at, self.mean.shape[-1]
        place = minute % SLOT_MINUTES * capacity + rows.numbers
        self.counts.reshape(-1)[place] += count
        self.windows.reshape(-1)[place] += 1
        self.level[at] = level
        mean, age = self.mean[at], self.age[at]
        self.mean[at] = mean + (count - mean) / np.minimum(age + 1, self._memory)
        self.age[at] = age + 1

    def relearn(self, rows: Rows, *, pattern: bool) -> None:
        """Let coming days weigh more; where the ``pattern`` of the day changed, count alone."""
        at = rows.at
        kept = self.slots[:, at]
        visits = np.minimum(familiar.visits(kept), 0 if pattern else DOUBT)
        self.slots[:, at] = familiar.keep(familiar.rates(kept), visits)
        if pattern:
            self.last_time[:, at] = AS_USUAL
            self.share_weight[:, at] = 0

    def close(self, rows: Rows, minute: Ints, alpha: Reals) -> None:
        """Learn from the slot in progress where ``minute`` begins another one.

        A slot of which a window was not seen teaches nothing. ``alpha`` is the dispersion by
        which an unusual slot is told from an ordinary one.
        """
        slot = slot_of(minute)
        over = slot != self.open_slot[rows.at]
        if not over.any():
            return
        done = rows.only(over)
        full = self.windows[:, done.at].sum(axis=0) >= self._full
        if full.any():
            self._learn(done.only(full), alpha[over][full])
        self.counts[:, done.at] = 0
        self.windows[:, done.at] = 0
        self.open_slot[done.at] = slot[over]

    def _learn(self, rows: Rows, alpha: Reals) -> None:
        at, capacity = rows.at, self.mean.shape[-1]
        slot, windows = self.open_slot[at].astype(np.int64), self.windows[:, at]
        counts = self.counts[:, at].astype(np.float64)
        hour = (slot % (60 // SLOT_MINUTES) * SLOT_MINUTES) + np.arange(SLOT_MINUTES)[:, None]
        minutes = hour * capacity + rows.numbers
        share = self.share.reshape(-1).take(minutes) * (1 / WHOLE)
        X = counts.sum(axis=0)
        F = (windows * share).sum(axis=0) * np.exp(0.5 * self.level[at])
        self._learn_rate(slot * capacity + rows.numbers, X, F, alpha)
        self._learn_share(minutes, share, counts, windows)

    def _learn_rate(self, place: Ints, X: Floats, F: Floats, alpha: Reals) -> None:
        slots, last_time = self.slots.reshape(-1), self.last_time.reshape(-1)
        kept = slots.take(place)
        e, v = familiar.rates(kept).astype(np.float64), familiar.visits(kept)
        r = X / F
        unusual = np.abs(X - F * e) > UNUSUAL * deviation(F * e, alpha) + 1
        learned = e + np.maximum(1 / (v + 1), 0.1) * (r - e)
        steps = np.rint(np.log((r + 1e-6) / (learned + 1e-6)) / LOG_STEP)
        last = np.where(unusual, steps.clip(AS_USUAL + 1, 127), AS_USUAL)
        last_time[place] = np.where(v >= 2, last, AS_USUAL)
        slots[place] = familiar.keep(learned, v + 1)

    def _learn_share(
        self, minutes: Ints, share: Floats, counts: Floats, windows: NDArray[np.uint16]
    ) -> None:
        X, n = counts.sum(axis=0), windows.sum(axis=0)
        part = counts * n / np.maximum(windows * np.maximum(X, 1e-9), 1e-9)
        w = np.where((X > 0) & (windows > 0), X / (X + 3), 0.0)
        weight = self.share_weight.reshape(-1)
        total = weight.take(minutes).astype(np.float64) + w
        learned = share + np.maximum(1 / (total + 1), 0.02) * w * (part - share)
        self.share.reshape(-1)[minutes] = np.rint(learned * WHOLE)
        weight[minutes] = np.minimum(total, MOST_WEIGHT)


MOST_WEIGHT: Final = 100.0
"""From 49 visits the least rate of learning holds; more need not be counted."""


def _ratios() -> Floats:
    ratio: Floats = np.exp(LOG_STEP * np.arange(AS_USUAL, 128))
    ratio[0] = 1.0  # as usual
    return ratio


_RATIO: Final = _ratios()


def slot_of(minute: Ints) -> Ints:
    """Row of the slot tables: slots of a weekday, then those of a weekend day.

    Examples
    --------
    >>> slot_of(np.array([0, 9, 5 * 1440]))
    array([  0,   1, 288])
    """
    slot: Ints = minute % 1440 // SLOT_MINUTES + np.where(minute >= 5 * 1440, SLOTS, 0)
    return slot
