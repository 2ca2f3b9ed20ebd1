"""How far a collector has come, in a file that outlives it.

A place is written only after what lies before it has been delivered. So whatever happens between,
the worst is that something is delivered twice, under the same ids.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec

VERSION = 1

_TABLE = """
CREATE TABLE IF NOT EXISTS places (
    tenant TEXT PRIMARY KEY, version INTEGER NOT NULL, saved_at REAL NOT NULL, place BLOB NOT NULL
)"""


class FlowSeen(msgspec.Struct):
    """A flow as it was configured when last looked at."""

    name: str
    enabled: bool
    version: str
    crons: list[str]


class Place(msgspec.Struct):
    """What a collector has to remember of one company.

    Attributes
    ----------
    since
        Where the unbroken stretch begins that has been read.
    told
        The watermark given last: everything before it has been delivered.
    open
        Runs that had not ended, with their start.
    recent
        Runs told of to the end that a list may show again, with their start.
    queued
        Jobs of the queue that have been told of.
    flows
        By id.
    promised
        Runs that schedules promise have been told of up to here.
    tracked
        Tracked data has been read up to here.
    """

    since: datetime
    told: datetime
    open: dict[str, datetime] = {}
    recent: dict[str, datetime] = {}
    queued: list[str] = []
    flows: dict[str, FlowSeen] | None = None
    promised: datetime | None = None
    tracked: datetime | None = None


class PlacesUnavailableError(Exception):
    """The file of places cannot be used."""


class Places:
    """The places of all companies of one process, which nobody else may use meanwhile.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC
    >>> async def example(folder: str) -> Place | None:
    ...     places = Places.open(Path(folder) / "collect.db")
    ...     at = datetime(2026, 3, 2, tzinfo=UTC)
    ...     await places.save("acme", Place(since=at, told=at))
    ...     place = await places.load("acme")
    ...     places.close()
    ...     return place
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(example(folder)).told.year
    2026
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, and create it if it is new.

        Raises
        ------
        PlacesUnavailableError
            If it cannot be opened, or another collector uses it.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                path, timeout=1.0, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise PlacesUnavailableError(f"{path}: {error}") from None
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_TABLE)
        except sqlite3.Error as error:
            connection.close()
            busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            reason = "another collector uses it" if busy else str(error)
            raise PlacesUnavailableError(f"{path}: {reason}") from None
        return cls(connection)

    async def load(self, tenant: str) -> Place | None:
        """Return where a company's collector stands; None before the first time."""

        def work() -> Place | None:
            found = self._connection.execute(
                "SELECT place FROM places WHERE tenant = ? AND version = ?", (tenant, VERSION)
            ).fetchone()
            return None if found is None else msgspec.json.decode(found[0], type=Place)

        async with self._turn:
            return await asyncio.to_thread(work)

    async def save(self, tenant: str, place: Place) -> None:
        """Note where a company's collector stands, durably."""
        row = (tenant, VERSION, time.time(), msgspec.json.encode(place))
        async with self._turn:
            await asyncio.to_thread(
                self._connection.execute, "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", row
            )

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
