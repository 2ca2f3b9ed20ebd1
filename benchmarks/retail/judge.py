"""The engine's own detectors over a world: the score of every signal in every minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.retail.onsets import Scores
from benchmarks.retail.world import AHEAD, DAY, World
from detectors.bank import FlowBank
from schemas.signals import SignalName


def judge(
    world: World, on_day: Callable[[], None] = lambda: None, bank: FlowBank | None = None
) -> dict[SignalName, Scores]:
    """Return the score of each signal, shape (minutes, flows).

    Parameters
    ----------
    on_day
        Called after each day of the world.
    bank
        A fresh one with the usual threshold if not given.
    """
    bank = FlowBank() if bank is None else bank
    bank.grow(len(world.flows))
    born = np.array([flow.born for flow in world.flows])
    scores: dict[SignalName, Scores] = {}
    for minute in range(world.minutes):
        rows = np.flatnonzero(born <= minute)
        now = np.full(len(rows), world.minute_of_week[minute])
        ahead = np.full(len(rows), world.minute_of_week[minute + AHEAD])
        for name, verdict in bank.step(rows, now, ahead, world.windows(minute, rows)).items():
            if name not in scores:
                scores[name] = np.zeros((world.minutes, len(world.flows)), np.float32)
            scores[name][minute, rows] = verdict.score
        if (minute + 1) % DAY == 0:
            on_day()
    return scores


FORECAST: SignalName = "failure"


def of_flows(scores: Mapping[SignalName, Scores]) -> Scores:
    """Return the score of each flow: its highest signal, but for the forecast of failure.

    That one speaks of what has not happened yet; these worlds have no precursors it could know.
    """
    highest: Scores = np.max([s for name, s in scores.items() if name != FORECAST], axis=0)
    return highest
