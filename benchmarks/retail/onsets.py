"""Onsets in a world: the minutes in which alarms of its flows are raised, and which are false."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.onsets import edges
from benchmarks.retail.world import Fault
from detectors.columns import Bools, Floats, Ints

GRACE: Final = 10
"""Minutes after the end of a fault in which an onset still detects it."""
AFTERMATH: Final = 60
"""Minutes after the end of a fault in which an onset is not false."""

Scores = NDArray[np.float32]


class Rises(NamedTuple):
    """Where alarms can begin, by `benchmarks.onsets.edges`, in the order of flow and minute."""

    flow: Ints
    minute: Ints
    low: Floats
    high: Floats

    @classmethod
    def of(cls, scores: Scores, start: int) -> Rises:
        """Take the scores, shape (minutes, flows), from minute ``start`` on."""
        each = [edges(score) for score in np.nan_to_num(scores[start:]).T]
        flow = np.repeat(np.arange(len(each)), [len(found.at) for found in each])
        at, low, high = (np.concatenate(column) for column in zip(*each, strict=True))
        some = high > 0
        return cls(flow[some], at[some] + start, low[some], high[some])


class Onsets(NamedTuple):
    """When alarms were raised, in the order of flow and minute."""

    flow: Ints
    minute: Ints


def onsets(rises: Rises, threshold: float) -> Onsets:
    """Return each rise above the threshold that quiet minutes, at or below it, precede.

    Examples
    --------
    >>> scores = np.zeros((100, 1), np.float32)
    >>> scores[[5, 6, 36, 37, 80]] = 2.0
    >>> onsets(Rises.of(scores, 0), 1.0).minute.tolist()
    [5, 80]
    >>> scores[36] = 0.0
    >>> onsets(Rises.of(scores, 0), 1.0).minute.tolist()
    [5, 37, 80]
    """
    begins = (rises.low <= threshold) & (rises.high > threshold)
    return Onsets(rises.flow[begins], rises.minute[begins])


def found_after(raised: Onsets, fault: Fault) -> int | None:
    """Return minutes from the start of a fault to the first onset that detects it, or None."""
    first, last = _range(raised, fault.flow, fault.start, fault.end + GRACE)
    return int(raised.minute[first]) - fault.start if first < last else None


def false(raised: Onsets, faults: tuple[Fault, ...]) -> Bools:
    """Tell which onsets lie outside every fault of their flow and its aftermath."""
    outside = np.ones(len(raised.minute), bool)
    for fault in faults:
        first, last = _range(raised, fault.flow, fault.start, fault.end + AFTERMATH)
        outside[first:last] = False
    return outside


def _range(raised: Onsets, flow: int, start: int, end: int) -> tuple[int, int]:
    """Return from where to where the onsets of a flow lie in [start, end]."""
    low, high = np.searchsorted(raised.flow, [flow, flow + 1])
    within = raised.minute[low:high]
    first, last = np.searchsorted(within, [start, end + 1])
    return int(low + first), int(low + last)
