"""What Kafka keeps of a group: from where each partition is delivered."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from pipeline.settings import KafkaSettings


async def move(topics: KafkaSettings, offsets: dict[int, int]) -> None:
    """Do what an operator does with ``kafka-consumer-groups --reset-offsets``."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=topics.bootstrap, group_id=topics.group, enable_auto_commit=False
    )
    places = {TopicPartition(topics.events_topic, n): at for n, at in offsets.items()}
    await consumer.start()
    consumer.assign(list(places))
    await consumer.commit(places)
    await consumer.stop()


async def committed(topics: KafkaSettings) -> dict[int, int]:
    """Look up the offset at which each partition stands, where there is one."""
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(topics.group)
    finally:
        await admin.close()
    return {place.partition: at.offset for place, at in found.items() if at.offset >= 0}


def moved(before: dict[int, int], after: dict[int, int]) -> bool:
    """Whether some partition stands further on than before."""
    return any(at > before.get(n, 0) for n, at in after.items())
