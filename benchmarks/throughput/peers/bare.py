"""The bare consumer: every record fetched and decoded, no more. The ceiling for all others."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.throughput.peers.task import Stopwatch, Task
from pipeline.log.kafka_consumer import running
from schemas.decode import decode_batch


async def work(task: Task) -> None:
    """Read a full topic."""
    stopwatch = Stopwatch(task)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=task.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with running(consumer):
        consumer.assign([TopicPartition(task.source, n) for n in range(task.partitions)])
        while True:
            fetched = (await consumer.getmany(timeout_ms=200)).values()
            if events := sum(len(decode_batch(r.value)) for records in fetched for r in records):
                stopwatch.count(events)


if __name__ == "__main__":
    asyncio.run(work(Task.given()))
