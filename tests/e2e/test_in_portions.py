"""A worker in the midst of what one record brings about: told to stop, and joined by another."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.log.base import Entry
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_checkpoint import read_header
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.settings import KafkaSettings
from tests.conftest import MakeTopics
from tests.e2e.processes import Cogentai, environment
from tests.e2e.retail import feed, minutes
from tests.e2e.verifier import verified
from tests.make import MONDAY, heartbeat

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(170)]

SILENT = 3 * 3600
"""Seconds, of a hundred flows: 60 MB in eight portions."""


@pytest.fixture
async def topics(kafka: str, make_topics: MakeTopics) -> KafkaSettings:
    topics = make_topics(kafka, 1)
    log = await KafkaLog.open(topics)
    end = Entry(None, json.dumps(heartbeat(MONDAY + 600 + SILENT)).encode())
    await feed(log, [*minutes(flows=100, length=10, per_minute=0.5), [end]])
    await log.aclose()
    return topics


@pytest.fixture
def worker(topics: KafkaSettings, tmp_path: Path) -> Callable[[], Cogentai]:
    return lambda: Cogentai(tmp_path, "worker", environment(topics))


async def ahead(topics: KafkaSettings) -> int:
    """Look how much of a record is published beyond what is applied."""
    reading = PartitionReader.open(topics, topics.checkpoints_topic, 0, "read_committed")
    async with reading as reader:
        header = await read_header(reader)
    return 0 if header is None else header.ahead


async def in_the_midst(topics: KafkaSettings) -> None:
    async with asyncio.timeout(60):
        while not await ahead(topics):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.05)


async def test_told_to_stop_it_ends_between_two_portions_and_the_next_goes_on(
    topics: KafkaSettings, worker: Callable[[], Cogentai]
) -> None:
    with worker() as one:
        await in_the_midst(topics)
        one.send(signal.SIGTERM)
        assert await asyncio.to_thread(one.exit_code, within=10) == 0
        assert one.said() == []
    assert await ahead(topics) > 0
    with worker():
        await verified(topics)
    assert await ahead(topics) == 0


async def test_joined_by_another_it_loses_no_session_and_nothing_is_published_twice(
    topics: KafkaSettings, worker: Callable[[], Cogentai]
) -> None:
    with worker() as one:
        await in_the_midst(topics)
        with worker() as other:
            await verified(topics)
            assert not one.ended()
            assert not other.ended()
