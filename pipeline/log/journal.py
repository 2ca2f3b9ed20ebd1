"""The embedded log: a journal in one SQLite file, for one machine.

An event is acknowledged once it is in the file and flushed. A commit of a partition is one
transaction that holds outputs, applied offset and snapshot, so the file is never half way between
two records. Any number of processes may read it meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Self

from pipeline.log import journal_retention
from pipeline.log.base import Entry, OutputTopic, Record
from pipeline.log.batching import Batch, pack
from pipeline.log.group_commit import GroupCommit
from pipeline.log.journal_partition import JournalPartitionLog
from pipeline.log.journal_reader import JournalReader, Published
from pipeline.log.journal_schema import open_writable
from pipeline.settings import JournalSettings

_POLL_SECONDS = 0.5
"""How often a waiting reader looks for records that another process wrote."""


class Journal:
    """An :class:`~pipeline.log.base.EventLog` on one machine, with its reading side.

    Offsets are given out over all partitions together, so within one partition they have holes.

    Examples
    --------
    >>> import asyncio, tempfile, pathlib
    >>> async def example(folder: str) -> bytes | None:
    ...     journal = await Journal.open(JournalSettings(path=pathlib.Path(folder) / "journal.db"))
    ...     await journal.append([Entry("acme:orders", b"{}"), Entry("acme:stock", b"{}")])
    ...     (record,) = await journal.read(0, after=None)
    ...     await journal.aclose()
    ...     return record.value
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(example(folder))
    b'[{},{}]'
    """

    def __init__(
        self, settings: JournalSettings, writer: GroupCommit, reader: JournalReader
    ) -> None:
        self._settings = settings
        self._writer = writer
        self._reader = reader
        self._appended = asyncio.Event()

    @classmethod
    async def open(cls, settings: JournalSettings) -> Self:
        """Open the journal, and create it if it is new.

        Raises
        ------
        LogUnavailableError
            If it cannot be opened, or was created with another number of partitions.
        """
        path = settings.path
        connection = await asyncio.to_thread(open_writable, path, settings.partitions)
        return cls(settings, GroupCommit(path, connection), await JournalReader.open(path))

    @property
    def partitions(self) -> int:
        """How many partitions the journal has."""
        return self._settings.partitions

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write all entries in one transaction, and return once they are durable.

        Raises
        ------
        LogUnavailableError
            If they could not be made durable; then none of them is kept.
        """
        if batches := pack(entries, self.partitions):
            await self._writer.run(partial(_insert, batches))
            self._appended.set()
            self._appended = asyncio.Event()

    def partition(self, number: int) -> JournalPartitionLog:
        """Return a partition, for whoever is to own it."""
        return JournalPartitionLog(number, self._writer, self._reader)

    async def read(self, partition: int, after: int | None, limit: int = 1000) -> list[Record]:
        """Return the next records above ``after`` (None: from the first), at most ``limit``."""
        return await self._reader.read(partition, after, limit=limit)

    async def wait_for_records(self, partition: int, after: int | None) -> None:
        """Return once the partition has a record above ``after``, whichever process wrote it."""
        while True:
            appended = self._appended  # taken before looking, so that no append is missed
            if (await self._reader.end(partition) or 0) > (after or 0):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await appended.wait()

    async def outputs(
        self, topic: OutputTopic, after_sequence: int | None, limit: int = 1000
    ) -> list[Published]:
        """Return the next outputs of a topic above ``after_sequence`` (None: from the first)."""
        return await self._reader.outputs(topic, after_sequence, limit)

    async def expire(self) -> int:
        """Delete what is past its retention and not needed for replay; return how many rows."""
        before = time.time() - self._settings.retention_hours * 3600
        return await journal_retention.expire(self._writer, before)

    async def aclose(self) -> None:
        """Finish what was handed in, and let go of the file."""
        await self._writer.aclose()
        await self._reader.aclose()


def _insert(batches: Sequence[Batch], connection: sqlite3.Connection) -> None:
    now = time.time()
    connection.executemany(
        "INSERT INTO records (partition, written_at, value) VALUES (?, ?, ?)",
        ((batch.partition, now, batch.value) for batch in batches),
    )
