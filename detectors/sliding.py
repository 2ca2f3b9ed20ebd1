"""Exact sums over sliding windows: what enters is added, what leaves is subtracted.

Values are multiples of 2**-20 with 24 significant bits, and sums stay below 2**33: every sum and
difference is exact in double precision, so it does not depend on how it was added up, and nothing
drifts however long a flow runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats
from detectors.state import FlowState, Rows, column

QUANTUM = 2.0**-20
CEILING = 1e8
"""Counts above this in one window are taken as this: an hour of them still sums exactly."""
FINEST = 1e-3
STEP = 1e-3
"""The values that coarse sums tell apart: a thousandth apart, or a millionth, whatever is more."""


def _fixed(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * (1 / QUANTUM)) * QUANTUM
    return rounded


LADDER: Floats = _fixed(FINEST * np.expm1(STEP * np.arange(np.log1p(CEILING / FINEST) / STEP + 1)))


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
    coarse
        Whether values are kept in half the memory, to 0.1 %: estimates rather than counts.

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

    ring: NDArray[np.float32] | NDArray[np.uint16]
    """Values, or their places in `LADDER` if coarse."""
    sums: Floats
    head: NDArray[np.uint16] = column(0, dtype=np.uint16)

    def __init__(
        self,
        quantities: int,
        spans: Sequence[int],
        ends: Sequence[int] = (0,),
        *,
        coarse: bool = False,
    ) -> None:
        self._coarse = coarse
        self.depth = max(spans) + max(ends) + 1
        self.ring = column(0.0, quantities, self.depth, dtype=np.uint16 if coarse else np.float32)
        self.sums = column(0.0, quantities, len(ends), len(spans))
        super().__init__()
        self._shape = (quantities, len(ends), len(spans) + 1)
        self._first = np.arange(quantities)[:, None] * self.depth
        lags = np.array([[end, *(end + span for span in spans)] for end in ends]).ravel()
        places = (np.arange(self.depth) - lags[:, None]) % self.depth
        self._places = self._first[:, :, None] + places

    def push(self, rows: Rows, values: Floats) -> None:
        """Append one window: ``values`` has shape (quantities, rows)."""
        ring, capacity = self.ring.reshape(-1), self.ring.shape[-1]
        head = (self.head[rows.at].astype(np.int64) + 1) % self.depth
        capped = np.minimum(values, CEILING)
        kept = np.rint(np.log1p(capped / FINEST) / STEP) if self._coarse else _fixed(capped)
        ring[(self._first + head) * capacity + rows.numbers] = kept
        self.head[rows.at] = head
        places = self._places[:, :, head] * capacity + rows.numbers
        held = ring.take(places).reshape(*self._shape, -1)
        moved = LADDER.take(held) if self._coarse else held.astype(np.float64)
        self.sums[..., rows.at] += moved[:, :, :1] - moved[:, :, 1:]

    def over(self, rows: Rows) -> Floats:
        """The sums, shape (quantities, ends, spans, rows)."""
        sums: Floats = self.sums[..., rows.at]
        return sums.copy()
