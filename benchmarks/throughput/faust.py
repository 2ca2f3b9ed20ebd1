"""The engine through Faust: a full topic worked off by ``cogentai worker`` processes.

What is timed are the workers' own commits, by the timestamps of their checkpoints. Start-up is
outside of it: the workers are held, with their partitions assigned, while the topic is filled. And
nobody asks them anything while they work: one scrape of their metrics takes some 10 ms.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.process import Cogentai, StoppedError, workers
from benchmarks.throughput.topics import fill
from benchmarks.throughput.workload import Workload
from pipeline.log.kafka_checkpoint import HEADER_KEY
from pipeline.log.kafka_consumer import running
from pipeline.settings import KafkaSettings

STALLED_SECONDS = 60.0
"""No commit for so long, and the measurement is given up."""


class Commit(NamedTuple):
    """One commit: when it was sent, and how far its partition had been applied."""

    at_ms: int
    partition: int
    applied: int


async def through_faust(
    settings: KafkaSettings, work: Workload, folder: Path, count: int = 1
) -> float:
    """Fill the topic, let workers work it off; return events a second, first to last commit."""
    async with workers(count, settings, folder) as started:
        for each in started:
            each.hold()
        await fill(settings, work)
        for each in started:
            each.go()
        return rate(work, await _commits(settings, work, started))


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


async def _commits(
    settings: KafkaSettings, work: Workload, started: Sequence[Cogentai]
) -> list[Commit]:
    """Follow the checkpoints until everything is applied."""
    ends = {record.partition: record.offset for record in work.records()}
    commits: list[Commit] = []
    moved_at = time.monotonic()
    async for commit in checkpoints(settings):
        if commit is not None:
            commits.append(commit)
            moved_at = time.monotonic()
            if commit.applied >= ends[commit.partition]:
                ends.pop(commit.partition, None)
            if not ends:
                break
        else:
            for each in started:
                each.check()
            if time.monotonic() > moved_at + STALLED_SECONDS:
                raise StoppedError(f"no commits; the worker said: {started[0].said()}")
    return commits


async def checkpoints(settings: KafkaSettings) -> AsyncIterator[Commit | None]:
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
