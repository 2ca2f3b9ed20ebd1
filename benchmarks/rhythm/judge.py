"""Runs through the detectors, minute by minute, and how well the alarms fit the faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.rhythm.cadences import KINDS, WEEK, Flow
from detectors.bank import FlowBank
from detectors.columns import Windows

AFTERMATH: Final = 120.0
"""Minutes after a fault in which an onset is neither hit nor false alarm."""
QUIET: Final = 30
"""Quiet minutes after which an alarm is a new one."""

Scores = NDArray[np.float32]


class Found(NamedTuple):
    """Faults of some flows, those found, minutes to find them, and false alarms in scored weeks."""

    faults: int
    delays: list[float]
    false: int
    weeks: float


def scores(flows: Sequence[Flow], weeks: int, tick: Callable[[], None]) -> dict[str, Scores]:
    """Score every minute: silence, and volume where too few runs came; shape (minutes, flows)."""
    minutes = weeks * WEEK
    counts = np.zeros((minutes, len(flows)))
    for i, flow in enumerate(flows):
        np.add.at(counts[:, i], flow.runs[flow.runs < minutes].astype(np.int64), 1)
    bank, rows = FlowBank(), np.arange(len(flows))
    bank.grow(len(flows))
    nothing = Windows(*np.full((len(Windows._fields), len(flows)), np.nan))._replace(
        duration_count=np.zeros(len(flows))
    )
    out = {name: np.zeros(counts.shape, np.float32) for name in ("silence", "volume")}
    for minute in range(minutes):
        if minute % 1440 == 0:
            tick()
        now = np.full(len(flows), minute % WEEK)
        verdicts = bank.step(rows, now, (now + 5) % WEEK, nothing._replace(volume=counts[minute]))
        out["silence"][minute] = verdicts["silence"].score
        volume = verdicts["volume"]
        out["volume"][minute] = np.where(volume.high, 0, volume.score)
    return out


def onsets(score: Scores) -> NDArray[np.int64]:
    """Minutes in which a flow's alarm rises after some quiet."""
    hot = np.flatnonzero(score > 1)
    fresh = np.diff(hot, prepend=-QUIET - 1) > QUIET
    return hot[fresh]


def found(flow: Flow, score: Scores, weeks: int) -> Found:
    """Match the alarms of one flow with its faults."""
    settle = KINDS[flow.kind].settle
    alarms = onsets(score)
    alarms = alarms[alarms >= settle * WEEK]
    delays, explained = [], np.zeros(len(alarms), bool)
    for fault in flow.faults:
        inside = (alarms >= fault.start - 1) & (alarms <= fault.end + 5)
        explained |= (alarms >= fault.start - 1) & (alarms <= fault.end + AFTERMATH)
        if inside.any():
            delays.append(float(alarms[inside][0] - fault.start))
    return Found(len(flow.faults), delays, int((~explained).sum()), weeks - settle)


def total(results: Sequence[Found]) -> Found:
    """Add up several flows."""
    return Found(
        sum(r.faults for r in results),
        [d for r in results for d in r.delays],
        sum(r.false for r in results),
        sum(r.weeks for r in results),
    )
