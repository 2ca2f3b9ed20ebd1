"""From what flows are like to a world: faults planned, minutes drawn, columns put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.retail.activity import Profile, activity
from benchmarks.retail.arrivals import Arrivals
from benchmarks.retail.conditions import Conditions
from benchmarks.retail.faults import KINDS, Kind
from benchmarks.retail.noise import dice
from benchmarks.retail.plan import Stretch, plan
from benchmarks.retail.world import WARM_UP, Fault, Flow, World
from detectors.columns import Floats

BUSY = 0.5
"""Trading hours of a flow are the minutes with at least this share of its mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """A flow to be: what its runs are like and how they come."""

    name: str
    shape: str
    profile: Profile
    arrivals: Arrivals


def assemble(
    name: str,
    seed: int,
    plants: Sequence[Plant],
    *,
    minutes: int,
    kinds: Mapping[str, Kind],
    per_day: float,
    timezone: str = "UTC",
) -> World:
    """Draw the world of some flows, with ``per_day`` faults a flow and day after the warm-up."""
    warm_up = min(WARM_UP, minutes * 2 // 5)
    flows, drawn, faults = [], [], []
    for i, plant in enumerate(plants):
        expected = plant.arrivals.expected
        stretch = Stretch(warm_up, minutes, expected >= BUSY * expected.mean())
        own = plan(i, kinds, stretch, per_day, dice(name, seed, i, 1))
        faults += own
        c = Conditions.calm(minutes)
        _afflict(c, own)
        columns = activity(plant.profile, plant.arrivals, c, dice(name, seed, i, 2))
        columns["overdue"] = np.full(minutes, np.nan)
        drawn.append(columns)
        per_minute = float(np.mean(expected)) * plant.profile.records
        flows.append(Flow(plant.name, plant.shape, per_minute))
    return World(
        name=name,
        seed=seed,
        flows=tuple(flows),
        columns=_stacked(drawn),
        faults=tuple(faults),
        timezone=timezone,
        warm_up=warm_up,
    )


def _afflict(c: Conditions, faults: Sequence[Fault]) -> None:
    for fault in faults:
        KINDS[fault.kind].apply(c, slice(fault.start, fault.end), fault.severity)


def _stacked(drawn: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.stack([flow[name] for flow in drawn], axis=1) for name in drawn[0]}
