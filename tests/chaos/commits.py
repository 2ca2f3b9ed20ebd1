"""The commits of a group, watched from outside: how far each partition is, and how far behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.log.kafka_checkpoint import HEADER_KEY, Header
from pipeline.log.kafka_consumer import running
from pipeline.settings import KafkaSettings


class Commits:
    """Follows the checkpoints of all partitions."""

    def __init__(self, settings: KafkaSettings, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._events = [
            TopicPartition(settings.events_topic, n) for n in range(settings.partitions)
        ]
        self.seen = 0
        self.applied = dict.fromkeys(range(settings.partitions), -1)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: KafkaSettings) -> AsyncIterator[Self]:
        """Follow from the beginning until the end of the block."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_committed",
        )
        async with running(consumer):
            topic = settings.checkpoints_topic
            consumer.assign([TopicPartition(topic, n) for n in range(settings.partitions)])
            yield cls(settings, consumer)

    async def look(self) -> None:
        """Take note of what was committed since the last look."""
        for place, records in (await self._consumer.getmany(timeout_ms=200)).items():
            for record in records:
                if record.key == HEADER_KEY:
                    self.seen += 1
                    header = msgspec.json.decode(record.value, type=Header)
                    self.applied[place.partition] = header.applied

    async def catch_up(self) -> None:
        """Look until everything that is committed now has been seen."""
        places = self._consumer.assignment()
        for place, end in (await self._consumer.end_offsets(places)).items():
            while await self._consumer.position(place) < end:
                await self.look()

    async def behind(self) -> dict[int, int] | None:
        """Return how many records of each partition are not applied; None without an answer."""
        await self.look()
        try:
            ends = await self._consumer.end_offsets(self._events)
        except KafkaError:
            return None
        return {
            place.partition: end - 1 - self.applied[place.partition] for place, end in ends.items()
        }
