"""The watchdog on a real broker: it bites for lag that does not shrink, and for nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.log.base import Entry
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import EngineSettings, KafkaSettings
from pipeline.worker.partition import Partition
from pipeline.worker.watchdog import Watchdog

pytestmark = pytest.mark.kafka

STALL = 1.0


@pytest.fixture
def settings(topics: KafkaSettings) -> KafkaSettings:
    return topics.model_copy(update={"stall_seconds": STALL})


class Kennel:
    """A watchdog, what it said, and a clock that goes on while the process is stopped."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self.forward = 0.0
        self.bites: list[str] = []
        self.dog = Watchdog(settings, self.bites.append, lambda: time.monotonic() + self.forward)

    def stop(self) -> None:
        """Stop the process for an hour the next time the dog wakes."""
        wait = self.dog._ended.wait

        def late(timeout: float) -> bool:
            ended = wait(timeout)
            self.forward = 3600
            return ended

        self.dog._ended.wait = late

    def at(self, applied: int | None) -> Partition:
        partition = Partition(KafkaPartitionLog(self.settings, 0), EngineSettings(), "events")
        partition.applied = applied
        return partition


@pytest.fixture
def kennel(settings: KafkaSettings) -> Iterator[Kennel]:
    kennel = Kennel(settings)
    with kennel.dog:
        yield kennel


async def written(settings: KafkaSettings, records: int) -> None:
    log = await KafkaLog.open(settings)
    for _ in range(records):
        await log.append([Entry(None, b"{}")])
    await log.aclose()


async def bitten(kennel: Kennel, within: float = 10) -> str:
    async with asyncio.timeout(within):
        while not kennel.bites:  # noqa: ASYNC110 - a thread bites
            await asyncio.sleep(0.05)
    return kennel.bites[0]


async def test_a_partition_that_has_records_and_is_never_opened_is_noticed(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 3)
    kennel.dog.assigned([0])
    assert await bitten(kennel) == "partition 0: no commit for 1 s, 3 behind"


async def test_a_partition_that_commits_no_more_is_noticed(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 3)
    kennel.dog.assigned([0])
    kennel.dog.opened(kennel.at(None))
    kennel.dog.progress(kennel.at(1))
    assert await bitten(kennel) == "partition 0: no commit for 1 s, 1 behind"


async def test_a_partition_with_nothing_to_do_may_stand_still(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 3)
    kennel.dog.assigned([0])
    kennel.dog.opened(kennel.at(2))
    await asyncio.sleep(2.5 * STALL)
    assert kennel.bites == []


async def test_a_partition_that_commits_slowly_is_left_alone(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 9)
    kennel.dog.assigned([0])
    for applied in range(5):
        kennel.dog.progress(kennel.at(applied))
        await asyncio.sleep(0.6 * STALL)
    assert kennel.bites == []


async def test_a_partition_that_commits_portions_of_one_record_is_left_alone(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 9)
    kennel.dog.assigned([0])
    for ahead in range(1, 6):
        partition = kennel.at(4)
        partition.ahead = ahead
        kennel.dog.progress(partition)
        await asyncio.sleep(0.6 * STALL)
    assert kennel.bites == []


async def test_markers_of_transactions_are_nothing_to_do(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap, transactional_id=settings.group
    )
    async with producer, producer.transaction():
        await producer.send_and_wait(settings.events_topic, b"{}", partition=0)
    kennel.dog.assigned([0])
    kennel.dog.progress(kennel.at(0))
    await asyncio.sleep(2.5 * STALL)
    assert kennel.bites == []


async def test_a_rebalance_that_never_ends_is_noticed(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 3)
    kennel.dog.assigned([0])
    kennel.dog.opened(kennel.at(2))
    kennel.dog.forget(0)
    await written(settings, 1)
    assert await bitten(kennel) == "partition 0: no commit for 1 s, 4 behind"


async def test_a_partition_that_was_given_to_another_is_not_watched(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 3)
    kennel.dog.assigned([0])
    kennel.dog.assigned([])
    await asyncio.sleep(2 * STALL)
    assert kennel.bites == []


async def test_a_process_that_was_stopped_as_a_whole_may_first_catch_up(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 3)
    kennel.dog.assigned([0])
    await asyncio.sleep(0.5 * STALL)
    kennel.stop()
    await asyncio.sleep(0.5 * STALL)
    assert kennel.bites == []
    await bitten(kennel)


async def test_a_partition_whose_opening_comes_on_is_left_alone(
    settings: KafkaSettings, kennel: Kennel
) -> None:
    await written(settings, 3)
    kennel.dog.assigned([0])
    for _ in range(20):
        await asyncio.sleep(STALL / 8)
        kennel.dog.replaying()
    assert kennel.bites == []
    await bitten(kennel)
