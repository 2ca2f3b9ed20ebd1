"""What only the log on Kafka answers for: other producers, time-outs, a broker that is hurt."""

from __future__ import annotations

import asyncio
import random
import time

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPartition
from kafka.admin import ConfigResource

from pipeline.log import kafka, kafka_partition
from pipeline.log.base import Checkpoint, Entry, LogUnavailableError, Output
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import KafkaSettings
from tests.broker import Broker

pytestmark = pytest.mark.kafka


async def values(settings: KafkaSettings, topic: str, partition: int = 0) -> list[bytes]:
    reading = PartitionReader.open(settings, topic, partition, "read_uncommitted")
    async with reading as reader:
        return [r.value async for page in reader.between(*await reader.bounds()) for r in page]


async def test_record_timestamps_are_the_time_of_sending(topics: KafkaSettings):
    log = await KafkaLog.open(topics)
    before = time.time() * 1000
    await log.append([Entry(None, b"{}")])
    after = time.time() * 1000
    await log.aclose()

    async with PartitionReader.open(topics, topics.events_topic, 0, "read_uncommitted") as reader:
        (((record,)),) = [page async for page in reader.between(*await reader.bounds())]
    assert before - 1 <= record.timestamp <= after


async def test_a_foreign_producer_puts_a_flow_in_the_same_partition(topics: KafkaSettings):
    log = await KafkaLog.open(topics)
    keys = [f"acme:{number}" for number in range(20)]
    async with AIOKafkaProducer(bootstrap_servers=topics.bootstrap) as foreign:
        for key in keys:
            await foreign.send_and_wait(topics.events_topic, key.encode(), key=key.encode())
    for key in keys:
        await log.append([Entry(key, key.encode())])
    await log.aclose()

    for partition in range(4):
        found = await values(topics, topics.events_topic, partition)
        assert sorted(v for v in found if v[:1] != b"[") == sorted(
            v[1:-1] for v in found if v[:1] == b"["
        )


async def test_a_topic_with_other_partitions_than_the_settings_say_is_refused(
    topics: KafkaSettings,
):
    with pytest.raises(LogUnavailableError, match=r"has 4 partitions, and .*partitions is 5"):
        await KafkaLog.open(topics.model_copy(update={"partitions": 5}))


async def test_a_cluster_that_is_not_there_is_unavailable():
    with pytest.raises(LogUnavailableError, match=r"127\.0\.0\.1:1\b"):
        await KafkaLog.open(KafkaSettings(bootstrap="127.0.0.1:1"))


async def test_an_output_goes_by_key_where_a_topic_has_other_partitions(
    topics: KafkaSettings, make_topics
):
    other = make_topics(topics.bootstrap, 1)
    settings = topics.model_copy(update={"alerts_topic": other.alerts_topic})
    partition = KafkaPartitionLog(settings, 3)
    await partition.open()
    await partition.commit(
        1, [Output("alerts", b"acme:orders", b"a"), Output("alerts", None, b"b")]
    )
    await partition.aclose()

    assert await values(settings, settings.alerts_topic) == [b"a", b"b"]


async def test_the_checkpoint_is_found_behind_many_records_of_given_up_commits(
    topics: KafkaSettings,
):
    partition = KafkaPartitionLog(topics, 0)
    await partition.open()
    await partition.commit(1, [], snapshot=b"state")
    await partition.commit(2, [])
    await give_up_a_transaction(topics, records=700)
    await partition.aclose()

    reopened = KafkaPartitionLog(topics, 0)
    checkpoint = await reopened.open()
    await reopened.aclose()

    assert checkpoint == Checkpoint(2, 1, b"state")


async def test_the_checkpoint_survives_compaction(topics: KafkaSettings):
    compact_eagerly(topics)
    partition = KafkaPartitionLog(topics, 0)
    await partition.open()
    for number in range(1, 30):
        await partition.commit(number, [], snapshot=b"state %d" % number)
    await partition.commit(30, [])
    await until_compacted(topics)
    await partition.aclose()

    reopened = KafkaPartitionLog(topics, 0)
    checkpoint = await reopened.open()
    await reopened.aclose()

    assert checkpoint == Checkpoint(30, 29, b"state 29")


