"""Looking through what a log holds, from its first record to where it ends now.

One partition is enough for events without a flow, which lie in all of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from pipeline.log.base import Output, OutputTopic, Record
from pipeline.log.follow import topic_of
from pipeline.log.journal_reader import JournalReader
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.log.kafka_errors import translated
from pipeline.settings import Settings


async def browse(log: str, settings: Settings, partition: int = 0) -> AsyncIterator[Record]:
    """Yield the records of a partition of ``journal`` or ``kafka``.

    Raises
    ------
    LogUnavailableError
        If the log cannot be read.
    """
    found = _kafka(settings, partition) if log == "kafka" else _journal(settings, partition)
    async for record in found:
        yield record


async def _journal(settings: Settings, partition: int) -> AsyncIterator[Record]:
    reader = await JournalReader.open(settings.journal.path)
    try:
        end, after = await reader.end(partition), None
        while end is not None:
            page = await reader.read(partition, after, through=end)
            for record in page:
                yield record
                after = record.offset
            if not page:
                return
    finally:
        await reader.aclose()


async def _kafka(settings: Settings, partition: int) -> AsyncIterator[Record]:
    topic = settings.kafka.events_topic
    with translated(f"topic {topic}"):
        async with PartitionReader.open(
            settings.kafka, topic, partition, "read_committed"
        ) as reader:
            async for records in reader.between(*await reader.bounds()):
                for r in records:
                    yield Record(partition, r.offset, r.key, r.value, tuple(r.headers))


async def browse_outputs(
    log: str, settings: Settings, topic: OutputTopic
) -> AsyncIterator[tuple[datetime, Output]]:
    """Yield what was published so far on a topic of ``journal`` or ``kafka``, and when.

    Raises
    ------
    LogUnavailableError
        If the log cannot be read.
    """
    found = _of_kafka(settings, topic) if log == "kafka" else _of_journal(settings, topic)
    async for at, output in found:
        yield datetime.fromtimestamp(at, UTC), output


async def _of_journal(
    settings: Settings, topic: OutputTopic
) -> AsyncIterator[tuple[float, Output]]:
    reader = await JournalReader.open(settings.journal.path)
    try:
        after = 0
        while page := await reader.outputs(topic, after):
            for published in page:
                yield published.at, published.output
            after = page[-1].sequence
    finally:
        await reader.aclose()


async def _of_kafka(settings: Settings, topic: OutputTopic) -> AsyncIterator[tuple[float, Output]]:
    name = topic_of(settings.kafka, topic)
    with translated(f"topic {name}"):
        for number in range(settings.kafka.partitions):
            opening = PartitionReader.open(settings.kafka, name, number, "read_committed")
            async with opening as reader:
                async for records in reader.between(*await reader.bounds()):
                    for r in records:
                        yield r.timestamp / 1000, Output(topic, r.key, r.value, tuple(r.headers))
