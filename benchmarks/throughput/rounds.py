"""Rounds of the throughput benchmark: every case, in every shape, again and again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product, starmap
from pathlib import Path

from rich.progress import Progress

from benchmarks.throughput.cases import BARE, CASES, ENGINE, Case
from benchmarks.throughput.faust import through_faust
from benchmarks.throughput.report import Measured
from benchmarks.throughput.topics import fill, topics
from benchmarks.throughput.workload import Shape, Workload, workload

PARTITIONS = 2

MOST_A_MINUTE = 100_000
"""Events of all flows in a minute of event time. Minutes of more would be millions of events."""

Row = tuple[str, int]
"""A case, and how many workers it has."""


@dataclass(frozen=True)
class Plan:
    """What is to be measured: every combination of it that makes sense, ``repeat`` times."""

    cases: Sequence[str]
    flows: Sequence[int]
    per_minute: Sequence[float]
    workers: Sequence[int]
    sizes: Sequence[int]
    events: int
    repeat: int

    @property
    def steps(self) -> int:
        """How many measurements and fillings that makes."""
        a_round = len(self.workers) * (ENGINE in self.cases) + 1
        shapes = [len(list(self.others(shape.size))) + a_round for shape in self.shapes()]
        return self.repeat * sum(shapes)

    def others(self, size: int) -> Iterator[tuple[str, Case]]:
        """Yield the cases that work on a topic filled before."""
        for key, case in CASES.items():
            if key in self.cases and not case.engine and size in case.sizes:
                yield key, case

    def shapes(self) -> Iterator[Shape]:
        """Yield shapes: not too many events, and one event a record at the least density only.

        There Faust's cost of a record outweighs whatever density changes.
        """
        for shape in starmap(Shape, product(self.sizes, self.flows, self.per_minute)):
            sparsest = shape.per_minute == min(self.per_minute)
            fits = shape.flows * shape.per_minute <= MOST_A_MINUTE
            if sparsest or (fits and shape.size > 1):
                yield shape

    def events_of(self, shape: Shape) -> int:
        """Return how many events are enough: minutes for windows to close, and several commits.

        A commit takes some 40,000 events, and one event a record takes ten times as long.
        """
        events, minutes = (self.events, 10) if shape.size > 1 else (self.events // 4, 4)
        return max(events, int(minutes * shape.flows * shape.per_minute))


def run(plan: Plan, bootstrap: str, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Measure everything; return it, and on how many events it was."""
    rows: dict[tuple[Shape, Row], Measured] = {}
    events = []
    for shape in plan.shapes():
        work = workload(plan.events_of(shape), shape, PARTITIONS)
        events.append(f"{work.events:,} ({shape})")
        for _ in range(plan.repeat):
            rates = _round(plan, work, bootstrap, progress)
            for (key, workers), rate in rates.items():
                row = Measured(CASES[key].title, shape, workers)
                row = rows.setdefault((shape, (key, workers)), row)
                row.rates.append(rate)
                row.ratios.append(rate / rates[BARE, 1])
    return list(rows.values()), events


def _round(plan: Plan, work: Workload, bootstrap: str, progress: Progress) -> dict[Row, float]:
    """Measure every case once; return events per second."""
    rates: dict[Row, float] = {}

    def step(what: str) -> None:
        words = f"{what} ({work.size} a record)"
        progress.update(progress.tasks[0].id, advance=1, description=words)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for workers in plan.workers if ENGINE in plan.cases else ():
            step(f"{CASES[ENGINE].title}, {workers} workers")
            with topics(bootstrap, work.partitions) as settings:
                rates[ENGINE, workers] = asyncio.run(through_faust(settings, work, folder, workers))
        with topics(bootstrap, work.partitions) as settings:
            step("filling the log")
            asyncio.run(fill(settings, work))
            for key, case in plan.others(work.size):
                step(case.title)
                rates[key, 1] = asyncio.run(case.measure(settings, work, folder))
    return rates
