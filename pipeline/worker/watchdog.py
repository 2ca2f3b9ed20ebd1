"""The watchdog: ends a worker that has records to apply and commits none.

It trusts nothing that may hang: it has a thread of its own, and asks the cluster itself what there
is to do. A supervisor starts the worker again, and it goes on where its last commit was.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from kafka.errors import KafkaError

from pipeline.engine.emissions import Emission
from pipeline.log.kafka_backlog import Backlog
from pipeline.settings import KafkaSettings
from pipeline.worker.partition import Partition

_LOOKS = 12
"""How often to look in the time after which it bites: it is late by a twelfth of it at most."""


def end_process(reason: str) -> None:
    """End this process at once, whatever hangs in it, with 1 and one line that says why."""
    main = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001 - the only way to see where it hangs
    stack = "".join(traceback.format_stack(main)) if main else ""
    structlog.get_logger().error("worker stopped", reason=reason, stack=stack)
    sys.stderr.write(f"cogentai: worker stopped: {reason}\n")
    sys.stderr.flush()
    os._exit(1)


@dataclass(slots=True)
class _Watched:
    """A partition of this process."""

    next: int | None = None
    """The first offset that is not applied, as far as known."""
    end: int = 0
    """The end of the partition, when last seen."""
    since: float | None = None
    """Since when there has been something to apply, and no commit."""

    @property
    def behind(self) -> int:
        return 0 if self.next is None else max(self.end - self.next, 0)


class Watchdog:
    """Watches over the partitions of this process, as one of their observers.

    Parameters
    ----------
    settings
        The cluster; ``stall_seconds`` is how long a partition may stand still with work to do.
    bite
        Told the reason once it has.
    clock
        Seconds that only rise.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        bite: Callable[[str], None] = end_process,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._bite = bite
        self._clock = clock
        self._every = settings.stall_seconds / _LOOKS
        self._watched: dict[int, _Watched] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()

    def assigned(self, partitions: Collection[int]) -> None:
        """Take note of what the group has given to this process."""
        with self._lock:
            self._watched = {number: _Watched() for number in partitions}

    def opened(self, partition: Partition) -> None:
        """Take note of progress for all: partitions are opened one after the other."""
        self.progress(partition)
        self.replaying()

    def replaying(self) -> None:
        """Take note that one is being opened and comes on: for all, since the others wait."""
        self._start_over()

    def observe(self, partition: int, emissions: Sequence[Emission]) -> None:
        """What was committed is of no interest here."""

    def progress(self, partition: Partition) -> None:
        """Take note of a commit."""
        with self._lock:
            watched = self._watched.get(partition.number)
            if watched is not None and partition.applied is not None:
                watched.next = partition.applied + 1
                watched.since = self._clock() if watched.behind else None

    def forget(self, partition: int) -> None:
        """Take note that a partition was given up, and count on a new assignment to come soon.

        Nobody commits before that. A rebalance that never ends shows by the group's offset.
        """
        with self._lock:
            if partition in self._watched:
                self._watched[partition] = _Watched()

    def _watch(self) -> None:
        with closing(Backlog(self._settings)) as backlog:
            while self._sleep():
                with suppress(KafkaError):  # a cluster that does not answer stops no clock
                    self._look(backlog)
                for number, watched in self._overdue():
                    if self._is_real(backlog, number, watched):
                        self._bite(
                            f"partition {number}: no commit for"
                            f" {self._settings.stall_seconds:g} s, {watched.behind} behind"
                        )

    def _sleep(self) -> bool:
        """Wait for the next look; return whether there is one.

        Whoever sleeps much longer than that was stopped as a whole, and may first catch up.
        """
        began = self._clock()
        ended = self._ended.wait(self._every)
        if self._clock() - began > 2 * self._every:
            self._start_over()
        return not ended

    def _start_over(self) -> None:
        with self._lock:
            for watched in self._watched.values():
                if watched.since is not None:
                    watched.since = self._clock()

    def _look(self, backlog: Backlog) -> None:
        with self._lock:
            now = dict(self._watched)
        ends = backlog.ends(now)
        for number, watched in now.items():
            begin = backlog.committed(number) if watched.next is None else None
            with self._lock:
                watched.next = begin if watched.next is None else watched.next
                watched.end = ends[number]
                if not watched.behind:
                    watched.since = None
                elif watched.since is None:
                    watched.since = self._clock()

    def _overdue(self) -> list[tuple[int, _Watched]]:
        latest = self._clock() - self._settings.stall_seconds
        with self._lock:
            return [
                (number, watched)
                for number, watched in self._watched.items()
                if watched.since is not None and watched.since <= latest
            ]

    def _is_real(self, backlog: Backlog, number: int, watched: _Watched) -> bool:
        """Tell whether there is a record to apply, unless the cluster does not answer."""
        with suppress(KafkaError):
            if backlog.only_markers(number, watched.next or 0, watched.end):
                watched.since = None
                return False
        return (number, watched) in self._overdue()  # still
