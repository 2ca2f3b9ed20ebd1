"""The engine embedded: a full journal worked off in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.throughput.workload import Workload
from pipeline.engine.emissions import Emission
from pipeline.log.journal import Journal
from pipeline.settings import JournalSettings, Settings
from pipeline.worker import embedded as worker
from pipeline.worker.partition import Partition


class Finish:
    """An observer that says when so many events have been applied and committed."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._applied: dict[int, int] = {}
        self.reached = asyncio.Event()

    def progress(self, partition: Partition) -> None:
        """Count what a partition has applied."""
        totals = partition.engine.totals
        self._applied[partition.number] = sum(
            n for name, n in totals.items() if name.startswith("events.")
        )
        if sum(self._applied.values()) >= self._events:
            self.reached.set()

    def opened(self, partition: Partition) -> None:
        """Nothing to note."""

    def observe(self, partition: int, emissions: Sequence[Emission]) -> None:
        """Nothing to note."""

    def forget(self, partition: int) -> None:
        """Nothing to forget."""


async def embedded(work: Workload, folder: Path) -> float:
    """Work a full journal off; return events per second."""
    settings = JournalSettings(path=folder / "journal.db", partitions=work.partitions)
    journal = await Journal.open(settings)
    try:
        await asyncio.gather(*map(journal.append, work.appends))  # kept in this order
        return work.events / await _work_off(journal, Settings(journal=settings), work.events)
    finally:
        await journal.aclose()


async def _work_off(journal: Journal, settings: Settings, events: int) -> float:
    """Return the seconds until everything is applied and committed."""
    finish = Finish(events)
    began = time.perf_counter()
    working = asyncio.create_task(worker.work(journal, settings, [finish]))
    reached = asyncio.create_task(finish.reached.wait())
    await asyncio.wait({working, reached}, return_when=asyncio.FIRST_COMPLETED)
    took = time.perf_counter() - began
    reached.cancel()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working  # raises what broke it, if anything did
    return took
