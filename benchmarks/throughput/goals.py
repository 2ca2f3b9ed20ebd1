"""What the throughput is meant to reach, as ratios of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.throughput.cases import CASES, ENGINE
from benchmarks.throughput.report import Goal, Measured

LEAST = (
    (200, "bare", 0.5),
    (200, "table", 10.0),
    (200, "quix", 2.0),
    (1, "noop", 0.8),
)
"""Events a record, a case, and the least ratio of the engine's rate (one worker) to the case's."""
MOST_GROWTH = 1.5
"""How much more an event may cost with the most flows than with the fewest."""


def goals(rows: Sequence[Measured]) -> Iterator[Goal]:
    """Yield every goal that the rows can tell of."""
    rates = {
        (row.events_per_record, row.flows, row.case): median(row.rates)
        for row in rows
        if row.workers == 1
    }
    ours = CASES[ENGINE].title
    flows = sorted({row.flows for row in rows})
    for size, key, least in LEAST:
        for n in flows:
            engine, other = (rates.get((size, n, case)) for case in (ours, CASES[key].title))
            if engine and other:
                what = f"{size} a record, {n:,} flows: {ours} to {CASES[key].title}"
                yield Goal(what, engine / other, f"{least:g} or more", engine / other >= least)
    for size in sorted({row.events_per_record for row in rows}, reverse=True):
        few, many = (rates.get((size, n, ours)) for n in (flows[0], flows[-1]))
        if few and many and flows[0] < flows[-1]:
            what = f"{size} a record: cost with {flows[-1]:,} flows to that with {flows[0]:,}"
            yield Goal(what, few / many, f"{MOST_GROWTH:g} or less", few / many <= MOST_GROWTH)
