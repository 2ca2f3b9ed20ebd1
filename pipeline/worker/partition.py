"""One partition at work: its engine, its place in the log, and the commits that join the two.

The same for either log. A commit makes durable, at once, what the engine has put out and how far
it has read; now and then it also holds a snapshot. To open a partition is to load the snapshot and
to apply silently what was committed after it, since those outputs are already published.

What comes of a record may be more than one commit should hold: then some commits end in its midst,
without a snapshot, and whoever goes on from there leaves out what they have published.

A snapshot that cannot be used (an older engine wrote it, or it is damaged) costs time, and what was
learned from records that the log no longer holds: all that it does hold are applied anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from pipeline.engine.emissions import Emission
from pipeline.engine.engine import Engine
from pipeline.engine.snapshot import SnapshotError
from pipeline.log.base import NOTHING, Checkpoint, PartitionLog, Record
from pipeline.settings import EngineSettings
from pipeline.worker.portions import Place, Portion, placed

TURN_SECONDS = 0.05
"""Of work after which the event loop gets a turn: answers and Kafka's heartbeats go on."""

_log = structlog.get_logger()


class Observer(Protocol):
    """Whoever looks on: metrics, the demo's picture."""

    def opened(self, partition: Partition) -> None:
        """Take note of a partition that was taken over."""

    def observe(self, partition: int, emissions: Sequence[Emission]) -> None:
        """Take note of emissions that have been committed."""

    def progress(self, partition: Partition) -> None:
        """Take note of where a partition stands after a commit."""

    def forget(self, partition: int) -> None:
        """Take note that a partition was given up."""


class Partition:
    """A partition from open to close.

    Parameters
    ----------
    log
        The partition in the log; owning it is what makes this the only writer of its outputs.
    settings
        The engine's.
    topic
        Name of the events topic, for dead letters to quote.
    observers
        Told of everything committed, in order.
    clock
        Seconds that only rise, to space snapshots. The engine never sees it.
    replaying
        Called now and then while what is published already is applied once more.

    Attributes
    ----------
    applied
        Offset of the last record whose outputs are published; None before the first commit, and
        -1 if that ended in the midst of the first record.
    ahead
        How many emissions of the next record are published already.
    lag
        Records known to lie behind ``applied``.
    leaving
        Whether it was told to :meth:`leave`.
    open_seconds, replay_seconds, commit_seconds
        How long opening (replay included), the silent replay, and the last commit took.
    engine
        The engine, as of ``applied``; further within :meth:`process`.
    """

    def __init__(
        self,
        log: PartitionLog,
        settings: EngineSettings,
        topic: str,
        observers: Sequence[Observer] = (),
        clock: Callable[[], float] = time.monotonic,
        *,
        replaying: Callable[[], None] = lambda: None,
    ) -> None:
        self.log = log
        self.engine = Engine(settings, log.partition)
        self.applied: int | None = None
        self.ahead = 0
        self.lag = 0
        self.open_seconds = self.replay_seconds = self.commit_seconds = 0.0
        self._settings = settings
        self._topic = topic
        self._observers = observers
        self._clock = clock
        self._replaying = replaying
        self._since_snapshot = 0
        self._snapshot_at = clock()
        self._turn_at = time.monotonic()
        self.leaving = False
        self._whole = True

    @property
    def number(self) -> int:
        """Its number."""
        return self.log.partition

    async def open(self) -> None:
        """Take the partition over and bring the engine to where its last commit left it."""
        began = self._clock()
        checkpoint = await self.log.open()
        if checkpoint is not None:
            await self._catch_up(checkpoint)
        self.open_seconds = self._clock() - began
        for observer in self._observers:
            observer.opened(self)

    async def _catch_up(self, checkpoint: Checkpoint) -> None:
        """Load the snapshot, and apply silently what was committed after it."""
        after = checkpoint.snapshot_offset if self._restore(checkpoint.snapshot) else None
        began = self._clock()
        async for records in self.log.replay(after, checkpoint.applied):
            for _ in self.engine.apply_all(records):
                await self._take_turns()
                self._replaying()
            self._since_snapshot += len(records)
            self._replaying()
        self.replay_seconds = self._clock() - began
        self.applied, self.ahead = checkpoint.applied, checkpoint.ahead

    def _restore(self, snapshot: bytes | None) -> bool:
        """Load a snapshot, if there is one that can be used; return whether."""
        if snapshot is None:
            return False
        try:
            self.engine.restore(snapshot)
        except SnapshotError as error:
            instead = "applying anew what the log still holds"
            _log.warning("snapshot not used", partition=self.number, reason=str(error), now=instead)
            self.engine = Engine(self._settings, self.number)
            return False
        return True

    async def process(self, records: Sequence[Record], lag: int = 0) -> None:
        """Apply records and commit what they bring about. Records applied before are passed over.

        Raises
        ------
        FencedError
            If another process has taken the partition over.
        """
        fresh = [r for r in records if self.applied is None or r.offset > self.applied]
        if not fresh or self.leaving:
            return
        self._whole = False
        self._since_snapshot += len(fresh)
        portion = self._portion()
        brought = self.engine.apply_all(fresh)
        for place, emission in placed(self._place.applied, fresh, brought):
            await self._take_turns()  # a window of many flows takes its time, and so do its outputs
            if self.leaving and not portion.emissions:
                return
            if place > self._place:
                portion.add(emission)
            else:  # published by an owner that did not come to the end of the record
                self._replaying()
            if portion.full:
                behind = lag + sum(record.offset > place.applied for record in fresh)
                await self._commit(place, portion, behind)
                portion = self._portion()
        await self._commit(Place(fresh[-1].offset), portion, lag, snapshot=self._snapshot_due())
        self._whole = True

    def leave(self) -> None:
        """Have :meth:`process` end with the commit in hand, be it in the midst of a record."""
        self.leaving = True

    async def close(self) -> None:
        """Leave a fresh snapshot behind, so that the next owner starts at once, and let go.

        There is none to leave in the midst of a record.
        """
        if self.applied is not None and self._since_snapshot and self._whole:
            await self._commit(self._place, self._portion(), self.lag, snapshot=True)
        await self.log.aclose()

    async def _commit(
        self, place: Place, portion: Portion, lag: int, *, snapshot: bool = False
    ) -> None:
        began = self._clock()
        await self.log.commit(
            place.applied,
            portion.outputs,
            self.engine.snapshot() if snapshot else None,  # unnamed, so that the log can let it go
            ahead=place.ahead,
        )
        self.commit_seconds = self._clock() - began
        self.applied, self.ahead = place
        self.lag = lag
        if snapshot:
            self._since_snapshot = 0
            self._snapshot_at = self._clock()
        for observer in self._observers:
            observer.observe(self.number, portion.emissions)
            observer.progress(self)

    @property
    def _place(self) -> Place:
        return Place(NOTHING if self.applied is None else self.applied, self.ahead)

    def _portion(self) -> Portion:
        return Portion(self._topic, self.number)

    async def _take_turns(self) -> None:
        """Let others on the event loop have their turn, once it is time."""
        if time.monotonic() - self._turn_at >= TURN_SECONDS:
            await asyncio.sleep(0)
            self._turn_at = time.monotonic()

    def _snapshot_due(self) -> bool:
        waited = self._clock() - self._snapshot_at >= self._settings.snapshot_seconds
        return waited or self._since_snapshot >= self._settings.snapshot_records
