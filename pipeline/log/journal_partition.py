"""One partition of the journal in the hands of the process that owns it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial

import msgspec

from pipeline.log.base import Checkpoint, FencedError, Output, Record
from pipeline.log.group_commit import GroupCommit
from pipeline.log.journal_reader import JournalReader


class JournalPartitionLog:
    """A :class:`~pipeline.log.base.PartitionLog` in the journal.

    Each opening takes a new owner number. A commit names the owner it was made for, and finds
    nothing to update once another has opened the partition.
    """

    def __init__(self, partition: int, writer: GroupCommit, reader: JournalReader) -> None:
        self._partition = partition
        self._writer = writer
        self._reader = reader
        self._owner: int | None = None

    @property
    def partition(self) -> int:
        """Its number."""
        return self._partition

    async def open(self) -> Checkpoint | None:
        """Take ownership, shutting out any earlier owner, and return the last checkpoint.

        Raises
        ------
        LogUnavailableError
            If the journal cannot be written.
        """
        self._owner, checkpoint = await self._writer.run(partial(_open, self._partition))
        return checkpoint

    async def replay(self, after: int | None, through: int | None) -> AsyncIterator[list[Record]]:
        """Yield the records above ``after`` (None: from the first) up to ``through`` (the last)."""
        while records := await self._reader.read(self._partition, after, through):
            yield records
            after = records[-1].offset

    async def commit(
        self,
        applied: int,
        outputs: Sequence[Output],
        snapshot: bytes | None = None,
        *,
        ahead: int = 0,
    ) -> None:
        """Write outputs, applied offset and snapshot in one transaction.

        Raises
        ------
        FencedError
            If another owner has opened the partition since, or this one has not.
        LogUnavailableError
            If the journal cannot be written; then nothing of the commit is kept.
        """

        def work(connection: sqlite3.Connection) -> None:
            _advance(connection, self._partition, self._owner, applied, ahead)
            _publish(connection, self._partition, outputs)
            if snapshot is not None:
                _keep(connection, self._partition, applied, snapshot)

        await self._writer.run(work)

    async def aclose(self) -> None:
        """Give the partition up: this owner commits no more."""
        self._owner = None


def _open(partition: int, connection: sqlite3.Connection) -> tuple[int, Checkpoint | None]:
    ((owner, applied, snapshot_offset, ahead),) = connection.execute(
        "UPDATE checkpoints SET owner = owner + 1 WHERE partition = ?"
        " RETURNING owner, applied, snapshot_offset, ahead",
        (partition,),
    ).fetchall()
    if applied is None:
        return owner, None
    found = connection.execute("SELECT snapshot FROM snapshots WHERE partition = ?", (partition,))
    (snapshot,) = found.fetchone() or (None,)
    return owner, Checkpoint(applied, snapshot_offset, snapshot, ahead)


def _advance(
    connection: sqlite3.Connection, partition: int, owner: int | None, applied: int, ahead: int
) -> None:
    updated = connection.execute(
        "UPDATE checkpoints SET applied = ?, ahead = ? WHERE partition = ? AND owner = ?",
        (applied, ahead, partition, owner),
    )
    if updated.rowcount == 0:
        raise FencedError(f"partition {partition} of the journal has another owner")


def _publish(connection: sqlite3.Connection, partition: int, outputs: Sequence[Output]) -> None:
    now = time.time()
    connection.executemany(
        "INSERT INTO outputs (topic, partition, written_at, key, headers, value)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (out.topic, partition, now, out.key, msgspec.msgpack.encode(out.headers), out.value)
            for out in outputs
        ),
    )


def _keep(connection: sqlite3.Connection, partition: int, applied: int, snapshot: bytes) -> None:
    connection.execute(
        "UPDATE checkpoints SET snapshot_offset = ? WHERE partition = ?", (applied, partition)
    )
    connection.execute(
        "INSERT OR REPLACE INTO snapshots (partition, snapshot) VALUES (?, ?)",
        (partition, snapshot),
    )
