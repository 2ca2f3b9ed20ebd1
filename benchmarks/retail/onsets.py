"""Onsets: the minutes in which an alarm is raised, of a score and a threshold."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.retail.world import Fault
from detectors.columns import Bools, Ints

QUIET: Final = 30
"""Quiet minutes before a score that rises is a new alarm (detection notes, section 4.1)."""
GRACE: Final = 10
"""Minutes after the end of a fault in which an onset still detects it."""
AFTERMATH: Final = 60
"""Minutes after the end of a fault in which an onset is not false."""

Scores = NDArray[np.float32]


class Peaks(NamedTuple):
    """The scores above zero, in the order of flow and minute; all arrays of one length."""

    flow: Ints
    minute: Ints
    score: Scores

    @classmethod
    def of(cls, scores: Scores, start: int) -> Peaks:
        """Take the scores, shape (minutes, flows), from minute ``start`` on."""
        flow, minute = np.nonzero(np.nan_to_num(scores[start:]).T > 0)
        return cls(flow, minute + start, scores[minute + start, flow])


class Onsets(NamedTuple):
    """When alarms were raised, in the order of flow and minute."""

    flow: Ints
    minute: Ints


def onsets(peaks: Peaks, threshold: float) -> Onsets:
    """Return each rise above the threshold that `QUIET` minutes at or below it precede.

    Examples
    --------
    >>> scores = np.zeros((100, 1), np.float32)
    >>> scores[[5, 6, 36, 37, 80]] = 2.0
    >>> onsets(Peaks.of(scores, 0), 1.0).minute.tolist()
    [5, 80]
    >>> scores[36] = 0.0
    >>> onsets(Peaks.of(scores, 0), 1.0).minute.tolist()
    [5, 37, 80]
    """
    above = peaks.score > threshold
    flow, minute = peaks.flow[above], peaks.minute[above]
    fresh = np.ones(len(flow), bool)
    fresh[1:] = (flow[1:] != flow[:-1]) | (minute[1:] - minute[:-1] > QUIET)
    return Onsets(flow[fresh], minute[fresh])


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
