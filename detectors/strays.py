"""Stray windows: far from what was expected, and too lately so to say whether it lasts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Ints
from detectors.state import FlowState, Rows, column
from detectors.width import Width

PATIENCE: Final = 2
"""Minutes for which a row may stray before that counts: nobody needs to know of so short a pause or
peak (development runs of ``estate``: recall .68 to .73 at one false alarm a flow-week)."""
KEPT: Final = 4
"""Stray windows that are kept in mind; with more of them in an hour, they are no exception."""
LONG_AGO: Final = 10_000


class Strays(FlowState):
    """The latest stray windows of many rows, and by how much each is out of bounds.

    Examples
    --------
    >>> strays = Strays(Width(60))
    >>> strays.reserve(1)
    >>> flow, bounds, patient = Rows.of(np.array([0])), np.array([[10.0], [30.0]]), np.array([True])
    >>> for count in (20.0, 90.0):
    ...     strays.note(flow, np.array([count]), bounds, patient)
    >>> strays.excess_over(flow, np.array([1, 5])).ravel()
    array([60., 60.])
    >>> for count in (90.0, 90.0):
    ...     strays.note(flow, np.array([count]), bounds, patient)
    >>> strays.excess_over(flow, np.array([1, 5])).ravel()
    array([0., 0.])
    """

    lasting: NDArray[np.int8] = column(0, dtype=np.int8)
    excess: NDArray[np.float32] = column(0.0, KEPT, dtype=np.float32)
    age: NDArray[np.int16] = column(LONG_AGO, KEPT, dtype=np.int16)

    def __init__(self, width: Width) -> None:
        super().__init__()
        self._patience = PATIENCE * 60 // width.seconds

    def note(self, rows: Rows, count: Floats, bounds: Floats, patient: Bools) -> None:
        """Note whether a window strays; what has strayed for longer is excused no more.

        ``bounds`` has shape (2, rows), the lower ones first; ``patient`` is where strays can wait.
        """
        if not self._patience:
            return
        at = rows.at
        inside = count.clip(*bounds)
        side = np.sign(count - inside).astype(np.int8)
        lasting = np.where(side * self.lasting[at] > 0, self.lasting[at] + side, side)
        self.lasting[at] = lasting.clip(-100, 100)
        length = np.abs(lasting)
        age, excess = np.minimum(self.age[:, at] + 1, LONG_AGO), self.excess[:, at].copy()
        excess[(length > self._patience) & (age < length)] = 0
        new = np.flatnonzero(patient & (length > 0) & (length <= self._patience))
        oldest = age[:, new].argmax(axis=0)
        age[oldest, new], excess[oldest, new] = 0, (count - inside)[new]
        self.age[:, at], self.excess[:, at] = age, excess

    def skip(self, rows: Rows) -> None:
        """Let a window pass unwatched: nothing can be said to last over it."""
        self.lasting[rows.at] = 0
        self.age[:, rows.at] = np.minimum(self.age[:, rows.at] + 1, LONG_AGO)

    def excess_over(self, rows: Rows, spans: Ints) -> Floats:
        """What strays add to the latest ``spans`` windows, shape (spans, rows)."""
        inside = self.age[:, None, rows.at] < spans[:, None]
        excess: Floats = (self.excess[:, None, rows.at] * inside).sum(axis=0, dtype=np.float64)
        return excess
