"""The worker on Kafka: a Faust agent consumes, and each partition commits in its own transaction.

Faust assigns partitions and delivers records; it holds no state. One agent takes raw records in
batches and hands them to the partitions they belong to. A partition is opened at its first batch
after an assignment, which fences whoever had it before, and is given up when it is revoked. Any
error ends the process: it starts again where its last commit left it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import structlog

from pipeline.log.base import FencedError, LogUnavailableError, Record
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import Settings
from pipeline.worker.faust_process import FaustProcess, make_app
from pipeline.worker.partition import Observer, Partition

BATCH = 200
"""Records taken at once. Faust's cost is per record and a transaction's per batch (about 5 ms on a
local broker), so a full batch makes commits a small part of the work."""

WITHIN = 0.1
"""Seconds to wait for a batch to fill: the most that batching adds to an alert's way."""

DRAIN_SECONDS = 4.0
"""To finish the batch in hand and leave snapshots behind; Faust then takes three more to stop."""

log = structlog.get_logger()


class FaustWorker:
    """Works off the partitions the group gives to this process.

    Parameters
    ----------
    settings
        The whole.
    observers
        Told of everything committed.
    """

    def __init__(self, settings: Settings, observers: Sequence[Observer] = ()) -> None:
        self._settings = settings
        self._observers = observers
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
        process = FaustProcess(self.app, self._drain)
        return process.run() or self._failure

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
                    current = [e for e in events if self._is_current(e.message)]
                    await self._process([_record(e.message) for e in current])
                    for event in current:
                        event.ack()
        except Exception as error:
            self._failure = error
            raise

    def _is_current(self, message: Any) -> bool:
        """Tell whether a record was fetched under the present assignment.

        A batch may be left over from before a rebalance, when the partition has another owner, or
        the same one to whom the record will be delivered again.
        """
        return (
            not self._stopping
            and message.partition in (self._assigned or ())
            and message.generation_id == self.app.consumer_generation_id
        )

    async def _process(self, records: Sequence[Record]) -> None:
        by_partition: defaultdict[int, list[Record]] = defaultdict(list)
        for record in records:
            by_partition[record.partition].append(record)
        for number, batch in sorted(by_partition.items()):
            partition = await self._open(number)
            batch = await _without_holes(partition, batch)  # noqa: PLW2901 - the same, made whole
            await partition.process(batch, lag=self._behind(batch[-1]))

    async def _open(self, number: int) -> Partition:
        partition = self._partitions.get(number)
        if partition is None:
            kafka = self._settings.kafka
            partition = Partition(
                KafkaPartitionLog(kafka, number),
                self._settings.engine,
                kafka.events_topic,
                self._observers,
            )
            self._partitions[number] = partition  # before it is open, so that it will be closed
            await partition.open()
            log.info("partition opened", partition=number, applied=partition.applied)
        return partition

    def _behind(self, last: Record) -> int:
        """How many records the broker has behind one, as of the last fetch."""
        end = self.app.consumer.highwater(self._place(last.partition))
        return 0 if end is None else max(end - last.offset - 1, 0)
