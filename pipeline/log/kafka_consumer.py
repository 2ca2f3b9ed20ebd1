"""Consumers outside of any group: a range of one partition, or whatever is followed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.log.security import connection
from pipeline.settings import KafkaSettings

_FETCH_BYTES = 8 * 1024 * 1024
_POLL_MS = 100  # how often to look whether only markers of transactions were left to pass over
_STALLED_SECONDS = 60.0

IsolationLevel = Literal["read_committed", "read_uncommitted"]


@asynccontextmanager
async def running(consumer: AIOKafkaConsumer) -> AsyncIterator[None]:
    """Start a consumer, and stop it at the end of the block."""
    try:
        await consumer.start()
        yield
    finally:
        await _stop(consumer)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, whose own tasks let their cancellation out if they have not begun yet."""
    await asyncio.sleep(0)  # so most of them have
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        await consumer._client.close()  # noqa: SLF001 - it did not come that far
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise


class PartitionReader:
    """A consumer of one partition, moved about by offset."""

    def __init__(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        self._consumer = consumer
        self._partition = partition

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: KafkaSettings, topic: str, partition: int, isolation: IsolationLevel
    ) -> AsyncIterator[Self]:
        """Open a reader, and close it at the end of the block."""
        consumer = AIOKafkaConsumer(
            **connection(settings),
            isolation_level=isolation,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        where = TopicPartition(topic, partition)
        consumer.assign([where])
        async with running(consumer):
            yield cls(consumer, where)

    async def bounds(self) -> tuple[int, int]:
        """Return the first offset there is, and the one the next record will get."""
        first = await self._consumer.beginning_offsets([self._partition])
        end = await self._consumer.end_offsets([self._partition])
        return first[self._partition], end[self._partition]

    async def between(self, start: int, end: int) -> AsyncIterator[list[Any]]:
        """Yield the records with offsets from ``start`` up to, not including, ``end``.

        Raises
        ------
        TimeoutError
            If there is no progress for a minute.
        """
        self._consumer.seek(self._partition, start)
        position, moved_at = start, time.monotonic()
        while position < end:
            fetched = await self._consumer.getmany(self._partition, timeout_ms=_POLL_MS)
            if records := [r for r in fetched.get(self._partition, ()) if r.offset < end]:
                yield records
            before, position = position, await self._consumer.position(self._partition)
            if position > before:
                moved_at = time.monotonic()
            elif time.monotonic() > moved_at + _STALLED_SECONDS:
                raise TimeoutError
