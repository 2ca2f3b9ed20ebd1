"""The log on a Kafka cluster: the writing side, and (from its own file) an owned partition."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from aiokafka import AIOKafkaProducer

from pipeline.log.base import Entry, LogUnavailableError
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.log.kafka_errors import translated
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.log.kafka_producer import start_producer, stop_producer
from pipeline.settings import KafkaSettings

__all__ = ["KafkaLog", "KafkaPartitionLog"]

APPEND_SECONDS = 10.0
"""How long a sender waits for the cluster before it is told to come again."""


class KafkaLog:
    """An :class:`~pipeline.log.base.EventLog` on a topic of events."""

    def __init__(self, settings: KafkaSettings, producer: AIOKafkaProducer) -> None:
        self._settings = settings
        self._producer = producer

    @classmethod
    async def open(cls, settings: KafkaSettings) -> Self:
        """Connect, and make sure that the topic has the partitions that the settings name.

        Raises
        ------
        LogUnavailableError
            If the cluster does not answer, or the topic is missing or has another number.
        """
        with translated(f"Kafka at {settings.bootstrap}"):
            producer = await start_producer(settings)
        try:
            await _check_partitions(producer, settings)
        except BaseException:
            await stop_producer(producer)
            raise
        return cls(settings, producer)

    @property
    def partitions(self) -> int:
        """How many partitions the topic has."""
        return self._settings.partitions

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write all entries, and return once every replica in sync has them.

        Raises
        ------
        LogUnavailableError
            If the cluster has not confirmed them all in time; some may arrive all the same.
        """
        topic = self._settings.events_topic
        with translated(f"topic {topic}"):
            async with asyncio.timeout(APPEND_SECONDS):
                sent = [
                    await self._producer.send(
                        topic, batch.value, partition=batch.partition, headers=list(BATCH_HEADERS)
                    )
                    for batch in pack(entries, self.partitions)
                ]
                await asyncio.gather(*sent)

    async def aclose(self) -> None:
        """Flush, as far as the cluster answers, and disconnect."""
        await stop_producer(self._producer)


async def _check_partitions(producer: AIOKafkaProducer, settings: KafkaSettings) -> None:
    topic = settings.events_topic
    with translated(f"topic {topic}"):
        found = len(await producer.partitions_for(topic))
    if found != settings.partitions:
        raise LogUnavailableError(
            f"topic {topic}: it has {found} partitions, and kafka.partitions is"
            f" {settings.partitions}"
        )
