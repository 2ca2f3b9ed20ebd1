"""The engine through Faust: a full topic worked off by a ``cogentai worker`` of its own.

What is timed are the worker's own commits, by the timestamps of their checkpoints. Start-up is
outside of it, and nobody asks the worker anything while it works: one scrape of its metrics takes
it some 10 ms.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.throughput.workload import Workload
from pipeline.log.kafka_checkpoint import HEADER_KEY
from pipeline.log.kafka_consumer import running
from pipeline.settings import KafkaSettings

STALLED_SECONDS = 60.0
"""No commit for so long, start-up included, and the measurement is given up."""

STOP_SECONDS = 15.0


class WorkerStoppedError(Exception):
    """The worker ended, or commits no more, before everything was applied."""


class Commit(NamedTuple):
    """One commit: when it was sent, and how far its partition had been applied."""

    at_ms: int
    partition: int
    applied: int


async def through_faust(settings: KafkaSettings, work: Workload, folder: Path) -> float:
    """Let a worker work the topic off; return events per second from first to last commit."""
    errors = folder / "worker.err"
    try:
        async with _worker(settings, errors) as worker:
            commits = await _commits(settings, work, worker)
    except WorkerStoppedError as stopped:
        said = await asyncio.to_thread(errors.read_text)
        raise WorkerStoppedError(f"before everything was applied; it said: {said[-500:]}") from (
            stopped
        )
    return rate(work, commits)


def rate(work: Workload, commits: list[Commit]) -> float:
    """Return events per second between the first commit and the last.

    Raises
    ------
    ValueError
        If there is no time between them.
    """
    first = min(commits)
    seconds = (max(commits).at_ms - first.at_ms) / 1000
    if not seconds:
        raise ValueError("one commit took it all, so there is no rate: give it more --events")
    before = sum(
        len(append)
        for append, record in zip(work.appends, work.records(), strict=True)
        if record.partition == first.partition and record.offset <= first.applied
    )
    return (work.events - before) / seconds


@asynccontextmanager
async def _worker(
    settings: KafkaSettings, errors: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    given = settings.model_dump(exclude_none=True)
    own = {f"COGENTAI_KAFKA__{name.upper()}": str(value) for name, value in given.items()}
    others = {k: v for k, v in os.environ.items() if not k.startswith("COGENTAI_")}
    with errors.open("wb") as stderr:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from pipeline.cli import main; main()", "worker"),
            cwd=errors.parent,
            env={**others, **own, "COGENTAI_METRICS__PORT": "0"},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.terminate()
        try:
            await asyncio.wait_for(worker.wait(), STOP_SECONDS)
        except TimeoutError:
            worker.kill()
            await worker.wait()


async def _commits(
    settings: KafkaSettings, work: Workload, worker: asyncio.subprocess.Process
) -> list[Commit]:
    """Follow the checkpoints until everything is applied."""
    ends = {record.partition: record.offset for record in work.records()}
    commits: list[Commit] = []
    moved_at = time.monotonic()
    async for commit in _checkpoints(settings):
        if commit is not None:
            commits.append(commit)
            moved_at = time.monotonic()
            if commit.applied >= ends[commit.partition]:
                del ends[commit.partition]
            if not ends:
                break
        elif worker.returncode is not None or time.monotonic() > moved_at + STALLED_SECONDS:
            raise WorkerStoppedError
    return commits


async def _checkpoints(settings: KafkaSettings) -> AsyncIterator[Commit | None]:
    """Yield every commit, and None whenever there is none for a while."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    topic = settings.checkpoints_topic
    async with running(consumer):
        consumer.assign([TopicPartition(topic, n) for n in range(settings.partitions)])
        while True:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.key == HEADER_KEY:
                        applied = json.loads(record.value)["applied"]
                        yield Commit(record.timestamp, record.partition, applied)
            yield None
