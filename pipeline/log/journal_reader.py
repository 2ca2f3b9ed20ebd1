"""The reading side of the journal, for the process that writes it and for any other beside it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import msgspec

from pipeline.log.base import Headers, Output, OutputTopic, Record
from pipeline.log.batching import BATCH_HEADERS
from pipeline.log.journal_schema import open_readable, unavailable

T = TypeVar("T")

MAX_READ_BYTES = 8_000_000
"""A read ends early once it holds this much, so that large records do not fill the memory."""

_LAST = 2**63 - 1
_headers = msgspec.msgpack.Decoder(Headers)


class Published(NamedTuple):
    """An output as it lies in the journal."""

    sequence: int
    partition: int
    output: Output
    at: float
    """When it was written, in epoch seconds."""


class JournalReader:
    """Reads records and outputs that have been committed."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-reader")

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the journal at ``path`` for reading only.

        Raises
        ------
        LogUnavailableError
            If there is no journal of this version.
        """
        return cls(path, await asyncio.to_thread(open_readable, path))

    async def read(
        self, partition: int, after: int | None, through: int | None = None, limit: int = 1000
    ) -> list[Record]:
        """Return the next records above ``after`` (None: from the first), at most ``limit``."""

        def work(connection: sqlite3.Connection) -> list[Record]:
            cursor = connection.execute(
                "SELECT offset, value FROM records"
                " WHERE partition = ? AND offset > ? AND offset <= ? ORDER BY offset LIMIT ?",
                (partition, after or 0, _LAST if through is None else through, limit),
            )
            with closing(cursor) as rows:
                return [
                    Record(partition, offset, None, value, BATCH_HEADERS)
                    for offset, value in _within_budget(rows)
                ]

        return await self._run(work)

    async def end(self, partition: int) -> int | None:
        """Return the offset of the partition's last record, if it has any."""

        def work(connection: sqlite3.Connection) -> int | None:
            query = "SELECT max(offset) FROM records WHERE partition = ?"
            return connection.execute(query, (partition,)).fetchone()[0]  # type: ignore[no-any-return]

        return await self._run(work)

    async def outputs(
        self, topic: OutputTopic, after_sequence: int | None, limit: int = 1000
    ) -> list[Published]:
        """Return the next outputs of a topic above ``after_sequence`` (None: from the first)."""

        def work(connection: sqlite3.Connection) -> list[Published]:
            rows = connection.execute(
                "SELECT sequence, partition, key, value, headers, written_at FROM outputs"
                " WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                (topic, after_sequence or 0, limit),
            )
            return [
                Published(seq, part, Output(topic, key, value, _headers.decode(headers)), at)
                for seq, part, key, value, headers, at in rows
            ]

        return await self._run(work)

    async def last_sequence(self) -> int:
        """Return the sequence of the last output of any topic, 0 if there is none."""
        query = "SELECT ifnull(max(sequence), 0) FROM outputs"
        return await self._run(lambda connection: int(connection.execute(query).fetchone()[0]))

    async def aclose(self) -> None:
        """Let go of the file."""
        await asyncio.to_thread(self._thread.shutdown)
        self._connection.close()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work, self._connection)
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error


def _within_budget(rows: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    held = 0
    for row in rows:
        yield row
        held += len(row[1])
        if held >= MAX_READ_BYTES:
            return
