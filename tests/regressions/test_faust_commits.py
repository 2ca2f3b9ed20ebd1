"""What Faust commits although it must not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from pipeline.log.kafka import KafkaLog
from pipeline.settings import KafkaSettings
from tests.e2e.processes import Cogentai, environment
from tests.e2e.retail import feed, minutes
from tests.e2e.verifier import verified

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_an_output_that_the_cluster_refuses_stops_the_worker_and_is_published_later(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    """In plain Faust a changelog record that cannot be sent is a warning in the log.

    The offsets of what it was about may be committed after it, and then its state is lost. Ours
    belong to the same transaction, and every send is waited for.
    """
    log = await KafkaLog.open(topics)
    await feed(log, list(minutes(flows=4, length=60, per_minute=2)))
    await log.aclose()
    limit(topics, "100")
    with Cogentai(tmp_path, "worker", environment(topics)) as refused:
        assert await asyncio.to_thread(refused.exit_code, within=30) == 1
        (line,) = refused.said()
        assert "MessageSizeTooLarge" in line
    limit(topics, "1000000")
    with Cogentai(tmp_path, "worker", environment(topics)):
        await verified(topics)


def limit(topics: KafkaSettings, size: str) -> None:
    """Set the size of a record that the topic of signals takes."""
    config = {"max.message.bytes": size}
    with KafkaAdminClient(bootstrap_servers=topics.bootstrap) as admin:
        admin.alter_configs([ConfigResource("TOPIC", topics.signals_topic, config)])
