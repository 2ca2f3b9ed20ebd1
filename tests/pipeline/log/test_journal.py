from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.log.base import Checkpoint, Entry, LogUnavailableError, Record
from pipeline.log.batching import BATCH_HEADERS
from pipeline.log.journal import Journal
from pipeline.log.journal_reader import JournalReader
from pipeline.log.journal_schema import open_writable
from pipeline.log.partitioner import partition_of


def event(number: int) -> Entry:
    return Entry("acme:orders", json.dumps(number).encode())


def numbers(records: list[Record]) -> list[int]:
    return [number for record in records for number in json.loads(record.value or b"[]")]


async def test_a_record_comes_back_as_it_was_written(journal: Journal):
    await journal.append([event(1), event(2)])

    (record,) = await journal.read(0, after=None)

    assert record == Record(0, 1, None, b"[1,2]", BATCH_HEADERS)


async def test_records_stay_when_the_journal_is_opened_again(open_journal):
    journal = await open_journal()
    await journal.append([event(1)])
    await journal.aclose()

    again = await open_journal()

    assert numbers(await again.read(0, after=None)) == [1]


async def test_appends_at_the_same_time_keep_the_order_they_were_made_in(journal: Journal):
    await asyncio.gather(*(journal.append([event(n)]) for n in range(300)))

    assert numbers(await journal.read(0, after=None)) == list(range(300))


async def test_appends_at_the_same_time_share_few_flushes(journal: Journal):
    commits = 0

    def count(statement: str) -> None:
        nonlocal commits
        commits += statement == "COMMIT"

    await journal._writer.run(lambda connection: connection.set_trace_callback(count))
    await asyncio.gather(*(journal.append([event(n)]) for n in range(300)))

    assert commits < 30


async def test_an_event_goes_to_the_partition_of_its_key(open_journal):
    journal = await open_journal(partitions=4)
    keys = [f"acme:{n}" for n in range(20)]
    await journal.append([Entry(key, json.dumps(key).encode()) for key in keys])

    for partition in range(4):
        (record,) = await journal.read(partition, after=None)
        assert json.loads(record.value) == [k for k in keys if partition_of(k, 4) == partition]


async def test_reading_goes_on_after_an_offset_and_stops_at_the_limit(journal: Journal):
    for number in range(6):
        await journal.append([event(number)])

    first = await journal.read(0, after=None, limit=2)
    then = await journal.read(0, after=first[-1].offset, limit=3)

    assert (numbers(first), numbers(then)) == ([0, 1], [2, 3, 4])


async def test_a_read_ends_early_when_records_are_large(journal: Journal):
    large = b'"' + b"x" * 800_000 + b'"'
    for _ in range(15):
        await journal.append([Entry("acme:orders", large)])

    assert len(await journal.read(0, after=None)) == 10


async def test_waiting_ends_with_the_next_record(journal: Journal):
    await journal.append([event(1)])
    waiting = asyncio.create_task(journal.wait_for_records(0, after=1))
    await asyncio.sleep(0)
    assert not waiting.done()

    await journal.append([event(2)])

    async with asyncio.timeout(0.4):  # below the poll: it was told
        await waiting


async def test_waiting_ends_at_once_when_there_is_a_record(journal: Journal):
    await journal.append([event(1)])

    await journal.wait_for_records(0, after=None)


async def test_a_record_of_another_process_ends_the_waiting(journal: Journal, open_journal):
    waiting = asyncio.create_task(journal.wait_for_records(0, after=None))
    other = await open_journal()

    await other.append([event(1)])

    async with asyncio.timeout(5):
        await waiting


