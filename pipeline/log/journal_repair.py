"""A damaged journal made anew from whatever can still be read of it.

SQLite finds damage page by page. Rows are therefore copied in ranges of their numbers, and a range
that cannot be read is halved until the bad rows stand alone and are left out. The damaged file is
kept beside the new one.

What the outcome is good for: records keep their offsets, and a partition its place, so what was
published is not published again. A snapshot that is lost is made again from the records.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.log.base import LogUnavailableError
from pipeline.log.journal_schema import open_writable, unavailable

_RANGE = 4096
"""Rows that are copied at a time."""

_TABLES = {
    "records": ("offset", "offset, partition, written_at, value"),
    "outputs": ("sequence", "sequence, topic, partition, written_at, key, headers, value"),
    "snapshots": ("partition", "partition, snapshot"),
}
"""Of each table the number of a row, and its columns."""


class Repaired(NamedTuple):
    """What was kept and lost of a table; ``lost`` counts numbers that are known to have been."""

    table: str
    kept: int
    lost: int


def repair(path: Path, partitions: int) -> tuple[list[Repaired], Path]:
    """Make a journal anew; return what was kept, and where the damaged one lies now.

    Parameters
    ----------
    partitions
        How many there are, should the journal itself not tell.

    Raises
    ------
    LogUnavailableError
        If it is no database at all, or a process has it open: then nothing is touched.
    """
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        with closing(_locked(path)) as old:
            places = _places(old)
            with closing(open_writable(new, len(places) or partitions)) as fresh:
                fresh.execute("BEGIN")
                found = [_copy(old, fresh, table) for table in _TABLES]
                fresh.executemany("REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)", places)
                fresh.execute(
                    "UPDATE checkpoints SET snapshot_offset = NULL"
                    " WHERE partition NOT IN (SELECT partition FROM snapshots)"
                )
                _keep_sequences(old, fresh)
                fresh.execute("COMMIT")
                fresh.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    new.rename(path)
    return found, aside


def _locked(path: Path) -> sqlite3.Connection:
    """Open the damaged journal, and make sure that nobody else has it open for writing."""
    if not path.exists():
        raise LogUnavailableError(f"journal {path}: it is not there")
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOTADB}:
            connection.close()
            raise
    return connection


def _places(old: sqlite3.Connection) -> list[tuple[int, ...]]:
    for ahead in ("ahead", "0"):  # which a file of version 1 lacks
        query = f"SELECT partition, owner, applied, snapshot_offset, {ahead} FROM checkpoints"  # noqa: S608 - no input
        with suppress(sqlite3.DatabaseError):
            return old.execute(query).fetchall()
    return []


def _copy(old: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> Repaired:
    number, columns = _TABLES[table]
    marks = ", ".join("?" for _ in columns.split(","))
    last, kept, lost = _last(old, table, number), 0, 0
    for start in range(0, last + 1, _RANGE):
        for rows, bad in _readable(old, table, start, min(start + _RANGE, last + 1)):
            fresh.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - no input
            kept, lost = kept + len(rows), lost + bad
    return Repaired(table, kept, lost)


def _keep_sequences(old: sqlite3.Connection, fresh: sqlite3.Connection) -> None:
    """Let no number be given out again that a lost row has had."""
    for table in ("records", "outputs"):
        last = _last(old, table, _TABLES[table][0])
        if last >= 0:
            fresh.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            fresh.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, last))


def _last(old: sqlite3.Connection, table: str, number: str) -> int:
    """Return the greatest number of a row there may be."""
    for query in (
        f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'",  # noqa: S608 - no input
        f"SELECT max({number}) FROM {table}",  # noqa: S608 - no input
    ):
        try:
            found = old.execute(query).fetchone()
        except sqlite3.DatabaseError:
            continue
        if found is not None and found[0] is not None:
            return int(found[0])
    return -1


def _readable(
    old: sqlite3.Connection, table: str, start: int, end: int
) -> Iterator[tuple[list[tuple[object, ...]], int]]:
    """Yield the rows of a range piece by piece, and how many of a piece cannot be read."""
    number, columns = _TABLES[table]
    query = f"SELECT {columns} FROM {table} WHERE {number} >= ? AND {number} < ?"  # noqa: S608 - no input
    try:
        yield old.execute(query, (start, end)).fetchall(), 0
    except sqlite3.DatabaseError:
        if end - start == 1:
            yield [], 1
            return
        middle = (start + end) // 2
        yield from _readable(old, table, start, middle)
        yield from _readable(old, table, middle, end)
