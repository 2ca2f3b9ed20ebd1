from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from pipeline.log.base import EventLog, Output, OutputTopic, PartitionLog, Record
from pipeline.log.journal import Journal
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import JournalSettings, KafkaSettings

OpenJournal = Callable[..., Awaitable[Journal]]


@pytest.fixture
async def open_journal(tmp_path: Path) -> AsyncIterator[OpenJournal]:
    """Open the test's journal, as often as wanted; each opening is closed at the end."""
    opened: list[Journal] = []

    async def open_one(**settings: object) -> Journal:
        path = tmp_path / "journal.db"
        opened.append(
            await Journal.open(JournalSettings.model_validate({"path": path, **settings}))
        )
        return opened[-1]

    yield open_one
    for journal in opened:
        await journal.aclose()


@pytest.fixture
async def journal(open_journal: OpenJournal) -> Journal:
    """A new journal of one partition."""
    return await open_journal()


class JournalUnderTest:
    """The embedded log, behind what the tests of both logs need."""

    kind = "journal"

    def __init__(self, journal: Journal, settings: JournalSettings) -> None:
        self.settings = settings
        self.events: EventLog = journal
        self.partition: Callable[[int], PartitionLog] = journal.partition
        self._journal = journal

    async def published(self, topic: OutputTopic) -> list[Output]:
        """Every output that a follower sees."""
        return [found.output for found in await self._journal.outputs(topic, None)]

    async def records(self, partition: int) -> list[Record]:
        """Every record of a partition."""
        return await self._journal.read(partition, after=None)


class KafkaUnderTest:
    """The log on Kafka, likewise."""

    kind = "kafka"

    def __init__(self, log: KafkaLog, settings: KafkaSettings) -> None:
        self.events: EventLog = log
        self.settings = settings
        self.opened: list[KafkaPartitionLog] = []

    def partition(self, number: int) -> PartitionLog:
        self.opened.append(KafkaPartitionLog(self.settings, number))
        return self.opened[-1]

    async def published(self, topic: OutputTopic) -> list[Output]:
        names = {
            "signals": self.settings.signals_topic,
            "alerts": self.settings.alerts_topic,
            "dead-letters": self.settings.dead_letters_topic,
        }
        return [
            Output(topic, record.key, record.value, tuple(record.headers))
            for partition in range(self.settings.partitions)
            for record in await self._all(names[topic], partition)
        ]

    async def records(self, partition: int) -> list[Record]:
        return [
            Record(r.partition, r.offset, r.key, r.value, tuple(r.headers))
            for r in await self._all(self.settings.events_topic, partition)
        ]

    async def _all(self, topic: str, partition: int) -> list:
        """Read to the very end: a commit is confirmed a little before readers may see it."""
        reading = partial(PartitionReader.open, self.settings, topic, partition)
        async with reading("read_uncommitted") as everything:
            first, end = await everything.bounds()
        async with reading("read_committed") as committed:
            return [r async for page in committed.between(first, end) for r in page]


@pytest.fixture(params=["journal", pytest.param("kafka", marks=pytest.mark.kafka)])
async def log(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[JournalUnderTest | KafkaUnderTest]:
    """Each of the two logs, new, of four partitions."""
    if request.param == "journal":
        embedded = JournalSettings(path=tmp_path / "journal.db", partitions=4)
        journal = await Journal.open(embedded)
        yield JournalUnderTest(journal, embedded)
        await journal.aclose()
        return
    settings = request.getfixturevalue("topics")
    under_test = KafkaUnderTest(await KafkaLog.open(settings), settings)
    yield under_test
    for partition in under_test.opened:
        await partition.aclose()
    await under_test.events.aclose()
