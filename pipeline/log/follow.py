"""Following a topic of outputs as they are published, in either log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from aiokafka import AIOKafkaConsumer

from pipeline.log.base import Output, OutputTopic
from pipeline.log.journal_reader import JournalReader
from pipeline.log.kafka_consumer import running
from pipeline.log.kafka_errors import translated
from pipeline.log.security import connection
from pipeline.settings import KafkaSettings

_POLL_SECONDS = 0.5


async def follow_journal(
    path: Path, topic: OutputTopic, *, from_start: bool = False
) -> AsyncIterator[Output]:
    """Yield the outputs of a topic for ever, from the first that is kept or from now on.

    It only reads, so any process may follow a journal that another one writes.

    Raises
    ------
    LogUnavailableError
        If there is no journal, or it cannot be read.
    """
    reader = await JournalReader.open(path)
    try:
        after = 0 if from_start else await reader.last_sequence()
        while True:
            page = await reader.outputs(topic, after)
            for published in page:
                yield published.output
                after = published.sequence
            if not page:
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        await reader.aclose()


async def follow_kafka(
    settings: KafkaSettings, topic: OutputTopic, *, from_start: bool = False
) -> AsyncIterator[Output]:
    """Yield the outputs of a topic for ever, from the first that is kept or from now on.

    Only what was committed: outputs of a transaction that was given up are never seen.

    Raises
    ------
    LogUnavailableError
        If the cluster does not answer, or refuses.
    """
    name = topic_of(settings, topic)
    consumer = AIOKafkaConsumer(
        name,
        **connection(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest" if from_start else "latest",
    )
    with translated(f"topic {name}"):
        async with running(consumer):
            async for found in consumer:
                yield Output(topic, found.key, found.value, tuple(found.headers))


def topic_of(settings: KafkaSettings, topic: OutputTopic) -> str:
    """Return what outputs of a kind are called on the cluster."""
    names = {
        "signals": settings.signals_topic,
        "alerts": settings.alerts_topic,
        "dead-letters": settings.dead_letters_topic,
    }
    return names[topic]
