"""The worker on a real broker: whatever is done to it, its outputs are a function of the log."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

from pipeline.log.base import Entry
from pipeline.log.kafka import KafkaLog
from pipeline.settings import KafkaSettings
from tests.e2e.processes import SESSION_SECONDS, Cogentai
from tests.e2e.retail import feed, minutes
from tests.e2e.verifier import ENGINE, expected, published, read, settled, until, verified

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(170)]


async def check(topics: KafkaSettings) -> None:
    """Everything that had to be published was, once, in order, to the byte; and alerts fired."""
    found = await verified(topics)
    assert any(outputs for (topic, _), outputs in found.items() if topic == "alerts")


async def test_what_a_worker_publishes_equals_a_linear_replay(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    await feed(log, list(minutes(flows=8, length=90, per_minute=3)))
    with worker() as one:
        await check(topics)
        assert one.ready()
        status, metrics = one.get("/metrics")
        assert status == 200
        assert "cogentai_windows_closed_total" in metrics
        assert 'cogentai_partition_last_commit_timestamp_seconds{partition="0"}' in metrics
        assert "cogentai_rebalance_duration_seconds_count 1.0" in metrics
        one.send(signal.SIGTERM)
        assert one.exit_code(within=10) == 0
        assert one.said() == []


async def test_a_poison_record_is_buried_while_its_neighbours_count(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    stretch = list(minutes(flows=4, length=100, per_minute=2))
    stretch[20].insert(0, Entry("acme:flow-0", b'{"not": "an event"}'))
    await feed(log, stretch[:50])
    await log._producer.send_and_wait(topics.events_topic, b"\xff\x00garbage", partition=0)
    await feed(log, stretch[50:])
    with worker():
        await check(topics)
    letters = [r for rs in (await read(topics, topics.dead_letters_topic)).values() for r in rs]
    assert {r.value for r in letters} == {b'{"not": "an event"}', b"\xff\x00garbage"}
    headers = [dict(r.headers) for r in letters]
    assert all(h["cogentai.error.topic"] == topics.events_topic.encode() for h in headers)
    assert {h["cogentai.error.reason"] for h in headers} == {b"missing", b"json"}


async def test_a_worker_killed_again_and_again_loses_and_repeats_nothing(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    feeding = asyncio.create_task(
        feed(log, list(minutes(flows=8, length=400, per_minute=3)), pause=0.04)
    )
    while not feeding.done():
        with worker() as victim:
            await until(victim.ready, "ready")
            await asyncio.sleep(0.7)
            victim.send(signal.SIGKILL)
            assert victim.exit_code(within=5) == -signal.SIGKILL
    await feeding
    with worker():
        await check(topics)


async def test_a_worker_that_slept_past_its_session_is_shut_out(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    stretch = list(minutes(flows=8, length=500, per_minute=3))
    with worker() as sleeper:
        await feed(log, stretch[:50])
        await settled(topics, await expected(topics, ENGINE))
        feeding = asyncio.create_task(feed(log, stretch[50:], pause=0.04))
        await asyncio.sleep(1)
        sleeper.send(signal.SIGSTOP)
        with worker() as heir:
            await asyncio.sleep(SESSION_SECONDS + 5)
            sleeper.send(signal.SIGCONT)
            await feeding
            await check(topics)
            await asyncio.sleep(2)  # for whatever a woken sleeper might still do
            assert await published(topics) == await expected(topics, ENGINE)
            if sleeper.ended():
                assert sleeper.exit_code(within=1) == 1
                assert len(sleeper.said()) == 1
            assert not heir.ended()


async def test_two_workers_share_the_partitions_and_one_may_leave(
    topics: KafkaSettings, log: KafkaLog, worker: Callable[[], Cogentai]
) -> None:
    stretch = list(minutes(flows=8, length=300, per_minute=3))
    with worker() as stays, worker() as leaves:
        await until(stays.ready, "ready")
        await until(leaves.ready, "ready")
        await feed(log, stretch[:150], pause=0.03)
        leaves.send(signal.SIGTERM)
        assert leaves.exit_code(within=10) == 0
        await feed(log, stretch[150:], pause=0.01)
        await check(topics)
        assert not stays.ended()
