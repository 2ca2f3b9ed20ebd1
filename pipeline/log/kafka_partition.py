"""One partition of the Kafka log in the hands of the worker that owns it.

Every commit is one transaction: outputs, header and, now and then, a snapshot appear together or
not at all to a ``read_committed`` reader. The transactional id names the partition, so opening it
shuts out whoever had it before, even a worker that was asleep and knows nothing of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from pipeline.log.base import NOTHING, Checkpoint, FencedError, Output, Record
from pipeline.log.kafka_checkpoint import (
    HEADER_KEY,
    OWNER_KEY,
    Header,
    chunk_key,
    read_checkpoint,
    read_header,
    split,
)
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.log.kafka_errors import translated
from pipeline.log.kafka_producer import abort, start_producer, stop_producer
from pipeline.settings import KafkaSettings

COMMIT_SECONDS = 60.0
"""The transaction's own time-out: past it the coordinator aborts whatever we do."""

_log = structlog.get_logger()


class KafkaPartitionLog:
    """A :class:`~pipeline.log.base.PartitionLog` on Kafka.

    After a failure of any kind it is closed, and has to be opened again.
    """

    def __init__(self, settings: KafkaSettings, partition: int) -> None:
        self._settings = settings
        self._partition = partition
        self._name = f"partition {partition} of {settings.events_topic}"
        self._producer: AIOKafkaProducer | None = None
        self._header = Header(NOTHING)
        self._topics = {
            "signals": settings.signals_topic,
            "alerts": settings.alerts_topic,
            "dead-letters": settings.dead_letters_topic,
        }

    @property
    def partition(self) -> int:
        """Its number."""
        return self._partition

    async def open(self) -> Checkpoint | None:
        """Take ownership, shutting out any earlier owner, and return the last checkpoint.

        Raises
        ------
        LogUnavailableError
            If the cluster does not answer, or the checkpoint cannot be read.
        """
        await self.aclose()
        settings = self._settings
        name = f"{settings.group}-{settings.events_topic}-{self._partition}"
        try:
            with translated(self._name):
                self._producer = await start_producer(settings, transactional_id=name)
                return await self._read_checkpoint(await self._mark(self._producer))
        except BaseException:
            await self.aclose()
            raise

    async def replay(self, after: int | None, through: int | None) -> AsyncIterator[list[Record]]:
        """Yield the records above ``after`` (None: from the first) up to ``through`` (the last)."""
        topic = self._settings.events_topic
        # the isolation of the worker's own consumer: both must see the same records
        reading = PartitionReader.open(self._settings, topic, self._partition, "read_uncommitted")
        with translated(self._name):
            async with reading as reader:
                first, end = await reader.bounds()
                start = first if after is None else after + 1
                end = end if through is None else through + 1
                if start < first < end:
                    _log.warning("replay_gap", partition=self._partition, lost=first - start)
                async for fetched in reader.between(max(start, first), end):
                    yield [_record(found) for found in fetched]

    async def commit(
        self,
        applied: int,
        outputs: Sequence[Output],
        snapshot: bytes | None = None,
        *,
        ahead: int = 0,
    ) -> None:
        """Publish outputs, header and snapshot in one transaction.

        Raises
        ------
        FencedError
            If another owner has opened the partition since, or this one has not.
        LogUnavailableError
            If the cluster did not confirm it in time: it may have been kept or not, and opening
            the partition again tells which.
        """
        producer = self._producer
        if producer is None:
            raise FencedError(f"{self._name}: it is not open")
        try:
            chunks = None if snapshot is None else await asyncio.to_thread(split, snapshot)
            del snapshot  # as large as all that is remembered, and other partitions have theirs
            with translated(self._name):
                async with asyncio.timeout(COMMIT_SECONDS):
                    await self._transact(producer, Header(applied, ahead=ahead), outputs, chunks)
        except BaseException:
            await abort(producer)
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Give the partition up."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer)

    async def _mark(self, producer: AIOKafkaProducer) -> int:
        """Write a record behind the last checkpoint; return the offset behind it.

        Right after a broker has taken a partition over, it may not know yet how much of its log
        is committed, and tell of an end that is too early (KIP-207). Whoever believed it would
        start from an older checkpoint, and publish again. A record that it has confirmed is there.
        """
        offset = -1
        while offset < 0:  # sent twice, and the broker no longer knows where it lies
            await producer.begin_transaction()
            offset = (await (await self._checkpoint(producer, OWNER_KEY, b""))).offset
            await producer.commit_transaction()
        return offset + 1

    async def _read_checkpoint(self, end: int) -> Checkpoint | None:
        topic = self._settings.checkpoints_topic
        reading = PartitionReader.open(self._settings, topic, self._partition, "read_committed")
        async with reading as reader:
            header = await read_header(reader, end)
            self._header = header or Header(NOTHING)
            return await read_checkpoint(reader, header) if header else None

    async def _transact(
        self,
        producer: AIOKafkaProducer,
        header: Header,
        outputs: Sequence[Output],
        chunks: list[bytes] | None,
    ) -> None:
        await producer.begin_transaction()
        sent = [await self._publish(producer, output) for output in outputs]
        at, where = self._header.snapshot_offset, self._header.chunks
        if chunks is not None:
            at, where = header.applied, await self._keep(producer, chunks)
        header = msgspec.structs.replace(header, snapshot_offset=at, chunks=where)
        sent.append(await self._checkpoint(producer, HEADER_KEY, msgspec.json.encode(header)))
        await asyncio.gather(*sent)  # committing would not tell that one of them failed
        await producer.commit_transaction()
        self._header = header

    async def _publish(self, producer: AIOKafkaProducer, output: Output) -> asyncio.Future[Any]:
        """Send to the partition of the same number, or where there are not as many, by key."""
        topic = self._topics[output.topic]
        count = len(await producer.partitions_for(topic))
        by_key = output.key is not None and count != self._settings.partitions
        nothing = output.key is None and output.value is None  # not a record to Kafka's clients
        return await producer.send(  # type: ignore[no-any-return]
            topic,
            b"" if nothing else output.value,
            key=output.key,
            partition=None if by_key else self._partition % count,
            headers=list(output.headers),
        )

    async def _keep(self, producer: AIOKafkaProducer, chunks: list[bytes]) -> tuple[int, ...]:
        """Send a snapshot, and delete what the one before had more of; return the offsets."""
        values = [*chunks, *[None] * (len(self._header.chunks) - len(chunks))]
        sent = [
            await self._checkpoint(producer, chunk_key(number), value)
            for number, value in enumerate(values)
        ]
        confirmed = await asyncio.gather(*sent)
        offsets = tuple(metadata.offset for metadata in confirmed[: len(chunks)])
        if min(offsets) < 0:  # sent twice, and the broker no longer knows where it lies
            raise KafkaTimeoutError
        return offsets

    async def _checkpoint(
        self, producer: AIOKafkaProducer, key: bytes, value: bytes | None
    ) -> asyncio.Future[Any]:
        topic = self._settings.checkpoints_topic
        return await producer.send(topic, value, key=key, partition=self._partition)  # type: ignore[no-any-return]


def _record(found: Any) -> Record:
    headers = tuple((name, value) for name, value in found.headers)
    return Record(found.partition, found.offset, found.key, found.value, headers)
