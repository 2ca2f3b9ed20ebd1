"""The latest values of many flows, in a ring that is read at fixed distances from its newest entry.

Flows are stepped together and mostly stand at the same place of their rings. Then an entry of all
of them lies side by side, and needs no index of its own for each flow.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from detectors.columns import Ints
from detectors.state import FlowState, Rows, column

EMPTY: Final = 2**16 - 1
"""Place of a flow of which nothing was kept yet."""


class Ring(FlowState):
    """The latest values of one or several quantities.

    Parameters
    ----------
    depth
        How many are kept of each.
    quantity, back
        Where it is read: of which quantity, and how many entries before the newest; of one shape.
    dtype
        Of the values.

    Examples
    --------
    >>> ring = Ring(3, quantity=[0, 0], back=[0, 2])
    >>> ring.reserve(1)
    >>> flow = Rows.of(np.array([0]))
    >>> for value in (5.0, 7.0, 1.0, 2.0):
    ...     ring.push(flow, np.array([[value]]))
    >>> ring.read(flow)
    array([[2.],
           [7.]], dtype=float32)
    """

    values: NDArray[Any]
    head: NDArray[np.uint16] = column(EMPTY, dtype=np.uint16)

    def __init__(
        self, depth: int, quantity: ArrayLike, back: ArrayLike, dtype: DTypeLike = np.float32
    ) -> None:
        quantities = int(np.max(quantity)) + 1
        self.depth = depth
        self.values = column(0.0, quantities * depth, dtype=dtype)
        super().__init__()
        self._first = np.arange(quantities) * depth
        heads = np.arange(depth).reshape(-1, *[1] * np.ndim(back))
        self._places = np.asarray(quantity) * depth + (heads - np.asarray(back)) % depth

    def push(self, rows: Rows, values: NDArray[Any]) -> None:
        """Append one entry: ``values`` has shape (quantities, rows)."""
        head = self._next(self.head[rows.at])
        self.head[rows.at] = head
        if (place := self._common(rows, head)) is not None:
            self.values[self._first + place, rows.at] = values
        else:
            places = self._first[:, None] + head
            self.values.reshape(-1)[self._flat(places, rows)] = values

    def read(self, rows: Rows) -> NDArray[Any]:
        """What lies at each place, shape (*places, rows)."""
        head = self.head[rows.at]
        if (place := self._common(rows, head)) is not None:
            return self.values[self._places[place], rows.at]
        places = np.moveaxis(self._places.take(head, axis=0), 0, -1)
        return self.values.reshape(-1).take(self._flat(places, rows))

    def _next(self, head: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Places of the entries to come. New flows begin where another is, to stay side by side."""
        new = head == EMPTY
        if new.any():
            begun = head[~new]
            head = np.where(new, begun[0] if len(begun) else 0, head)
        following: NDArray[np.uint16] = (head + np.uint16(1)) % np.uint16(self.depth)
        return following

    @staticmethod
    def _common(rows: Rows, head: NDArray[np.uint16]) -> int | None:
        """The place where all of an unbroken range of flows are, None if there is none."""
        together = isinstance(rows.at, slice) and len(head) and (head == head[0]).all()
        return int(head[0]) if together else None

    def _flat(self, places: Ints, rows: Rows) -> Ints:
        flat: Ints = places * self.values.shape[-1] + rows.numbers
        return flat
