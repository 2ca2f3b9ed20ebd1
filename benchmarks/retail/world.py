"""A world: what the flows of a retailer did, minute by minute, and what was wrong when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from detectors.columns import Floats, Ints, Windows
from pipeline.engine.calendar import Calendar

START = 1_772_409_600
"""Monday 2 March 2026, 00:00 UTC; British clocks go forward on day 27."""
DAY = 1440
WEEK = 7 * DAY
WARM_UP = 14 * DAY
"""Minutes without a fault at the beginning (detection notes, section 4.1)."""
MINUTES = 35 * DAY
AHEAD = 5
"""Minutes the detectors look ahead in their tables, as in `pipeline.engine.closing`."""
COLUMNS: Final = tuple(dict.fromkeys((*Windows._fields, "checked", "duplicates")))
"""What is counted in a world, by name."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow of a world.

    Attributes
    ----------
    shape
        How its runs are spread over time, such as ``steady``, ``batch15`` or ``night``.
    per_minute
        Runs in a minute, on average. A run has one record, or hundreds if a schedule starts it.
    born
        First minute in which it is heard of.
    """

    name: str
    shape: str
    per_minute: float
    born: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one flow, in the minutes from ``start`` up to before ``end``.

    Attributes
    ----------
    flow
        Index of the flow in its world.
    severity
        In the unit of its kind; see `benchmarks.retail.faults`.
    """

    flow: int
    kind: str
    start: int
    end: int
    severity: float


class Schedule(NamedTuple):
    """What the engine is told of a flow's schedule.

    Attributes
    ----------
    due
        Minutes in which runs are due, rising.
    tolerance
        Seconds by which they may be late.
    """

    due: Ints
    tolerance: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """A promotion that the engine is told of in advance: so many times the usual volume."""

    flow: int
    start: int
    end: int
    factor: float


@dataclass(frozen=True, eq=False)
class World:
    """What the flows of a retailer did, and what was wrong.

    Attributes
    ----------
    timezone
        Where the retailer lives: seasons follow its clocks.
    columns
        By name, as in `COLUMNS` (those of `detectors.columns.Windows`): what was counted in
        each minute, shape (minutes, flows). NaN is unknown.
    promises
        By index of a flow, the schedule that the engine is told of.
    echoes
        What faults of other flows do to a flow: alarms in it are neither true nor false.
    announced
        Promotions that were told of in advance.
    warm_up
        Minutes at the beginning that are not scored.
    """

    name: str
    seed: int
    flows: tuple[Flow, ...]
    columns: Mapping[str, Floats]
    faults: tuple[Fault, ...]
    timezone: str = "UTC"
    promises: Mapping[int, Schedule] = field(default_factory=dict)
    echoes: tuple[Fault, ...] = ()
    announced: tuple[Announcement, ...] = ()
    warm_up: int = WARM_UP

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return len(self.columns["volume"])

    @cached_property
    def minute_of_week(self) -> Ints:
        """Local minute of the week (0 = Monday 00:00) of every minute and `AHEAD` more."""
        return minutes_of_week(self.timezone, self.minutes + AHEAD)

    def only(self, flows: Sequence[int]) -> World:
        """Return the world of some of the flows."""

        def here(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
            own = (f for f in faults if f.flow in flows)
            return tuple(replace(f, flow=flows.index(f.flow)) for f in own)

        return replace(
            self,
            flows=tuple(self.flows[flow] for flow in flows),
            columns={name: column[:, flows] for name, column in self.columns.items()},
            faults=here(self.faults),
            echoes=here(self.echoes),
            promises={flows.index(i): own for i, own in self.promises.items() if i in flows},
            announced=(),
        )

    def windows(self, minute: int, rows: Ints) -> Windows:
        """Return one minute of some flows as the detectors are fed it."""
        return Windows(**{name: self.columns[name][minute, rows] for name in Windows._fields})


def minutes_of_week(timezone: str, minutes: int) -> Ints:
    """Return the local minute of the week of so many minutes from `START`.

    Examples
    --------
    >>> minutes_of_week("Europe/London", 28 * DAY)[[0, 90, 27 * DAY - 1, -1]].tolist()
    [0, 90, 8639, 59]
    """
    calendar = Calendar(timezone, {})
    quarters = range(START, START + 60 * minutes, 900)  # zones change on a quarter of an hour
    local = [int(calendar.minutes_of_week(epoch)[0]) for epoch in quarters]
    spread = np.array(local)[:, None] + np.arange(15)
    return np.asarray(spread.ravel()[:minutes], dtype=np.int64)
