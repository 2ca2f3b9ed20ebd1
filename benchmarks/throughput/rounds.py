"""Rounds of the throughput benchmark: every case, in every shape, again and again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from benchmarks.throughput.cases import BARE, CASES, ENGINE, Case
from benchmarks.throughput.faust import through_faust
from benchmarks.throughput.report import Measured
from benchmarks.throughput.topics import fill, topics
from benchmarks.throughput.workload import Workload, workload

PARTITIONS = 2
EVENTS_A_FLOW = 20
"""At least: four minutes of five. Windows have to close, however many flows there are."""

Row = tuple[str, int]
"""A case, and how many workers it has."""


@dataclass(frozen=True)
class Plan:
    """What is to be measured: every combination of it, ``repeat`` times."""

    cases: Sequence[str]
    flows: Sequence[int]
    workers: Sequence[int]
    sizes: Sequence[int]
    events: int
    repeat: int

    @property
    def steps(self) -> int:
        """How many measurements and fillings that makes."""
        a_round = len(self.workers) * (ENGINE in self.cases) + 1
        shapes = [len(list(self.others(size))) + a_round for size in self.sizes]
        return self.repeat * len(self.flows) * sum(shapes)

    def others(self, size: int) -> Iterator[tuple[str, Case]]:
        """Yield the cases that work on a topic filled before."""
        for key, case in CASES.items():
            if key in self.cases and not case.engine and size in case.sizes:
                yield key, case

    def works(self) -> Iterator[tuple[int, Workload]]:
        """Yield numbers of flows, and their events in one shape after the other."""
        for flows in self.flows:
            for size in self.sizes:
                events = self.events if size > 1 else self.events // 4  # it takes ten times as long
                enough = max(events, EVENTS_A_FLOW * flows)
                yield flows, workload(enough, flows, size, PARTITIONS)


def run(plan: Plan, bootstrap: str, progress: Progress) -> tuple[list[Measured], list[str]]:
    """Measure everything; return it, and on how many events it was."""
    rows: dict[tuple[int, int, Row], Measured] = {}
    events = []
    for flows, work in plan.works():
        events.append(f"{work.events:,} ({flows:,} flows, {work.size} a record)")
        for _ in range(plan.repeat):
            rates = _round(plan, work, bootstrap, progress)
            for (key, workers), rate in rates.items():
                row = Measured(CASES[key].title, work.size, flows, workers)
                row = rows.setdefault((work.size, flows, (key, workers)), row)
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