APPEND_UNTIL_KILLED = """
import asyncio, json, sys
from pathlib import Path
from pipeline.log.base import Entry
from pipeline.log.journal import Journal
from pipeline.settings import JournalSettings

async def main():
    journal = await Journal.open(JournalSettings(path=Path(sys.argv[1])))
    for number in range(10**9):
        await journal.append([Entry("acme:orders", json.dumps(number).encode())])
        print(number, flush=True)

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, open_journal):
    acknowledged = append_until_killed(tmp_path / "journal.db")

    kept = numbers(await (await open_journal()).read(0, after=None))

    assert kept[: len(acknowledged)] == acknowledged
    assert kept == list(range(len(kept)))


def append_until_killed(path: Path) -> list[int]:
    command = [sys.executable, "-c", APPEND_UNTIL_KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        acknowledged = [int(process.stdout.readline()) for _ in range(20)]
        process.kill()
        return acknowledged + [int(line) for line in process.stdout]


async def test_an_append_makes_the_file_durable(journal: Journal):
    level = await journal._writer.run(lambda c: c.execute("PRAGMA synchronous").fetchone())

    assert level == (2,)  # FULL


async def test_a_locked_journal_is_unavailable_and_recovers(journal: Journal, tmp_path: Path):
    await _set_busy_timeout(journal, 50)
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LogUnavailableError, match="another process has kept it locked"):
            await journal.append([event(1)])
    finally:
        other.close()

    await journal.append([event(2)])

    assert numbers(await journal.read(0, after=None)) == [2]


async def test_a_full_disk_is_unavailable_and_recovers(journal: Journal):
    await journal.append([event(1)])
    await _set_max_pages(journal, 1)  # no fewer than there are, so: not one more
    with pytest.raises(LogUnavailableError, match="no space is left"):
        await journal.append([Entry("acme:orders", b'"' + b"x" * 100_000 + b'"')])

    await _set_max_pages(journal, 2**31 - 2)
    await journal.append([event(2)])

    assert numbers(await journal.read(0, after=None)) == [1, 2]


async def test_a_journal_keeps_its_number_of_partitions(open_journal):
    await open_journal(partitions=2)

    with pytest.raises(LogUnavailableError, match=r"created with 2 partitions.*partitions is 3"):
        await open_journal(partitions=3)


async def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, open_journal):
    (tmp_path / "journal.db").write_bytes(b"something else, and long enough to look at" * 40)

    with pytest.raises(LogUnavailableError, match="not a database"):
        await open_journal()


async def test_a_journal_of_another_format_is_refused(tmp_path: Path, open_journal):
    with sqlite3.connect(tmp_path / "journal.db") as other:
        other.execute("PRAGMA user_version = 99")
    other.close()

    with pytest.raises(LogUnavailableError, match="format 99"):
        await open_journal()


async def test_a_journal_of_the_first_format_goes_on_where_it_was(tmp_path: Path, open_journal):
    as_in_format_1(tmp_path / "journal.db")

    journal = await open_journal()

    assert await journal.partition(0).open() == Checkpoint(7, 5, b"state", ahead=0)
    assert numbers(await journal.read(0, after=None)) == [1]


async def test_a_journal_of_the_first_format_may_be_read_before_it_is_written(tmp_path: Path):
    as_in_format_1(tmp_path / "journal.db")

    reader = await JournalReader.open(tmp_path / "journal.db")

    assert numbers(await reader.read(0, after=None)) == [1]
    await reader.aclose()


async def test_a_closed_journal_takes_nothing(journal: Journal):
    await journal.aclose()

    with pytest.raises(LogUnavailableError, match="closed"):
        await journal.append([event(1)])


async def test_closing_finishes_what_was_handed_in(open_journal):
    journal = await open_journal()
    appends = [asyncio.create_task(journal.append([event(n)])) for n in range(50)]
    await asyncio.sleep(0)  # they are handed in, and not yet answered
    await journal.aclose()
    await asyncio.gather(*appends)

    assert len(numbers(await (await open_journal()).read(0, after=None))) == 50


def as_in_format_1(path: Path) -> None:
    """Leave a journal as it was before commits could end in the midst of a record."""
    connection = open_writable(path, 1)
    connection.execute("ALTER TABLE checkpoints DROP COLUMN ahead")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("UPDATE checkpoints SET applied = 7, snapshot_offset = 5")
    connection.execute("INSERT INTO snapshots VALUES (0, ?)", (b"state",))
    connection.execute("INSERT INTO records VALUES (5, 0, 0.0, ?)", (b"[1]",))
    connection.close()


async def _set_busy_timeout(journal: Journal, milliseconds: int) -> None:
    await journal._writer.run(lambda c: c.execute(f"PRAGMA busy_timeout = {milliseconds}"))


async def _set_max_pages(journal: Journal, pages: int) -> None:
    await journal._writer.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages}"))
