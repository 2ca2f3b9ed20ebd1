"""From what flows are like to a world: faults planned, minutes drawn, columns put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.retail.activity import Profile, activity
from benchmarks.retail.arrivals import Arrivals
from benchmarks.retail.conditions import Conditions
from benchmarks.retail.cron import Cron
from benchmarks.retail.downstream import Fed
from benchmarks.retail.faults import KINDS, possible
from benchmarks.retail.noise import Rng, dice
from benchmarks.retail.nuisances import disturb
from benchmarks.retail.plan import Target, plan
from benchmarks.retail.promises import overdue
from benchmarks.retail.world import (
    COLUMNS,
    DAY,
    WARM_UP,
    Announcement,
    Fault,
    Flow,
    Schedule,
    World,
)
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
    announced
        Promotions as (start, end, factor) that the engine is told of.
    """

    name: str
    shape: str
    profile: Profile
    arrivals: Arrivals | Fed
    promised: bool = False
    born: int = 0
    announced: Sequence[tuple[int, int, float]] = ()


class _Grown(NamedTuple):
    """A flow drawn."""

    flow: Flow
    columns: Mapping[str, Floats]
    faults: Sequence[Fault]
    echoes: Sequence[Fault]
    schedule: Schedule | None


def assemble(frame: Frame, plants: Sequence[Plant]) -> World:
    """Draw the world of some flows."""
    grown: list[_Grown] = []
    for i, plant in enumerate(plants):
        grown.append(_grow(frame, i, plant, grown))
    return World(
        name=frame.name,
        seed=frame.seed,
        flows=tuple(g.flow for g in grown),
        columns={name: np.stack([g.columns[name] for g in grown], axis=1) for name in COLUMNS},
        faults=tuple(fault for g in grown for fault in g.faults),
        timezone=frame.timezone,
        promises={i: g.schedule for i, g in enumerate(grown) if g.schedule is not None},
        echoes=tuple(echo for g in grown for echo in g.echoes),
        announced=tuple(Announcement(i, *a) for i, p in enumerate(plants) for a in p.announced),
        warm_up=frame.warm_up,
    )


def _grow(frame: Frame, i: int, plant: Plant, before: Sequence[_Grown]) -> _Grown:
    arrivals, echoes = plant.arrivals, []
    if isinstance(arrivals, Fed):
        above = before[arrivals.upstream]
        echoes = [e for fault in above.faults if (e := arrivals.echo(i, fault)) is not None]
        arrivals = arrivals.after(above.columns["volume"])
    start = max(frame.warm_up, plant.born + SETTLED if plant.born else 0)
    target = Target(i, start, frame.minutes, arrivals.expected, arrivals.due)
    kinds = possible(arrivals, plant.profile)
    kinds = {name: kind for name, kind in kinds.items() if name in frame.kinds}
    faults = plan(target, kinds, frame.per_day, frame.dice(i, 1), echoes)
    columns = {name: np.full(frame.minutes, np.nan) for name in COLUMNS}
    columns |= activity(plant.profile, arrivals, _conditions(frame, i, faults), frame.dice(i, 3))
    schedule = None
    if plant.promised and isinstance(arrivals, Cron):
        schedule = Schedule(arrivals.due, arrivals.tolerance)
        columns["overdue"] = overdue(schedule, columns["volume"])
    for column in columns.values():
        column[: plant.born] = np.nan
    per_minute = float(np.nanmean(columns["volume"]))
    flow = Flow(plant.name, plant.shape, per_minute, plant.born)
    return _Grown(flow, columns, faults, echoes, schedule)


def _conditions(frame: Frame, i: int, faults: Sequence[Fault]) -> Conditions:
    c = Conditions.calm(frame.minutes)
    if frame.nuisances:
        disturb(c, frame.dice(i, 2))
    for fault in faults:
        KINDS[fault.kind].apply(c, slice(fault.start, fault.end), fault.severity)
    return c
