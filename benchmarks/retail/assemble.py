"""From what flows are like to a world: faults planned, minutes drawn, columns put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.retail.activity import Profile, activity
from benchmarks.retail.arrivals import Arrivals
from benchmarks.retail.conditions import Conditions
from benchmarks.retail.faults import KINDS, possible
from benchmarks.retail.noise import Rng, dice
from benchmarks.retail.nuisances import disturb
from benchmarks.retail.plan import Target, plan
from benchmarks.retail.promises import overdue
from benchmarks.retail.world import DAY, WARM_UP, Fault, Flow, World
from detectors.columns import Floats

SETTLED = 7 * DAY
"""Minutes a flow that starts later is left without a fault."""


class Frame(NamedTuple):
    """What a whole world shares.

    Attributes
    ----------
    per_day
        Faults a flow and day, after the warm-up.
    kinds
        Names of the kinds of fault there are.
    nuisances
        Whether things happen that nobody wants an alarm for.
    """

    name: str
    seed: int
    minutes: int
    per_day: float
    timezone: str = "UTC"
    kinds: Sequence[str] = tuple(KINDS)
    nuisances: bool = True

    @property
    def warm_up(self) -> int:
        """Minutes without a fault at the beginning; shorter worlds have a shorter warm-up."""
        return min(WARM_UP, self.minutes * 2 // 5)

    def dice(self, *path: int) -> Rng:
        """Return random numbers for a part of the world."""
        return dice(self.name, self.seed, *path)


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """A flow to be: what its runs are like, and how they come.

    Attributes
    ----------
    promised
        Whether the engine is told of its schedule.
    born
        First minute in which it is heard of.
    """

    name: str
    shape: str
    profile: Profile
    arrivals: Arrivals
    promised: bool = False
    born: int = 0


def assemble(frame: Frame, plants: Sequence[Plant]) -> World:
    """Draw the world of some flows."""
    flows, drawn, faults = [], [], []
    for i, plant in enumerate(plants):
        own = _faults(frame, i, plant)
        columns = _columns(frame, i, plant, own)
        records = float(np.nanmean(columns["records"][plant.born :]))
        flows.append(Flow(plant.name, plant.shape, records, plant.born))
        drawn.append(columns)
        faults += own
    return World(
        name=frame.name,
        seed=frame.seed,
        flows=tuple(flows),
        columns={name: np.stack([flow[name] for flow in drawn], axis=1) for name in drawn[0]},
        faults=tuple(faults),
        timezone=frame.timezone,
        promises={i: plant.arrivals.due for i, plant in enumerate(plants) if plant.promised},
        warm_up=frame.warm_up,
    )


def _faults(frame: Frame, i: int, plant: Plant) -> list[Fault]:
    start = max(frame.warm_up, plant.born + SETTLED if plant.born else 0)
    arrivals = plant.arrivals
    target = Target(i, start, frame.minutes, arrivals.expected, arrivals.due)
    kinds = possible(arrivals, plant.profile)
    kinds = {name: kind for name, kind in kinds.items() if name in frame.kinds}
    return plan(target, kinds, frame.per_day, frame.dice(i, 1))


def _columns(frame: Frame, i: int, plant: Plant, faults: Sequence[Fault]) -> Mapping[str, Floats]:
    c = Conditions.calm(frame.minutes)
    if frame.nuisances:
        disturb(c, frame.dice(i, 2))
    for fault in faults:
        KINDS[fault.kind].apply(c, slice(fault.start, fault.end), fault.severity)
    columns = activity(plant.profile, plant.arrivals, c, frame.dice(i, 3))
    unknown = np.full(frame.minutes, np.nan)
    due, runs = plant.arrivals.due, columns["volume"]
    columns["overdue"] = overdue(due, runs) if plant.promised else unknown
    for column in columns.values():
        column[: plant.born] = np.nan
    return columns
