"""The worker on Kafka: a Faust agent consumes, and each partition commits in its own transaction.

Faust assigns partitions and delivers records; it holds no state. One agent takes raw records in
batches and hands them to the partitions they belong to. A partition is opened at its first batch
after an assignment, which fences whoever had it before, and is given up when it is revoked. Any
error ends the process: it starts again where its last commit left it.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition

from pipeline.log.base import FencedError, Headers, LogUnavailableError, Record
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import Settings
from pipeline.worker.faust_process import FaustProcess, make_app
from pipeline.worker.partition import Observer, Partition
from pipeline.worker.watchdog import Watchdog

BATCH = 2_000
"""Records taken at once. Faust's cost is per record and a transaction's per batch (about 20 ms on a
local broker), so a full batch makes commits a small part of the work."""

COMMIT_BYTES = 12_000_000
"""Bytes of records that are applied between two snapshots at most: some forty thousand events. What
they bring about is committed in portions, however much it is."""

WITHIN = 0.03
"""Seconds to wait for a batch to fill: the most that batching adds to an alert's way. With 0.1 a
worker takes 8 % more events (benchmarks.throughput), but alerts may take over a second
(benchmarks.latency)."""

DRAIN_SECONDS = 4.0
"""To finish the commit in hand and leave snapshots behind; Faust then takes three more to stop."""

log = structlog.get_logger()


class FaustWorker:
    """Works off the partitions the group gives to this process.

    Parameters
    ----------
    settings
        The whole.
    observers
        Told of everything committed.
    rebalanced
        Told how many seconds each rebalance took, from giving partitions up to getting some.
    """

    def __init__(
        self,
        settings: Settings,
        observers: Sequence[Observer] = (),
        rebalanced: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._settings = settings
        self._watchdog = Watchdog(settings.kafka)
        self._observers = (*observers, self._watchdog)
        self._rebalanced = rebalanced
        self._revoked_at = time.monotonic()
        self._assigned: frozenset[int] | None = None
        self._partitions: dict[int, Partition] = {}
        self._lock = asyncio.Lock()
        self._stopping = False
        self._failure: Exception | None = None
        self.app = make_app(settings.kafka)
        events = self.app.topic(settings.kafka.events_topic, key_type=bytes, value_type=bytes)
        self.app.agent(events, concurrency=1)(self._consume)
        self.app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        self.app.on_partitions_revoked.connect(self._on_revoked, weak=False)

    def run(self) -> Exception | None:
        """Work until SIGTERM or SIGINT; return what broke it, or None after a clean stop."""
        with self._watchdog:
            broke = FaustProcess(self.app, self._drain).run()
        return self._failure or broke

    def readiness(self) -> tuple[bool, str]:
        """Tell whether the group has given this process its share, even if that is nothing."""
        if self._stopping:
            return False, "stopping"
        if self._assigned is None:
            return False, "the group has not assigned partitions yet"
        return True, f"working on partitions {sorted(self._assigned)}"

    async def _consume(self, stream: Any) -> None:
        try:
            async for events in stream.noack_take(BATCH, within=WITHIN):
                async with self._lock:
                    current = self._current(events)
                    await self._process([_record(e.message) for e in current])
                    for event in current:
                        if self._is_applied(event.message):
                            event.ack()
        except Exception as error:
            self._failure = error
            raise

    def _current(self, events: Sequence[Any]) -> list[Any]:
        """Return those that were fetched under the present assignment.

        A batch may be left over from before a rebalance, when the partition has another owner, or
        the same one to whom the records will be delivered again.
        """
        if self._stopping or self._assigned is None:
            return []
        generation, assigned = self.app.consumer_generation_id, self._assigned
        return [
            event
            for event in events
            if event.message.generation_id == generation and event.message.partition in assigned
        ]

    def _is_applied(self, message: Any) -> bool:
        """Tell whether a record is published wholly; one that was broken off is delivered again."""
        partition = self._partitions.get(message.partition)
        applied = None if partition is None else partition.applied
        return applied is not None and message.offset <= applied

    async def _process(self, records: Sequence[Record]) -> None:
        by_partition: defaultdict[int, list[Record]] = defaultdict(list)
        for record in records:
            by_partition[record.partition].append(record)
        work = []
        for number, batch in sorted(by_partition.items()):
            partition = await self._open(number)
            work.append(_work_off(partition, batch, self._behind(batch[-1])))
        # While one waits for its transaction another is at work.
        for broke in await asyncio.gather(*work, return_exceptions=True):
            if broke is not None:
                raise broke

    async def _open(self, number: int) -> Partition:
        partition = self._partitions.get(number)
        if partition is None:
            kafka = self._settings.kafka
            partition = Partition(
                KafkaPartitionLog(kafka, number),
                self._settings.engine,
                kafka.events_topic,
                self._observers,
                replaying=self._watchdog.replaying,
            )
            self._partitions[number] = partition  # before it is open, so that it will be closed
            await partition.open()
            log.info("partition opened", partition=number, applied=partition.applied)
        return partition

    def _behind(self, last: Record) -> int:
        """How many records the broker has behind one, as of the last fetch."""
        end = self.app.consumer.highwater(self._place(last.partition))
        return 0 if end is None else max(end - last.offset - 1, 0)

    def _place(self, number: int) -> TopicPartition:
        return TopicPartition(self._settings.kafka.events_topic, number)

    async def _on_assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        self._assigned = frozenset(place.partition for place in assigned)
        self._watchdog.assigned(self._assigned)
        self._rebalanced(time.monotonic() - self._revoked_at)
        log.info("partitions assigned", partitions=sorted(self._assigned))

    async def _on_revoked(self, _app: Any, _revoked: Any, **_: Any) -> None:
        """Let go of everything: a rebalance takes all partitions first, and then gives some."""
        self._assigned = None
        self._revoked_at = time.monotonic()
        self._leave()
        async with self._lock:
            await self._let_go()

    async def _drain(self) -> None:
        """Finish the commit in hand and leave snapshots behind, while still in the group."""
        self._stopping = True
        self._leave()
        try:
            async with asyncio.timeout(DRAIN_SECONDS), self._lock:
                if self._failure is None:
                    await asyncio.gather(*(p.close() for p in self._partitions.values()))
        except (TimeoutError, FencedError, LogUnavailableError) as error:
            # Nothing is lost by it: whoever opens the partition next replays a little more.
            log.warning("left without a last snapshot", reason=str(error) or "out of time")
        await self._let_go()

    def _leave(self) -> None:
        """Have what is at work come to an end soon, whatever a record brings about."""
        for partition in self._partitions.values():
            partition.leave()

    async def _let_go(self) -> None:
        partitions, self._partitions = self._partitions, {}
        await asyncio.gather(*(partition.log.aclose() for partition in partitions.values()))
        for observer in self._observers:
            for number in partitions:
                observer.forget(number)


def _record(message: Any) -> Record:
    pairs = message.headers
    headers = pairs.items() if isinstance(pairs, Mapping) else pairs or ()
    kept: Headers = tuple((name, value) for name, value in headers)
    return Record(message.partition, message.offset, message.key, message.value, kept)


async def _work_off(partition: Partition, batch: list[Record], behind: int) -> None:
    """Apply records and commit, as many at a time as a transaction takes."""
    last = batch[-1].offset
    async for records in _without_holes(partition, batch):
        for piece in _pieces(records):
            await partition.process(piece, lag=behind + last - piece[-1].offset)
            if partition.leaving:
                return


async def _without_holes(
    partition: Partition, records: list[Record]
) -> AsyncIterator[list[Record]]:
    """Yield the records, with those that lie before and between them read from the log.

    Usually there are none. But around a rebalance Faust may drop records that it has fetched and
    go on behind them, and the group's offset may be ahead of ours; ours decides.
    """
    applied = partition.applied
    fresh = [r for r in records if applied is None or r.offset > applied]
    if not fresh or len(fresh) == fresh[-1].offset - (-1 if applied is None else applied):
        yield fresh
        return
    async for page in partition.log.replay(applied, fresh[-1].offset):
        yield page


def _pieces(records: list[Record]) -> Iterator[list[Record]]:
    piece: list[Record] = []
    size = 0
    for record in records:
        piece.append(record)
        size += len(record.value or b"")
        if size >= COMMIT_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
