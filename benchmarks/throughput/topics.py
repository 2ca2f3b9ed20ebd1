"""Topics for one measurement: made, filled, and deleted again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from kafka import KafkaAdminClient

from benchmarks.throughput.workload import Workload
from pipeline.log.kafka_producer import start_producer, stop_producer
from pipeline.log.topics import apply
from pipeline.settings import KafkaSettings

_AT_ONCE = 2000  # records on their way to the broker


@contextmanager
def topics(bootstrap: str, partitions: int) -> Iterator[KafkaSettings]:
    """Create topics and name a group of their own."""
    name = f"bench-{uuid4().hex[:8]}"
    settings = KafkaSettings(
        bootstrap=bootstrap,
        group=name,
        partitions=partitions,
        events_topic=f"{name}.events",
        dead_letters_topic=f"{name}.dead-letters",
        checkpoints_topic=f"{name}.checkpoints",
        signals_topic=f"{name}.signals",
        alerts_topic=f"{name}.alerts",
    )
    apply(settings)
    try:
        yield settings
    finally:
        with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
            made = [topic for topic in admin.list_topics() if name in topic]  # by peers, too
            admin.delete_topics(made)


async def fill(settings: KafkaSettings, work: Workload) -> None:
    """Write every record, in order: appends side by side could overtake one another."""
    producer = await start_producer(settings)
    try:
        sent = []
        for record in work.records():
            sent.append(
                await producer.send(
                    settings.events_topic,
                    record.value,
                    partition=record.partition,
                    headers=list(record.headers),
                )
            )
            if len(sent) == _AT_ONCE:
                await asyncio.gather(*sent)
                sent.clear()
        await asyncio.gather(*sent)
    finally:
        await stop_producer(producer)
