"""Exact sums over sliding windows, as differences of running totals in fixed point.

Totals are 64-bit integers in millionths (2**-20), so a sum does not depend on how it was added
up, nothing drifts however long a flow runs, and a total that wraps around still gives right
differences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats, Ints
from detectors.state import FlowState, Rows, column

QUANTUM = 2.0**-20
CEILING = 1e9
"""Counts above this in one window are taken as this: an hour of them still fits the integers."""


class SlidingSums(FlowState):
    """Sums of several quantities over the latest ``spans`` windows.

    Parameters
    ----------
    quantities
        How many are summed side by side.
    spans
        Lengths of the windows summed over.
    ends
        How many windows before the newest entry a sum ends; sums are given for each.

    Examples
    --------
    >>> sums = SlidingSums(1, spans=(1, 3))
    >>> sums.reserve(1)
    >>> flow = Rows.of(np.array([0]))
    >>> for count in (5.0, 7.0, 1.0, 2.0):
    ...     sums.push(flow, np.array([[count]]))
    >>> sums.over(flow)[0, 0]
    array([[ 2.],
           [10.]])
    """

    totals: NDArray[np.int64]
    head: Ints = column(0, dtype=np.int64)

    def __init__(self, quantities: int, spans: Sequence[int], ends: Sequence[int] = (0,)) -> None:
        self.depth = max(spans) + max(ends) + 1
        self.totals = column(0, quantities, self.depth, dtype=np.int64)
        super().__init__()
        self._shape = (quantities, len(ends), len(spans) + 1)
        self._first = np.arange(quantities)[:, None] * self.depth
        lags = np.array([[end, *(end + span for span in spans)] for end in ends]).ravel()
        places = (np.arange(self.depth) - lags[:, None]) % self.depth
        self._places = self._first[:, :, None] + places

    def push(self, rows: Rows, values: Floats) -> None:
        """Append one window: ``values`` has shape (quantities, rows)."""
        totals, capacity = self.totals.reshape(-1), self.totals.shape[-1]
        head = self.head[rows.at]
        following = (head + 1) % self.depth
        before = totals.take((self._first + head) * capacity + rows.numbers)
        fixed = np.rint(np.minimum(values, CEILING) / QUANTUM).astype(np.int64)
        totals[(self._first + following) * capacity + rows.numbers] = before + fixed
        self.head[rows.at] = following

    def over(self, rows: Rows) -> Floats:
        """The sums, shape (quantities, ends, spans, rows)."""
        places = self._places[:, :, self.head[rows.at]] * self.totals.shape[-1] + rows.numbers
        totals = self.totals.reshape(-1).take(places).reshape(*self._shape, -1)
        sums: Floats = (totals[:, :, :1] - totals[:, :, 1:]) * QUANTUM
        return sums
