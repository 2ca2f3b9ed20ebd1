"""What the throughput is meant to reach, as ratios of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median

from benchmarks.throughput.cases import CASES, ENGINE
from benchmarks.throughput.report import Goal, Measured
from benchmarks.throughput.workload import Shape

LEAST = (
    (200, "bare", 0.5),
    (200, "table", 10.0),
    (200, "quix", 2.0),
    (1, "noop", 0.8),
)
"""Events a record, a case, and the least ratio of the engine's rate (one worker) to the case's."""
MOST_GROWTH = 1.5
"""How much more an event may cost with the most flows than with the fewest."""
BUSY = 60.0
"""Runs of a flow in a minute, from which on its events come live rather than from a history."""


def goals(rows: Sequence[Measured]) -> Iterator[Goal]:
    """Yield every goal that the rows can tell of."""
    rates = {(row.shape, row.case): median(row.rates) for row in rows if row.workers == 1}
    shapes = sorted({row.shape for row in rows}, key=lambda s: (-s.size, s.per_minute, s.flows))
    ours = CASES[ENGINE].title
    for shape in shapes:
        for size, key, least in LEAST:
            engine, other = (rates.get((shape, case)) for case in (ours, CASES[key].title))
            if size == shape.size and engine and other:
                what = f"{load(shape)}: {shape}: {ours} to {CASES[key].title}"
                yield Goal(what, engine / other, f"{least:g} or more", engine / other >= least)
    for (size, per_minute), alike in groupby(shapes, key=lambda s: (s.size, s.per_minute)):
        fewest, *more = alike
        most = more[-1] if more else fewest
        few, many = rates.get((fewest, ours)), rates.get((most, ours))
        if few and many and fewest != most:
            ratio = few / many
            growth = f"cost with {most.flows:,} flows to that with {fewest.flows:,}"
            what = f"{size} a record, {per_minute:g} a flow and minute: {growth}"
            yield Goal(what, ratio, f"{MOST_GROWTH:g} or less", ratio <= MOST_GROWTH)


def load(shape: Shape) -> str:
    """Say what events of such a density are.

    Examples
    --------
    >>> load(Shape(200, 100, 600)), load(Shape(200, 100, 5))
    ('live load', 'catching up a sparse history')
    """
    return "live load" if shape.per_minute >= BUSY else "catching up a sparse history"
