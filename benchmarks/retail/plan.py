"""When faults strike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from benchmarks.retail.faults import Kind
from benchmarks.retail.noise import Rng
from benchmarks.retail.world import DAY, Fault
from detectors.columns import Bools

APART: Final = 120
"""Minutes between two faults of a flow, so that the aftermath of one (60 minutes) is over."""
TRADING: Final = 0.8
"""Share of the faults that strike in trading hours (detection notes, section 4.1)."""


class Stretch(NamedTuple):
    """The minutes of a flow in which faults may strike, and which of all are its trading hours."""

    start: int
    end: int
    trading: Bools


def plan(
    flow: int, kinds: Mapping[str, Kind], stretch: Stretch, per_day: float, rng: Rng
) -> list[Fault]:
    """Draw the faults of one flow, sorted by time: none overlaps another or its aftermath."""
    faults: list[Fault] = []
    names = list(kinds)
    for _ in range(rng.poisson(per_day * (stretch.end - stretch.start) / DAY)):
        name = names[rng.integers(len(names))]
        for _ in range(20):  # a place that is free; a flow too full has fewer faults
            fault = _draw(flow, name, kinds[name], stretch, rng)
            if fault.end < stretch.end and not any(_near(fault, other) for other in faults):
                faults.append(fault)
                break
    return sorted(faults, key=lambda fault: fault.start)


def _draw(flow: int, name: str, kind: Kind, stretch: Stretch, rng: Rng) -> Fault:
    open_ = np.flatnonzero(stretch.trading[stretch.start : stretch.end]) + stretch.start
    anywhere = rng.random() > TRADING or len(open_) == 0
    start = int(rng.integers(stretch.start, stretch.end) if anywhere else rng.choice(open_))
    end = start + int(rng.integers(kind.minutes[0], kind.minutes[1] + 1))
    return Fault(flow, name, start, end, float(rng.uniform(*kind.severity)))


def _near(one: Fault, other: Fault) -> bool:
    return one.start < other.end + APART and other.start < one.end + APART
