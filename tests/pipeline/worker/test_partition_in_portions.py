"""One partition at work on a record that brings about more than one commit should hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from pipeline.engine.emissions import Emission
from pipeline.log.base import NOTHING, Record
from pipeline.log.journal import Journal
from pipeline.outputs.encode import encode
from pipeline.settings import JournalSettings
from pipeline.worker import partition as partitions
from pipeline.worker import portions
from pipeline.worker.partition import Partition
from tests.pipeline.worker.outage import (
    BOUND,
    SETTINGS,
    SILENT,
    TOPIC,
    KilledError,
    Mortal,
    appends,
    opened,
    undisturbed,
)

LONG = 3
"""Which record ends the silence."""


class Witness:
    """Writes down the emissions it is told of."""

    def __init__(self) -> None:
        self.told: list[Emission] = []
        self.lag: list[int] = []

    def opened(self, partition: Partition) -> None: ...

    def observe(self, partition: int, emissions: Sequence[Emission]) -> None:
        self.told += emissions

    def progress(self, partition: Partition) -> None:
        self.lag.append(partition.lag)

    def forget(self, partition: int) -> None: ...


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", BOUND)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(JournalSettings(path=tmp_path / "journal.db", partitions=1))
    for entries in appends():
        await journal.append(entries)
    yield journal
    await journal.aclose()


@pytest.fixture
async def records(journal: Journal) -> list[Record]:
    return await journal.read(0, None)


async def broken_off(journal: Journal, records: Sequence[Record], commits: int) -> Mortal:
    """Let an owner die after some commits of all records at once."""
    log = Mortal(journal.partition(0), commits)
    partition = await opened(log)
    with pytest.raises(KilledError):
        await partition.process(records)
    await partition.close()
    return log


async def test_what_one_record_brings_about_is_committed_in_portions(
    journal: Journal, records: list[Record]
) -> None:
    log = Mortal(journal.partition(0))
    partition = await opened(log)
    await partition.process(records)

    before = records[LONG - 1].offset
    aheads = [ahead for applied, ahead, _, _ in log.commits if applied == before]
    assert len(aheads) > 5
    assert aheads == sorted(set(aheads))
    assert aheads[-1] <= SILENT + 2
    assert log.commits[-1][:2] == (records[-1].offset, 0)
    assert (partition.applied, partition.ahead) == (records[-1].offset, 0)
    assert [o for _, _, outputs, _ in log.commits for o in outputs] == undisturbed(records)[0]


async def test_a_commit_holds_no_more_than_the_bound_and_one_emission(
    journal: Journal, records: list[Record]
) -> None:
    log = Mortal(journal.partition(0))
    await (await opened(log)).process(records)

    largest = max(len(output.value or b"") for output in undisturbed(records)[0])
    sizes = [sum(len(o.value or b"") for o in outputs) for _, _, outputs, _ in log.commits]
    assert max(sizes) < BOUND + largest


async def test_no_snapshot_is_taken_in_the_midst_of_a_record(
    journal: Journal, records: list[Record]
) -> None:
    log = Mortal(journal.partition(0))
    eager = SETTINGS.model_copy(update={"snapshot_records": 1})
    await (await opened(log, settings=eager)).process(records)

    *midway, last = [snapshot for _, _, _, snapshot in log.commits]
    assert set(midway) == {None}
    assert last == undisturbed(records)[1]


async def test_closing_in_the_midst_of_a_record_leaves_no_snapshot(
    journal: Journal, records: list[Record]
) -> None:
    first = await opened(journal.partition(0))
    await first.process(records[:2])
    log = await broken_off(journal, records[2:], commits=4)

    assert {snapshot for _, _, _, snapshot in log.commits} == {None}
    checkpoint = await journal.partition(0).open()
    assert checkpoint is not None
    assert (checkpoint.applied, checkpoint.snapshot) == (records[LONG - 1].offset, None)
    assert checkpoint.ahead > 0


async def test_work_that_is_cancelled_leaves_no_snapshot_of_what_is_not_published(
    journal: Journal, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = await opened(log := journal.partition(0))
    await partition.process(records[:1])

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(log, "commit", never)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await partition.process(records[1:2])
    await partition.close()

    heir = await opened(journal.partition(0))
    await heir.process(records)
    assert heir.engine.snapshot() == undisturbed(records)[1]
    assert [r.output for r in await journal.outputs("signals", None)] == [
        output for output in undisturbed(records)[0] if output.topic == "signals"
    ]


async def test_a_snapshot_before_a_record_that_was_begun_keeps_how_much_is_published(
    journal: Journal, records: list[Record]
) -> None:
    await broken_off(journal, records, commits=4)
    idle = await opened(journal.partition(0))
    await idle.close()

    checkpoint = await journal.partition(0).open()
    assert checkpoint is not None
    assert checkpoint.snapshot == undisturbed(records[:LONG])[1]
    assert (checkpoint.snapshot_offset, checkpoint.ahead) == (checkpoint.applied, idle.ahead)
    assert idle.ahead > 0


async def test_broken_off_in_the_midst_of_the_first_record_it_begins_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", 1)
    journal = await Journal.open(JournalSettings(path=tmp_path / "other.db", partitions=1))
    await journal.append([entry for entries in appends() for entry in entries])
    [record] = await journal.read(0, None)
    await broken_off(journal, [record], commits=3)

    heir = await opened(log := Mortal(journal.partition(0)))

    assert (heir.applied, heir.ahead) == (NOTHING, 3)
    assert await journal.read(0, heir.applied) == [record]
    await heir.process([record])
    assert [o for _, _, outputs, _ in log.commits for o in outputs] == undisturbed([record])[0][3:]
    await journal.aclose()


async def test_owners_tell_their_observers_of_each_emission_once(
    journal: Journal, records: list[Record]
) -> None:
    one, other = Witness(), Witness()
    first = await opened(Mortal(journal.partition(0), commits=6), [one])
    with pytest.raises(KilledError):
        await first.process(records)
    second = await opened(journal.partition(0), [other])
    await second.process(records)

    outputs, _ = undisturbed(records)
    before = encode(one.told, topic=TOPIC, partition=0)
    after = encode(other.told, topic=TOPIC, partition=0)
    assert before == outputs[: len(before)]
    assert after == outputs[len(outputs) - len(after) :]
    # the sixth commit was kept, and its owner gone before it could tell
    assert 0 < len(outputs) - len(before) - len(after) < len(outputs) / 5


async def test_lag_tells_of_the_records_of_the_batch_that_are_not_published(
    journal: Journal, records: list[Record]
) -> None:
    witness = Witness()
    await (await opened(journal.partition(0), [witness])).process(records, lag=10)

    behind = len(records) - LONG + 10
    assert behind in witness.lag
    assert witness.lag == sorted(witness.lag, reverse=True)
    assert witness.lag[-1] == 10


async def test_one_that_is_to_leave_ends_with_the_commit_in_hand(
    journal: Journal, records: list[Record]
) -> None:
    class Leaver(Witness):
        def progress(self, partition: Partition) -> None:
            super().progress(partition)
            if partition.ahead > 5:
                partition.leave()

    leaver = await opened(journal.partition(0), [Leaver()])
    await leaver.process(records)
    await leaver.process(records)
    await leaver.close()
    assert leaver.applied == records[LONG - 1].offset

    heir = await opened(journal.partition(0))
    assert heir.ahead == leaver.ahead < SILENT
    await heir.process(records)
    assert [r.output for r in await journal.outputs("signals", None)] == [
        output for output in undisturbed(records)[0] if output.topic == "signals"
    ]


async def test_others_have_their_turn_while_a_record_is_worked_off_and_replayed(
    journal: Journal, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION_BYTES", 10**9)
    monkeypatch.setattr(partitions, "TURN_SECONDS", 0.0)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await (await opened(journal.partition(0))).process(records)
    worked, turns = turns, 0
    await opened(journal.partition(0))
    beside.cancel()
    assert worked > SILENT
    assert turns > SILENT


async def test_leaving_out_what_is_published_is_told_as_replaying(
    journal: Journal, records: list[Record]
) -> None:
    await broken_off(journal, records, commits=6)
    calls: list[None] = []
    heir = Partition(journal.partition(0), SETTINGS, TOPIC, replaying=lambda: calls.append(None))
    await heir.open()
    before, ahead = len(calls), heir.ahead
    await heir.process(records)

    assert len(calls) - before == ahead > 0
