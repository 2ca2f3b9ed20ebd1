"""A journal whose pages are overwritten, made anew from the others."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.log.base import Entry, LogUnavailableError, Output
from pipeline.log.journal import Journal
from pipeline.log.journal_repair import repair
from pipeline.settings import EngineSettings, JournalSettings
from pipeline.worker.partition import Partition
from tests.make import MONDAY, heartbeat, run

PAGE = 4096
MINUTES = 300


def settings(path: Path) -> JournalSettings:
    return JournalSettings(path=path, partitions=1)


async def worked_off(path: Path) -> list[Output]:
    """Apply whatever is there; return all that is published."""
    journal = await Journal.open(settings(path))
    partition = Partition(
        journal.partition(0), EngineSettings(lateness_seconds=0, snapshot_records=100), "journal"
    )
    await partition.open()
    while records := await journal.read(0, partition.applied, limit=50):
        await partition.process(records)
    outputs = await journal.outputs("signals", None, limit=100_000)
    await journal.aclose()
    return [each.output for each in outputs]


async def written(path: Path, minutes: range) -> None:
    journal = await Journal.open(settings(path))
    for m in minutes:
        at = MONDAY + 60 * m
        events = [run(at + 1, flow_id="orders", summary="x" * 200), heartbeat(at + 60)]
        await journal.append([Entry("acme:orders", json.dumps(e).encode()) for e in events])
    await journal.aclose()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    asyncio.run(written(path, range(MINUTES)))
    asyncio.run(worked_off(path))
    return path


def scratch(path: Path, table: str, share: float) -> None:
    """Overwrite a page that holds rows of a table: the leaf so far into it."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path"
        try:
            pages = [page for (page,) in connection.execute(query, (table,))]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite was built without dbstat")
    number = pages[int(share * len(pages))]
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(b"\xff" * PAGE)


def verdict(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])


async def test_all_but_the_damaged_rows_are_kept(path: Path):
    scratch(path, "records", 0.5)
    assert verdict(path) != "ok"

    found, aside = repair(path, 1)

    kept = {table: (kept, lost) for table, kept, lost in found}
    assert kept["outputs"][1] == 0
    assert kept["snapshots"] == (1, 0)
    records, lost = kept["records"]
    assert 0 < lost < 40
    assert records + lost == MINUTES
    assert verdict(path) == "ok"
    assert aside.exists()


async def test_it_goes_on_where_it_was_and_publishes_nothing_twice(path: Path):
    before = await worked_off(path)
    scratch(path, "records", 0.2)
    repair(path, 1)

    await written(path, range(MINUTES, MINUTES + 5))
    after = await worked_off(path)

    assert after[: len(before)] == before
    starts = [json.loads(one.value or b"")[0]["data"]["window_start"] for one in after]
    assert len(set(starts)) == len(starts) == MINUTES + 5


@pytest.mark.parametrize("version", [1, 2])
def test_a_partition_keeps_its_place_whatever_format_the_journal_has(path: Path, version: int):
    with closing(sqlite3.connect(path)) as old:
        old.execute("UPDATE checkpoints SET ahead = 3")
        if version == 1:
            old.execute("ALTER TABLE checkpoints DROP COLUMN ahead")
            old.execute("PRAGMA user_version = 1")
        old.commit()

    repair(path, 1)

    with closing(sqlite3.connect(path)) as new:
        places = new.execute("SELECT applied, snapshot_offset, ahead FROM checkpoints").fetchall()
    assert places == [(MINUTES, MINUTES, 3 if version == 2 else 0)]


async def test_a_number_of_a_lost_record_is_not_given_out_again(path: Path):
    scratch(path, "records", 0.999)
    repair(path, 1)

    await written(path, range(MINUTES, MINUTES + 1))

    journal = await Journal.open(settings(path))
    records = await journal.read(0, None, limit=10_000)
    await journal.aclose()
    assert records[-1].offset == MINUTES + 1


async def test_a_file_that_is_no_database_is_not_touched(tmp_path: Path):
    path = tmp_path / "journal.db"
    path.write_bytes(b"dear diary" * 1000)
    with pytest.raises(LogUnavailableError):
        repair(path, 1)
    assert path.read_bytes() == b"dear diary" * 1000


async def test_a_journal_in_use_is_not_touched(path: Path):
    journal = await Journal.open(settings(path))
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailableError):
        repair(path, 1)
    writer.close()
    await journal.aclose()
    assert verdict(path) == "ok"