async def test_a_snapshot_of_many_chunks_is_kept_and_found(topics: KafkaSettings):
    snapshot = random.Random(1).randbytes(40_000_000)
    partition = KafkaPartitionLog(topics, 0)
    await partition.open()
    await partition.commit(1, [], snapshot=snapshot)
    await partition.commit(2, [], snapshot=b"small")
    await partition.commit(3, [], snapshot=snapshot)
    await partition.aclose()

    reopened = KafkaPartitionLog(topics, 0)
    checkpoint = await reopened.open()
    await reopened.aclose()

    assert checkpoint == Checkpoint(3, 3, snapshot)


async def test_replay_goes_on_with_what_retention_has_left(topics: KafkaSettings):
    log = await KafkaLog.open(topics)
    for number in range(5):
        await log.append([Entry(None, b"%d" % number)])
    await log.aclose()
    delete_records_before(topics, 3)

    replay = KafkaPartitionLog(topics, 0).replay(after=0, through=4)

    assert [record.offset async for page in replay for record in page] == [3, 4]


async def test_an_append_is_refused_in_time_while_the_broker_is_frozen_and_works_after(
    broker: Broker, make_topics, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kafka, "APPEND_SECONDS", 1.0)
    settings = make_topics(broker.bootstrap, 1)
    log = await KafkaLog.open(settings)
    await log.append([Entry(None, b"1")])
    broker.pause()
    with pytest.raises(LogUnavailableError, match="did not answer in time"):
        await log.append([Entry(None, b"2")])
    broker.resume()
    async with asyncio.timeout(30):
        while not await appended(log, b"3"):
            pass
    await log.aclose()

    found = await values(settings, settings.events_topic)
    assert (found[0], found[-1]) == (b"[1]", b"[3]")


async def test_a_commit_waits_for_a_broker_that_was_killed_and_comes_back(
    broker: Broker, make_topics
):
    settings = make_topics(broker.bootstrap, 1)
    partition = KafkaPartitionLog(settings, 0)
    await partition.open()
    await partition.commit(1, [Output("alerts", None, b"a")], snapshot=b"state")
    broker.kill()
    commit = asyncio.create_task(partition.commit(2, [Output("alerts", None, b"b")]))
    await asyncio.to_thread(broker.restart)
    await commit
    await partition.aclose()

    reopened = KafkaPartitionLog(settings, 0)
    checkpoint = await reopened.open()
    await reopened.aclose()
    assert checkpoint == Checkpoint(2, 1, b"state")
    assert await values(settings, settings.alerts_topic) == [b"a", b"b"]


async def test_everything_closes_within_seconds_when_the_broker_is_gone(
    broker: Broker, make_topics, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kafka, "APPEND_SECONDS", 0.5)
    monkeypatch.setattr(kafka_partition, "COMMIT_SECONDS", 0.5)
    settings = make_topics(broker.bootstrap, 1)
    log, partition = await KafkaLog.open(settings), KafkaPartitionLog(settings, 0)
    await partition.open()
    broker.kill()
    started = time.monotonic()

    with pytest.raises(LogUnavailableError):
        await log.append([Entry(None, b"1")])
    with pytest.raises(LogUnavailableError):
        await partition.commit(1, [])
    await log.aclose()
    await partition.aclose()

    assert time.monotonic() - started < 15


async def appended(log: KafkaLog, value: bytes) -> bool:
    try:
        await log.append([Entry(None, value)])
    except LogUnavailableError:
        return False
    return True


async def give_up_a_transaction(settings: KafkaSettings, records: int) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap, transactional_id=f"{settings.group}-given-up"
    )
    async with producer:
        await producer.begin_transaction()
        for number in range(records):
            key = b"header" if number % 2 else b"snapshot/0"
            sent = await producer.send(settings.checkpoints_topic, b"x", key=key, partition=0)
        await sent
        await producer.abort_transaction()


def compact_eagerly(settings: KafkaSettings) -> None:
    config = {
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "200",
    }
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        admin.alter_configs([ConfigResource("TOPIC", settings.checkpoints_topic, config)])


async def until_compacted(settings: KafkaSettings) -> None:
    """Wait until at most every second record is left; reading them takes a while by itself."""
    while len(await values(settings, settings.checkpoints_topic)) > 30:
        pass


def delete_records_before(settings: KafkaSettings, offset: int) -> None:
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        admin.delete_records({KafkaPartition(settings.events_topic, 0): offset})
