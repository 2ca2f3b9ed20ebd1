"""The worker of one machine: every partition of the journal, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pipeline.log.journal import Journal
from pipeline.settings import Settings
from pipeline.worker.partition import Observer, Partition

BATCH = 200
"""Records applied between two commits at most: a few thousand events, some tens of milliseconds."""

EXPIRE_EVERY = 600.0
"""Seconds between two clean-ups of what the journal need not keep."""


async def work(journal: Journal, settings: Settings, observers: Sequence[Observer] = ()) -> None:
    """Work off the journal until cancelled; then leave a snapshot of each partition behind."""
    async with asyncio.TaskGroup() as tasks:
        for number in range(journal.partitions):
            tasks.create_task(_work_partition(journal, number, settings, observers))
        tasks.create_task(_expire(journal))


async def _work_partition(
    journal: Journal, number: int, settings: Settings, observers: Sequence[Observer]
) -> None:
    partition = Partition(journal.partition(number), settings.engine, "journal", observers)
    await partition.open()
    try:
        while True:
            records = await journal.read(number, partition.applied, limit=BATCH)
            if records:
                await partition.process(records)
            else:
                await journal.wait_for_records(number, partition.applied)
    finally:
        await partition.close()


async def _expire(journal: Journal) -> None:
    while True:
        await asyncio.sleep(EXPIRE_EVERY)
        await journal.expire()
