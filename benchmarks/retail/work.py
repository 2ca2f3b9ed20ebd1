"""Work: many cases, some at a time, each in a process of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from benchmarks.retail.results import OURS, Case, Result, measure

_done: Synchronized[int] | None = None
"""In a process of the pool: days watched, of all processes together."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done with each case.

    Attributes
    ----------
    plot
        Folder for a picture of the flow with most faults, None for none.
    """

    budgets: Sequence[float]
    plot: Path | None = None

    def __call__(self, case: Case) -> Result:
        """Watch one world."""
        result, world, scores = measure(case, self.budgets, _count_day)
        if self.plot and case.detector == OURS:
            from benchmarks.retail.pictures import flow

            troubles = [sum(f.flow == i for f in world.faults) for i in range(len(world.flows))]
            flow(world, scores, troubles.index(max(troubles)), self.plot)
        return result


def work(
    todo: Work, cases: Sequence[Case], jobs: int, on_days: Callable[[int], None]
) -> list[Result]:
    """Do every case, ``jobs`` at a time; tell twice a second how many days have been watched."""
    context = multiprocessing.get_context("spawn")
    days: Synchronized[int] = context.Value("i", 0)
    with ProcessPoolExecutor(jobs, context, _begin, (days,)) as pool:
        futures = [pool.submit(todo, case) for case in cases]
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.5)
            for future in done:
                future.result()  # one that failed ends all
            on_days(days.value)
        return [future.result() for future in futures]


def _begin(days: Synchronized[int]) -> None:
    global _done  # noqa: PLW0603 - given to each process of the pool once
    _done = days


def _count_day() -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += 1
