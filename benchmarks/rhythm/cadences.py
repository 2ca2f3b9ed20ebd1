"""Flows started by timers of many kinds, with jitter, missing and late runs; and by chance.

Times are minutes since a Monday, 00:00.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY: Final = 1440
WEEK: Final = 7 * DAY

Times = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Times]


class Kind(NamedTuple):
    """How flows of one kind start their runs.

    ``due`` draws the times at which runs are due until an end, ``jitter`` the mean minutes they
    come after, ``settle`` the weeks before the flow is scored, ``faults`` the missing and late
    runs a week (0 for flows of which no run is due at any time).
    """

    due: Draw
    jitter: float
    settle: int = 2
    faults: float = 2.0


class Fault(NamedTuple):
    """A run that is missing or late: from when it was due until one came."""

    what: str
    start: float
    end: float


class Flow(NamedTuple):
    """The runs of one flow, and what is wrong with them."""

    kind: str
    runs: Times
    faults: list[Fault]


def every(period: float, offset: float = 0.0) -> Draw:
    """A timer of fixed phase."""

    def due(rng: np.random.Generator, end: int) -> Times:
        start = offset + rng.integers(0, max(int(min(period, 60)), 1))
        return np.arange(start, end, period, dtype=np.float64)

    return due


def drifting(period: float) -> Draw:
    """A timer that counts from the end of the run before."""

    def due(rng: np.random.Generator, end: int) -> Times:
        gaps = period + rng.gamma(2, 0.5, int(2 * end / period))
        times: Times = np.cumsum(gaps)
        return times[times < end]

    return due


def at(hours: list[float], days: range = range(7)) -> Draw:
    """Fixed times of day, on some days of the week."""

    def due(rng: np.random.Generator, end: int) -> Times:
        shift = rng.integers(0, 30)
        times = [
            d * DAY + 60 * h + shift for d in range(end // DAY) if d % 7 in days for h in hours
        ]
        return np.array(times, dtype=np.float64)

    return due


def by_chance(a_day: float, *, trading_hours: bool = False) -> Draw:
    """A Poisson process, steady or from 8 to 20 o'clock with a lunchtime peak."""

    def due(rng: np.random.Generator, end: int) -> Times:
        peak = 4 * a_day / DAY
        times = np.sort(rng.uniform(0, end, rng.poisson(peak * end)))
        hour = times % DAY / 60
        shape = np.where((hour > 8) & (hour < 20), 0.8 * np.sin((hour - 8) / 12 * np.pi), 0.01)
        kept: Times = times[rng.uniform(size=len(times)) < (shape if trading_hours else 0.25)]
        return kept

    return due


def in_bursts(a_day: float) -> Draw:
    """Bursts by chance, of three runs on average, within minutes."""

    def due(rng: np.random.Generator, end: int) -> Times:
        starts = by_chance(a_day)(rng, end)
        sizes = rng.geometric(1 / 3, len(starts))
        times = np.repeat(starts, sizes) + rng.exponential(4, sizes.sum())
        return np.sort(times[times < end])

    return due


OFFICE: Final = [float(h) for h in range(8, 19)]
QUARTERS: Final = [7 + q / 4 for q in range(53)]
WEEKDAYS: Final = range(5)

KINDS: Final[dict[str, Kind]] = {
    "every 5 minutes": Kind(every(5), 0.3),
    "every 15 minutes": Kind(every(15), 1.0),
    "every 15 minutes, 7-20, Mon-Sat": Kind(at(QUARTERS, range(6)), 1.0),
    "hourly": Kind(every(60), 2.0),
    "hourly, much jitter": Kind(every(60), 6.0),
    "hourly, drifting": Kind(drifting(60), 0.5),
    "hourly, 8-18, weekdays": Kind(at(OFFICE, WEEKDAYS), 2.0),
    "four-hourly": Kind(every(240), 4.0),
    "twice a day": Kind(at([6, 18.5]), 5.0, faults=1.0),
    "nightly": Kind(at([2]), 6.0, faults=1.0),
    "nightly, weekdays": Kind(at([2], WEEKDAYS), 6.0, settle=3, faults=1.0),
    "weekly": Kind(at([3], range(2, 3)), 8.0, settle=7, faults=0.5),
    "chance, 2 a day": Kind(by_chance(2), 0.0, faults=0),
    "chance, 12 a day": Kind(by_chance(12), 0.0, faults=0),
    "chance, 48 a day": Kind(by_chance(48), 0.0, faults=0),
    "chance, trading hours": Kind(by_chance(40, trading_hours=True), 0.0, faults=0),
    "bursts by chance": Kind(in_bursts(8), 0.0, faults=0),
}


def flow(name: str, weeks: int, seed: int) -> Flow:
    """Draw one flow of a kind, its faults, and (one for four of these) runs started by hand."""
    kind = KINDS[name]
    rng = np.random.default_rng(seed)
    due = kind.due(rng, weeks * WEEK)
    starts = due + rng.gamma(1.5, kind.jitter / 1.5 + 1e-9, len(due))
    faults: list[Fault] = []
    if kind.faults:
        starts, faults = _disturbed(kind, starts, weeks, rng)
        by_hand = rng.uniform(0, weeks * WEEK, rng.poisson(weeks * kind.faults / 4))
        starts = np.concatenate([starts, by_hand])
    runs = np.sort(starts[~np.isnan(starts)])
    ended = [f._replace(end=_next(runs, f.start, weeks)) for f in faults]
    return Flow(name, runs, ended)


def _next(runs: Times, after: float, weeks: int) -> float:
    later = runs[runs > after]
    return float(later[0]) if len(later) else float(weeks * WEEK)


def _disturbed(
    kind: Kind, starts: Times, weeks: int, rng: np.random.Generator
) -> tuple[Times, list[Fault]]:
    """Leave runs out (one to three in a row) or let one come late by 40 to 90 % of a gap."""
    starts, faults = starts.copy(), list[Fault]()
    begin = kind.settle * WEEK
    for when in np.sort(
        rng.uniform(begin, weeks * WEEK, rng.poisson(kind.faults * max(weeks - kind.settle, 0)))
    ):
        first = int(np.searchsorted(starts, when))
        count = int(rng.integers(1, 4))
        if (
            first < 1
            or first + count + 1 >= len(starts)
            or np.isnan(starts[first - 1 : first + count + 1]).any()
        ):
            continue
        if rng.random() < 0.3:
            gap = starts[first + 1] - starts[first]
            faults.append(Fault("late", float(starts[first]), 0.0))
            starts[first] += rng.uniform(0.4, 0.9) * gap
        else:
            faults.append(Fault("missing", float(starts[first]), 0.0))
            starts[first : first + count] = np.nan
    return starts, faults
