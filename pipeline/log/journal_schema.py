"""The journal's file: its tables, and how a connection to it is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pipeline.log.base import LogUnavailableError

VERSION = 2
"""Of the file. 2 has ``checkpoints.ahead``; a file of 1 is given it when it is opened for writing,
and may be read as it is: who only reads looks at records and outputs."""
BUSY_SECONDS = 5.0
"""How long a write waits for another process's before it gives up."""

# Offsets and sequences are rowids that never come back (AUTOINCREMENT), so an index on the
# partition or topic alone is already ordered by them. A large value lives at the end of its row,
# and a snapshot in a table of its own: a commit without one must not rewrite it.
_TABLES = (
    """
    CREATE TABLE records (
        offset INTEGER PRIMARY KEY AUTOINCREMENT,
        partition INTEGER NOT NULL,
        written_at REAL NOT NULL,
        value BLOB NOT NULL
    )""",
    "CREATE INDEX records_by_partition ON records (partition)",
    """
    CREATE TABLE outputs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        partition INTEGER NOT NULL,
        written_at REAL NOT NULL,
        key BLOB,
        headers BLOB NOT NULL,
        value BLOB
    )""",
    "CREATE INDEX outputs_by_topic ON outputs (topic)",
    """
    CREATE TABLE checkpoints (
        partition INTEGER PRIMARY KEY,
        owner INTEGER NOT NULL DEFAULT 0,
        applied INTEGER,
        snapshot_offset INTEGER,
        ahead INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE TABLE snapshots (partition INTEGER PRIMARY KEY, snapshot BLOB NOT NULL)",
)


def open_writable(path: Path, partitions: int) -> sqlite3.Connection:
    """Open the journal for reading and writing; create it if it is new, bring it on if it is old.

    Raises
    ------
    LogUnavailableError
        If the file cannot be opened, is no journal of this version, or was created with another
        number of partitions.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(path, "rwc")
    except (OSError, sqlite3.Error) as error:
        raise unavailable(path, error) from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # an acknowledged event survives power loss
        connection.execute("PRAGMA journal_size_limit = 67108864")  # shrink the WAL after a burst
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == 0:
            _create(connection, partitions)
        elif _version(connection) == 1:
            _bring_on(connection)
        connection.execute("COMMIT")
        _check(connection, path, partitions)
    except sqlite3.Error as error:
        connection.close()
        raise unavailable(path, error) from error
    except LogUnavailableError:
        connection.close()
        raise
    return connection


def open_readable(path: Path) -> sqlite3.Connection:
    """Open the journal for reading only, beside whoever writes it.

    Raises
    ------
    LogUnavailableError
        If there is no journal of this version.
    """
    try:
        connection = _connect(path, "ro")
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    try:
        _check(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise unavailable(path, error) from error
    except LogUnavailableError:
        connection.close()
        raise
    return connection


def unavailable(path: Path, error: Exception) -> LogUnavailableError:
    """Say in plain words why the journal cannot be used.

    Examples
    --------
    >>> unavailable(Path("journal.db"), sqlite3.OperationalError("disk I/O error"))
    LogUnavailableError('journal journal.db: disk I/O error')
    """
    reason = {
        sqlite3.SQLITE_BUSY: f"another process has kept it locked for {BUSY_SECONDS:g} s",
        sqlite3.SQLITE_FULL: "no space is left for it",
        sqlite3.SQLITE_CANTOPEN: "it is not there, or may not be opened",
    }.get(getattr(error, "sqlite_errorcode", -1), str(error))
    return LogUnavailableError(f"journal {path}: {reason}")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # transactions are begun and ended by name
        check_same_thread=False,  # opened and closed where its one user is not
    )


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _create(connection: sqlite3.Connection, partitions: int) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    rows = ((partition,) for partition in range(partitions))
    connection.executemany("INSERT INTO checkpoints (partition) VALUES (?)", rows)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _bring_on(connection: sqlite3.Connection) -> None:
    """Make a file of version 1 one of version 2."""
    connection.execute("ALTER TABLE checkpoints ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _check(connection: sqlite3.Connection, path: Path, partitions: int | None = None) -> None:
    version = _version(connection)
    if not 1 <= version <= VERSION:
        raise LogUnavailableError(f"journal {path}: format {version}, but this reads {VERSION}")
    (found,) = connection.execute("SELECT count(*) FROM checkpoints").fetchone()
    if partitions not in (None, found):
        raise LogUnavailableError(
            f"journal {path}: it was created with {found} partitions, and journal.partitions is"
            f" {partitions}; a flow must not change its partition, so start a new journal instead"
        )
