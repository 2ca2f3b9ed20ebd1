"""Worlds by hand for tests: quiet flows, and faults where a test puts them."""

from __future__ import annotations

import numpy as np

from benchmarks.retail.onsets import Scores
from benchmarks.retail.world import COLUMNS, DAY, Fault, Flow, World

WEEK = 7 * DAY


def world(*faults: Fault, flows: int = 1, minutes: int = WEEK, **told: object) -> World:
    """Make a world without a warm-up in which each flow has five runs a minute."""
    columns = {name: np.full((minutes, flows), 5.0) for name in COLUMNS}
    made = tuple(Flow(f"flow-{i}", "steady", 5.0) for i in range(flows))
    return World("test", 1, made, columns, faults, **({"warm_up": 0} | told))


def fault(start: int, end: int, flow: int = 0) -> Fault:
    return Fault(flow, "stop", start, end, 1.0)


def scores(*above: range | int, level: float = 2.0, flows: int = 1, minutes: int = WEEK) -> Scores:
    """Make the scores of flow 0: zero, but for some minutes; other flows have zero throughout."""
    made = np.zeros((minutes, flows), np.float32)
    for minutes_above in above:
        made[minutes_above, 0] = level
    return made
