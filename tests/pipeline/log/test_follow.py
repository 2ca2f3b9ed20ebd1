from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.log.base import LogUnavailableError, Output
from pipeline.log.follow import follow_journal, follow_kafka
from pipeline.settings import KafkaSettings


def alert(text: str) -> Output:
    return Output("alerts", b"acme:orders", text.encode(), (("content-type", b"text/plain"),))


@pytest.fixture
def follow(log):
    """Follow the log under test, from another place than it is written from."""
    if log.kind == "journal":
        return lambda topic, **how: follow_journal(log.settings.path, topic, **how)
    return lambda topic, **how: follow_kafka(log.settings, topic, **how)


async def take(follower: AsyncIterator[Output], count: int) -> list[Output]:
    async with asyncio.timeout(20):
        return [await anext(follower) for _ in range(count)]


async def test_from_the_start_everything_that_is_kept_is_seen_then_what_comes(log, follow):
    partition = log.partition(0)
    await partition.open()
    await partition.commit(1, [alert("a"), Output("signals", None, b"s"), alert("b")])
    follower = follow("alerts", from_start=True)

    before = await take(follower, 2)
    await partition.commit(2, [alert("c")])
    after = await take(follower, 1)
    await follower.aclose()

    assert before + after == [alert("a"), alert("b"), alert("c")]


async def test_from_now_on_only_what_comes_is_seen(log, follow):
    partition = log.partition(0)
    await partition.open()
    await partition.commit(1, [alert("old")])
    await log.published("alerts")  # until it is visible
    follower = follow("alerts")
    first = asyncio.create_task(take(follower, 1))
    for number in itertools.count(2):  # it starts to follow at a moment of its own
        await partition.commit(number, [alert("new")])
        if (await asyncio.wait([first], timeout=0.1))[0]:
            break
    await follower.aclose()

    assert first.result() == [alert("new")]


@pytest.mark.kafka
async def test_outputs_of_a_transaction_that_was_given_up_are_not_seen(topics: KafkaSettings):
    producer = AIOKafkaProducer(bootstrap_servers=topics.bootstrap, transactional_id="x")
    async with producer:
        for text, ending in (
            (b"a", producer.commit_transaction),
            (b"given up", producer.abort_transaction),
            (b"c", producer.commit_transaction),
        ):
            await producer.begin_transaction()
            await producer.send_and_wait(topics.alerts_topic, text, partition=0)
            await ending()
    follower = follow_kafka(topics, "alerts", from_start=True)

    seen = await take(follower, 2)
    await follower.aclose()

    assert [output.value for output in seen] == [b"a", b"c"]


async def test_a_missing_journal_is_unavailable(tmp_path):
    with pytest.raises(LogUnavailableError, match="it is not there"):
        await take(follow_journal(tmp_path / "nowhere.db", "alerts"), 1)


async def test_a_cluster_that_is_not_there_is_unavailable():
    with pytest.raises(LogUnavailableError):
        await take(follow_kafka(KafkaSettings(bootstrap="127.0.0.1:1"), "alerts"), 1)
