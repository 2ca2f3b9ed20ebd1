"""When faults strike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from benchmarks.retail.faults import Kind
from benchmarks.retail.noise import Rng
from benchmarks.retail.world import DAY, Fault
from detectors.columns import Floats, Ints

APART: Final = 120
"""Minutes between two faults of a flow, so that the aftermath of one (60 minutes) is over."""
TRADING: Final = 0.8
"""Share of the faults that strike in trading hours (detection notes, section 4.1)."""
BUSY: Final = 0.5
"""Trading hours of a flow are the minutes with at least this share of its mean."""
TRIES: Final = 20
"""Places tried for a fault; a flow with no room has fewer."""
NEXT_RUN: Final = 240
"""Minutes after which a fault of single runs is over, if the next run does not end it before."""
TOGETHER: Final = 360
"""Minutes within which further runs of a schedule are drawn into a fault."""


class Target(NamedTuple):
    """A flow that faults may strike.

    Attributes
    ----------
    start, end
        The minutes in which they may.
    expected
        Runs expected in each minute of the world.
    due
        Minutes in which runs are due; empty without a schedule.
    """

    flow: int
    start: int
    end: int
    expected: Floats
    due: Ints


def plan(
    target: Target, kinds: Mapping[str, Kind], per_day: float, rng: Rng, taken: Sequence[Fault] = ()
) -> list[Fault]:
    """Draw the faults of one flow, by time.

    None comes near another, or near what is ``taken`` already, and each touches a run.
    """
    faults: list[Fault] = []
    sums = np.concatenate([[0.0], np.cumsum(target.expected)])
    if target.start >= target.end or sums[target.end] - sums[target.start] < 1:
        return []  # too young, or idle until the end
    names = [name for name, kind in kinds.items() for _ in range(kind.often)]
    for _ in range(rng.poisson(per_day * (target.end - target.start) / DAY)):
        name = names[rng.integers(len(names))]
        for _ in range(TRIES):
            start, end = _span(target, kinds[name], rng)
            free = not any(
                start < f.end + APART and f.start < end + APART for f in (*faults, *taken)
            )
            if end < target.end and free and sums[end] - sums[start] >= 1:
                severity = float(rng.uniform(*kinds[name].severity))
                faults.append(Fault(target.flow, name, start, end, severity))
                break
    return sorted(faults, key=lambda fault: fault.start)


def _span(target: Target, kind: Kind, rng: Rng) -> tuple[int, int]:
    minutes = int(rng.integers(kind.minutes[0], kind.minutes[1] + 1))
    if len(target.due):
        return _of_runs(target, kind, minutes, rng)
    part = target.expected[target.start : target.end]
    open_ = part >= (BUSY * part.mean() if rng.random() < TRADING else 0)
    start = target.start + int(rng.choice(np.flatnonzero(open_)))
    return start, min(start + minutes, target.end)


def _of_runs(target: Target, kind: Kind, minutes: int, rng: Rng) -> tuple[int, int]:
    """From a due run up to the run after the last one that is hit."""
    first, last = np.searchsorted(target.due, [target.start, target.end])
    at = int(rng.integers(first, last))
    start = int(target.due[at])
    hit = int(np.searchsorted(target.due, start + minutes)) - at  # by the clock
    hit = max(hit, min(kind.runs, int(np.searchsorted(target.due, start + TOGETHER)) - at))
    end = int(target.due[at + hit]) if at + hit < len(target.due) else target.end
    return start, min(end, int(target.due[at + hit - 1]) + NEXT_RUN, target.end)
