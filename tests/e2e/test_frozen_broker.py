"""A worker ends when it is told to, even if the cluster does not answer any more."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from pipeline.log.kafka import KafkaLog
from pipeline.settings import EngineSettings
from tests.broker import Broker
from tests.conftest import MakeTopics
from tests.e2e.processes import Cogentai, environment
from tests.e2e.retail import minutes
from tests.e2e.verifier import expected, settled


@pytest.mark.kafka
@pytest.mark.timeout(120)
async def test_a_worker_ends_within_ten_seconds_although_the_broker_is_frozen(
    broker: Broker, make_topics: MakeTopics, tmp_path: Path
) -> None:
    topics = make_topics(broker.bootstrap)
    log = await KafkaLog.open(topics)
    for entries in minutes(flows=4, length=50, per_minute=2):
        await log.append(entries)
    await log.aclose()
    with Cogentai(tmp_path, "worker", environment(topics)) as worker:
        await settled(topics, await expected(topics, EngineSettings()))
        broker.pause()
        worker.send(signal.SIGTERM)
        assert await asyncio.to_thread(worker.exit_code, within=10) == 1
        assert worker.said() == ["cogentai: worker stopped: Kafka does not answer"]
