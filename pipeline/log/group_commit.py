"""Group commit: writes that are asked for at the same time share one transaction.

Making a transaction durable costs a disk flush, whatever it holds. So one thread owns the writing
connection, takes all that has queued up while it flushed, and flushes once for all of it.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pipeline.log.base import FencedError, LogUnavailableError
from pipeline.log.journal_schema import unavailable

T = TypeVar("T")

_MAX_GROUP = 1000


class _Job(NamedTuple):
    work: Callable[[sqlite3.Connection], Any]
    done: Future[Any]


class GroupCommit:
    """The one writer of a journal.

    Work runs in the order in which it was handed in. A group is committed whole or not at all.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the work inside a transaction, and return its result once that is durable.

        Work may raise :class:`FencedError`, as long as it has written nothing by then; the others
        of its group are not touched by it.

        Raises
        ------
        LogUnavailableError
            If the transaction failed; nothing of the group was kept.
        """
        if self._closed:
            raise LogUnavailableError(f"journal {self._path}: closed")
        job = _Job(work, Future())
        self._jobs.put(job)
        result: T = await asyncio.wrap_future(job.done)
        return result

    async def aclose(self) -> None:
        """Finish what was handed in, and close the connection."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while group := self._next_group():
            self._commit([job for job in group if job.done.set_running_or_notify_cancel()])
        self._connection.close()

    def _next_group(self) -> list[_Job]:
        """Wait for work and take all there is; nothing once the end has come."""
        group: list[_Job] = []
        while len(group) < _MAX_GROUP:
            try:
                job = self._jobs.get(block=not group)
            except queue.Empty:
                break
            if job is None:
                if group:
                    self._jobs.put(None)  # for the next round
                break
            group.append(job)
        return group

    def _commit(self, group: list[_Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [_attempt(job, self._connection) for job in group]
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever waits must be told
            if self._connection.in_transaction:
                self._connection.rollback()
            known = isinstance(error, sqlite3.Error)
            for job in group:
                job.done.set_exception(unavailable(self._path, error) if known else error)
            return
        for job, result in zip(group, results, strict=True):
            if isinstance(result, FencedError):
                job.done.set_exception(result)
            else:
                job.done.set_result(result)


def _attempt(job: _Job, connection: sqlite3.Connection) -> Any:
    try:
        return job.work(connection)
    except FencedError as error:
        return error
