"""Exact sums over sliding windows: what enters is added, what leaves is subtracted.

Values are multiples of 2**-20 with 24 significant bits, and sums stay below 2**33: every sum and
difference is exact in double precision, so it does not depend on how it was added up, and nothing
drifts however long a flow runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats
from detectors.minifloat import decode, encode
from detectors.ring import Ring
from detectors.state import FlowState, Rows, column

QUANTUM = 2.0**-20
CEILING = 1e8
"""Counts above this in one window are taken as this: an hour of them still sums exactly."""


class SlidingSums(FlowState):
    """Sums of several quantities, each over the latest ``spans`` windows.

    Parameters
    ----------
    quantities
        What is summed side by side: the quantity of each sum.
    spans
        Lengths of the windows summed over.
    ends
        How many windows before the newest entry each sum ends; by default it ends with it.
    coarse
        Whether values are kept in half the memory, as a `minifloat`: estimates rather than counts.

    Examples
    --------
    >>> sums = SlidingSums([0], spans=(1, 3))
    >>> sums.reserve(1)
    >>> flow = Rows.of(np.array([0]))
    >>> for count in (5.0, 7.0, 1.0, 2.0):
    ...     _ = sums.push(flow, np.array([[count]]))
    >>> sums.over(flow)[0]
    array([[ 2.],
           [10.]])
    """

    sums: Floats

    def __init__(
        self,
        quantities: Sequence[int],
        spans: Sequence[int],
        ends: Sequence[int] | None = None,
        *,
        coarse: bool = False,
    ) -> None:
        self.sums = column(0.0, len(quantities), len(spans))
        super().__init__()
        self._coarse = coarse
        last = np.zeros(len(quantities), int) if ends is None else np.array(ends)
        back = last[:, None] + np.array([0, *spans])
        quantity = np.broadcast_to(np.array(quantities)[:, None], back.shape)
        self.depth = int(back.max()) + 1
        self.ring = Ring(self.depth, quantity, back, np.uint16 if coarse else np.float32)

    def push(self, rows: Rows, values: Floats) -> Floats:
        """Append one window: ``values`` has shape (quantities, rows).

        Return what entered each sum, and what left it over each span: (sums, 1 + spans, rows).
        """
        self.ring.push(rows, self._kept(np.minimum(values, CEILING)))
        held = self.ring.read(rows)
        exact: Floats = (decode(held) if self._coarse else held).astype(np.float64)
        self.sums[..., rows.at] += exact[:, :1] - exact[:, 1:]
        return exact

    def _kept(self, values: Floats) -> NDArray[Any]:
        if self._coarse:
            return encode(values)
        return (np.rint(values * (1 / QUANTUM)) * QUANTUM).astype(np.float32)

    def over(self, rows: Rows) -> Floats:
        """The sums, shape (sums, spans, rows)."""
        sums: Floats = self.sums[..., rows.at]
        return sums.copy()
