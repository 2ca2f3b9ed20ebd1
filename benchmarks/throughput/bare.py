"""The bare consumer: every record fetched and decoded, no more. What the engine is held against."""

from __future__ import annotations

import time

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.throughput.workload import Workload
from pipeline.log.kafka_consumer import running
from pipeline.settings import KafkaSettings
from schemas.decode import decode_batch


async def bare(settings: KafkaSettings, work: Workload) -> float:
    """Read a full topic; return events per second from the assignment to the last event."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with running(consumer):
        left = work.events
        began = time.perf_counter()
        consumer.assign([TopicPartition(settings.events_topic, n) for n in range(work.partitions)])
        while left > 0:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    left -= len(decode_batch(record.value))
        return work.events / (time.perf_counter() - began)
