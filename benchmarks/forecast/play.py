"""A world through the real detectors, minute by minute."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import numpy as np

from benchmarks.forecast.world import Array, World
from detectors.bank import FlowBank
from detectors.columns import Windows
from detectors.reliability import Reliability

WEEK = 10_080
PULSE = 1440


class Played(NamedTuple):
    """What the signal ``failure`` said of every minute, arrays of shape (minutes, flows).

    ``reliability`` is what the engine itself knows of its forecasts at the end.
    """

    probability: Array
    score: Array
    reliability: Reliability
    microseconds: float


def play(world: World, progress: Callable[[int], None], horizon_minutes: int) -> Played:
    """Step a bank through a world; ``progress`` is told of every so many minutes done."""
    minutes, flows = world.columns["volume"].shape
    bank = FlowBank(horizon_minutes=horizon_minutes)
    bank.grow(flows)
    rows = np.arange(flows)
    unknown = np.full((minutes, flows), np.nan)
    columns = [world.columns.get(name, unknown) for name in Windows._fields]
    probability, score = np.empty((2, minutes, flows))
    started = perf_counter()
    for minute in range(minutes):
        windows = Windows(*(column[minute] for column in columns))
        now = np.full(flows, minute % WEEK)
        said = bank.step(rows, now, (now + 5) % WEEK, windows)["failure"]
        probability[minute], score[minute] = said.observed, said.score
        if minute % PULSE == 0:
            progress(PULSE)
    took = 1e6 * (perf_counter() - started) / (minutes * flows)
    return Played(np.nan_to_num(probability), score, bank.reliability, took)
