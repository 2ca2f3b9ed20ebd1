"""One partition at work, on the real journal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from pipeline.engine.emissions import Emission
from pipeline.engine.engine import Engine
from pipeline.log.base import Checkpoint, Entry, FencedError, Output, Record
from pipeline.log.journal import Journal
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings, JournalSettings
from pipeline.worker.partition import Partition
from tests.make import MONDAY, heartbeat, run

SETTINGS = EngineSettings(lateness_seconds=0, snapshot_records=1_000)
TOPIC = "journal"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Witness:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def opened(self, partition: Partition) -> None:
        self.told.append(f"opened at {partition.applied}")

    def observe(self, partition: int, emissions: Sequence[Emission]) -> None:
        self.told.append(f"{len(emissions)} emissions")

    def progress(self, partition: Partition) -> None:
        self.told.append(f"applied {partition.applied}, {partition.lag} behind")

    def forget(self, partition: int) -> None:
        self.told.append("forgotten")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(JournalSettings(path=tmp_path / "journal.db"))
    yield journal
    await journal.aclose()


async def opened(
    journal: Journal,
    settings: EngineSettings = SETTINGS,
    *observers: Witness,
    clock: Clock | None = None,
) -> Partition:
    log = journal.partition(0)
    partition = Partition(log, settings, TOPIC, observers, clock or Clock())
    await partition.open()
    return partition


async def written(journal: Journal, minutes: int) -> list[Record]:
    """Write a record a minute: a run, and the heartbeat that closes its window."""
    for m in range(minutes):
        at = MONDAY + 60 * m
        events = [run(at + 1, flow_id="orders"), heartbeat(at + 60)]
        await journal.append([Entry("acme:orders", json.dumps(e).encode()) for e in events])
    return await journal.read(0, None)


async def published(journal: Journal) -> list[Output]:
    topics = ("signals", "alerts", "dead-letters")
    pages = [await journal.outputs(topic, None) for topic in topics]  # type: ignore[arg-type]
    rows = sorted((row for page in pages for row in page), key=lambda row: row.sequence)
    return [row.output for row in rows]


def linear(records: Sequence[Record]) -> list[Output]:
    engine = Engine(SETTINGS)
    emissions = [emission for record in records for emission in engine.apply(record)]
    return encode(emissions, topic=TOPIC, partition=0)


async def checkpoint(journal: Journal) -> Checkpoint:
    """Look at the checkpoint as the next owner will find it."""
    found = await journal.partition(0).open()
    assert found is not None
    return found


async def test_what_it_publishes_equals_a_linear_replay(journal: Journal) -> None:
    records = await written(journal, 6)
    partition = await opened(journal)
    await partition.process(records[:4])
    await partition.process(records[4:])

    assert await published(journal) == linear(records) != []


async def test_what_was_published_before_is_applied_silently_after_the_snapshot(
    journal: Journal,
) -> None:
    records = await written(journal, 9)
    first = await opened(journal, SETTINGS.model_copy(update={"snapshot_records": 3}))
    await first.process(records[:3])  # the snapshot
    await first.process(records[3:5])  # after it
    before = await published(journal)

    second = await opened(journal)

    assert second.applied == first.applied == records[4].offset
    assert second.engine.snapshot() == first.engine.snapshot()
    assert await published(journal) == before
    await second.process(records[5:])
    assert await published(journal) == linear(records)


async def test_without_a_snapshot_it_applies_the_log_from_its_first_record(
    journal: Journal,
) -> None:
    records = await written(journal, 4)
    first = await opened(journal)
    await first.process(records)

    second = await opened(journal)

    assert second.engine.snapshot() == first.engine.snapshot()


@pytest.mark.parametrize("damage", [b"", b"\x81\xa7version\x01", b"no snapshot"])
async def test_a_snapshot_that_cannot_be_used_costs_time_and_no_more(
    journal: Journal, damage: bytes
) -> None:
    records = await written(journal, 9)
    first = await opened(journal)
    await first.process(records[:5])
    log = journal.partition(0)
    await log.open()
    await log.commit(records[4].offset, (), damage)

    second = await opened(journal)

    assert second.engine.snapshot() == first.engine.snapshot()
    await second.process(records[5:])
    assert await published(journal) == linear(records)


async def test_a_record_applied_before_is_passed_over(journal: Journal) -> None:
    records = await written(journal, 6)
    partition = await opened(journal)
    await partition.process(records[:4])
    await partition.process(records[:4])
    await partition.process(records[2:])

    assert await published(journal) == linear(records)


async def test_a_batch_with_nothing_new_commits_nothing(journal: Journal) -> None:
    records = await written(journal, 2)
    witness = Witness()
    partition = await opened(journal, SETTINGS, witness)
    await partition.process(records)
    told = list(witness.told)
    await partition.process(records)
    await partition.process([])

    assert witness.told == told


async def test_a_snapshot_is_taken_after_so_many_records(journal: Journal) -> None:
    records = await written(journal, 7)
    partition = await opened(journal, SETTINGS.model_copy(update={"snapshot_records": 3}))
    snapshots = []
    for record in records:
        await partition.process([record])
        snapshots.append(await snapshot_offset(journal))

    third, sixth = records[2].offset, records[5].offset
    assert snapshots == [None, None, third, third, third, sixth, sixth]


async def test_a_snapshot_is_taken_after_so_much_time(journal: Journal) -> None:
    records = await written(journal, 4)
    clock = Clock()
    partition = await opened(journal, SETTINGS, clock=clock)
    snapshots = []
    for record in records:
        clock.now += 40
        await partition.process([record])
        snapshots.append(await snapshot_offset(journal))

    second, fourth = records[1].offset, records[3].offset
    assert snapshots == [None, second, second, fourth]


async def test_what_was_replayed_at_opening_counts_towards_the_next_snapshot(
    journal: Journal,
) -> None:
    records = await written(journal, 3)
    await (await opened(journal)).process(records[:2])

    second = await opened(journal, SETTINGS.model_copy(update={"snapshot_records": 3}))
    await second.process(records[2:])

    assert await snapshot_offset(journal) == records[2].offset


async def test_closing_leaves_a_snapshot_of_everything_applied(journal: Journal) -> None:
    records = await written(journal, 3)
    partition = await opened(journal)
    await partition.process(records)
    await partition.close()

    found = await checkpoint(journal)
    assert found.applied == found.snapshot_offset == records[-1].offset
    assert found.snapshot == partition.engine.snapshot()


async def test_closing_a_partition_that_did_nothing_writes_nothing(journal: Journal) -> None:
    await (await opened(journal)).close()

    assert await journal.partition(0).open() is None


async def test_observers_are_told_in_order_and_only_of_what_is_committed(
    journal: Journal,
) -> None:
    records = await written(journal, 3)
    witness = Witness()
    partition = await opened(journal, SETTINGS, witness)
    await partition.process(records[:1], lag=2)
    await partition.process(records[1:], lag=0)

    assert witness.told == [
        "opened at None",
        "1 emissions",
        f"applied {records[0].offset}, 2 behind",
        "2 emissions",
        f"applied {records[2].offset}, 0 behind",
    ]


async def test_one_that_was_taken_over_publishes_and_tells_nothing_more(journal: Journal) -> None:
    records = await written(journal, 4)
    witness = Witness()
    sleeper = await opened(journal, SETTINGS, witness)
    await sleeper.process(records[:2])
    told = list(witness.told)
    heir = await opened(journal)

    with pytest.raises(FencedError):
        await sleeper.process(records[2:])

    assert sleeper.applied == records[1].offset
    assert witness.told == told
    await heir.process(records[2:])
    assert await published(journal) == linear(records)


async def test_a_bad_record_is_buried_with_the_place_it_came_from(journal: Journal) -> None:
    await journal.append([Entry(None, b"[1")])
    (record,) = await journal.read(0, None)
    await (await opened(journal)).process([record])

    (letter,) = await published(journal)
    told = dict(letter.headers)
    assert (letter.topic, letter.value) == ("dead-letters", record.value)
    assert told["cogentai.error.topic"] == TOPIC.encode()
    assert told["cogentai.error.offset"] == str(record.offset).encode()


async def snapshot_offset(journal: Journal) -> int | None:
    """Look without taking the partition over."""
    return await journal._reader._run(
        lambda c: c.execute("SELECT snapshot_offset FROM checkpoints").fetchone()[0]
    )
