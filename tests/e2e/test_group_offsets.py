"""The group's offsets only say where to deliver from: what a worker has applied decides."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_checkpoint import read_header
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import KafkaSettings
from tests.e2e.group import committed, move, moved
from tests.e2e.processes import Cogentai, environment
from tests.e2e.retail import feed, minutes
from tests.e2e.verifier import ENGINE, expected, settled, until, verified

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_a_group_that_was_moved_ahead_skips_nothing(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    stretch = list(minutes(flows=4, length=100, per_minute=2))
    await feed(log, stretch[:60])
    await move(topics, dict.fromkeys(range(topics.partitions), 40))
    with worker():
        await feed(log, stretch[60:])
        await verified(topics)


async def test_the_group_is_never_ahead_of_what_is_applied(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    feeding = asyncio.create_task(
        feed(log, list(minutes(flows=4, length=600, per_minute=2)), pause=0.03)
    )
    seen = 0
    while not feeding.done():
        with worker() as victim:
            before = await committed(topics)
            while not feeding.done() and not moved(before, await committed(topics)):  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.1)
            victim.send(signal.SIGKILL)
            victim.exit_code(within=5)
        group, ours = await committed(topics), await applied(topics)
        assert all(offset <= ours[n] + 1 for n, offset in group.items())
        seen += 1
    assert seen >= 2
    with worker() as last:
        await verified(topics)
        last.send(signal.SIGTERM)
        assert last.exit_code(within=10) == 0
    assert await committed(topics) == {n: at + 1 for n, at in (await applied(topics)).items()}


async def test_a_worker_whose_partition_was_taken_ends_with_1_and_one_line(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    stretch = list(minutes(flows=4, length=100, per_minute=2))
    with worker() as fenced:
        await feed(log, stretch[:50])
        await settled(topics, await expected(topics, ENGINE))
        thief = KafkaPartitionLog(topics, 0)
        await thief.open()
        await thief.aclose()
        await feed(log, stretch[50:])
        assert await asyncio.to_thread(fenced.exit_code, within=30) == 1
        (line,) = fenced.said()
        assert line.startswith("cogentai: worker stopped: partition 0")
        assert "another owner" in line
    with worker():
        await verified(topics)


async def test_a_worker_without_its_topics_ends_with_3_and_says_which(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    env = environment(topics.model_copy(update={"events_topic": "no-such-topic"}))
    with Cogentai(tmp_path, "worker", env) as lost:
        assert await asyncio.to_thread(lost.exit_code, within=30) == 3
        (line,) = lost.said()
        assert "topic no-such-topic has no partitions" in line


async def test_a_worker_leaves_nothing_in_its_working_folder(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with Cogentai(folder, "worker", environment(topics)) as one:
        await until(one.ready, "ready")
        one.send(signal.SIGTERM)
        assert one.exit_code(within=10) == 0
        assert list(folder.iterdir()) == [one.errors]


async def applied(topics: KafkaSettings) -> dict[int, int]:
    """Look at the checkpoints without taking the partitions over."""
    found = {}
    for n in range(topics.partitions):
        reading = PartitionReader.open(topics, topics.checkpoints_topic, n, "read_committed")
        async with reading as reader:
            header = await read_header(reader)
        found[n] = -1 if header is None else header.applied
    return found
