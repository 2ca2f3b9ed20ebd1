from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.log import journal_retention
from pipeline.log.base import Entry, Output
from pipeline.log.journal import Journal

HOUR = timedelta(hours=1)


@pytest.fixture
async def short(open_journal) -> Journal:
    """A journal of two partitions that keeps an hour."""
    return await open_journal(retention_hours=1, partitions=2)


async def write(journal: Journal, age: timedelta = timedelta()) -> None:
    """Write a record to both partitions, as if it were of that age."""
    await journal.append([Entry(None, b"{}")])
    newest = "(SELECT max(offset) - 1 FROM records)"
    await journal._writer.run(
        lambda connection: connection.execute(
            f"UPDATE records SET written_at = written_at - ? WHERE offset >= {newest}",
            (age.total_seconds(),),
        )
    )


async def offsets(journal: Journal, partition: int) -> list[int]:
    return [record.offset for record in await journal.read(partition, after=None)]


async def snapshot_everything(journal: Journal, partition: int, *outputs: Output) -> None:
    log = journal.partition(partition)
    await log.open()
    await log.commit((await offsets(journal, partition))[-1], outputs, snapshot=b"state")


async def test_old_records_that_a_snapshot_holds_are_deleted(short: Journal):
    for age in (3 * HOUR, 2 * HOUR, 0 * HOUR):
        await write(short, age)
    await snapshot_everything(short, 0)
    await snapshot_everything(short, 1)

    assert await short.expire() == 4
    assert await offsets(short, 0) == [5]
    assert await offsets(short, 1) == [6]


async def test_records_above_the_snapshot_stay_whatever_their_age(short: Journal):
    await write(short, 9 * HOUR)
    await snapshot_everything(short, 0)
    await write(short, 9 * HOUR)

    assert await short.expire() == 1
    assert await offsets(short, 0) == [3]
    assert await offsets(short, 1) == [2, 4]


async def test_applied_records_stay_until_a_snapshot_holds_them(short: Journal):
    await write(short, 9 * HOUR)
    log = short.partition(0)
    await log.open()
    await log.commit(1, [])

    assert await short.expire() == 0


async def test_young_records_stay(short: Journal):
    await write(short, 0.9 * HOUR)
    await snapshot_everything(short, 0)

    assert await short.expire() == 0


async def test_old_outputs_are_deleted(short: Journal):
    await write(short)
    await snapshot_everything(short, 0, Output("alerts", None, b"old"))
    await short._writer.run(lambda c: c.execute("UPDATE outputs SET written_at = 0"))
    await snapshot_everything(short, 1, Output("alerts", None, b"new"))

    assert await short.expire() == 1
    assert [p.output.value for p in await short.outputs("alerts", None)] == [b"new"]


async def test_offsets_are_not_given_out_again(short: Journal):
    await write(short, 9 * HOUR)
    await snapshot_everything(short, 0)
    await snapshot_everything(short, 1)
    await short.expire()
    await write(short)

    assert await offsets(short, 0) == [3]


async def test_more_rows_than_one_transaction_deletes_are_deleted(
    short: Journal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(journal_retention, "_ROWS", 3)
    for _ in range(5):
        await write(short, 9 * HOUR)
    await snapshot_everything(short, 0)
    await snapshot_everything(short, 1)

    assert await short.expire() == 10
