"""The worker on Kafka: a Faust agent consumes, and each partition commits in its own transaction.

Faust assigns partitions and delivers records; it holds no state. One agent takes raw records in
batches and hands them to the partitions they belong to. A partition is opened at its first batch
after an assignment, which fences whoever had it before, and is given up when it is revoked. Any
error ends the process: it starts again where its last commit left it.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import faust
import structlog
from mode.supervisors import CrashingSupervisor

from pipeline.log.base import FencedError, Headers, PartitionLog, Record
from pipeline.log.kafka import KafkaPartitionLog
from pipeline.log.security import faust_security
from pipeline.settings import Settings
from pipeline.worker.partition import Observer, Partition

BATCH = 200
"""Records taken at once. Faust's cost is per record and a transaction's per batch (about 5 ms on a
local broker), so a full batch makes commits a small part of the work."""

WITHIN = 0.1
"""Seconds to wait for a batch to fill: the most that batching adds to an alert's way."""

BUFFER = 65_536
"""Records Faust may hold. With its default of 4096 the fetcher falls asleep for whole seconds."""

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
        self._partitions: dict[int, Partition] = {}
        self._lock = asyncio.Lock()
        self._stopping = False
        self.assigned = False
        self.app = self._configure()

    def _configure(self) -> faust.App:
        kafka = self._settings.kafka
        app = faust.App(
            kafka.group,
            broker=[f"kafka://{address}" for address in kafka.bootstrap.split(",")],
            key_serializer="raw",
            value_serializer="raw",
            store="memory://",
            agent_supervisor=CrashingSupervisor,
            stream_wait_empty=False,
            stream_buffer_maxsize=BUFFER,
            consumer_auto_offset_reset="earliest",
            broker_commit_interval=1.0,
            broker_session_timeout=kafka.session_timeout_seconds,
            broker_heartbeat_interval=kafka.session_timeout_seconds / 3,
            topic_allow_declare=False,
            topic_disable_leader=True,
            web_enabled=False,
            worker_redirect_stdouts=False,
            **faust_security(kafka),
        )
        events = app.topic(kafka.events_topic, key_type=bytes, value_type=bytes)
        app.agent(events, concurrency=1)(self._consume)
        app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        app.on_before_shutdown.connect(self._on_shutdown, weak=False)
        return app

    async def _consume(self, stream: Any) -> None:
        async for events in stream.noack_take(BATCH, within=WITHIN):
            async with self._lock:
                if self._stopping:
                    return
                fresh = [event for event in events if self._is_current(event.message)]
                await self._process([event.message for event in fresh])
                for event in fresh:
                    event.ack()

    def _is_current(self, message: Any) -> bool:
        """Tell whether a record was fetched under the present assignment.

        A batch may be left over from before a rebalance. Applying it would move a partition past
        records that are to be delivered again.
        """
        return bool(message.generation_id == self.app.consumer_generation_id)

    async def _process(self, messages: Sequence[Any]) -> None:
        records: defaultdict[int, list[Record]] = defaultdict(list)
        for m in messages:
            headers = _headers(m.headers)
            records[m.partition].append(Record(m.partition, m.offset, m.key, m.value, headers))
        for number, batch in sorted(records.items()):
            await (await self._open(number)).process(batch)

    async def _open(self, number: int) -> Partition:
        partition = self._partitions.get(number)
        if partition is None:
            partition = Partition(
                self._partition_log(number),
                self._settings.engine,
                self._settings.kafka.events_topic,
                self._observers,
            )
            await partition.open()
            self._partitions[number] = partition
            log.info("partition opened", partition=number, applied=partition.applied)
        return partition

    def _partition_log(self, number: int) -> PartitionLog:
        return KafkaPartitionLog(self._settings.kafka, number)

    async def _on_assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        self.assigned = True
        log.info("partitions assigned", partitions=sorted(tp.partition for tp in assigned))

    async def _on_revoked(self, _app: Any, revoked: Any, **_: Any) -> None:
        self.assigned = False
        async with self._lock:
            for number in {tp.partition for tp in revoked} & set(self._partitions):
                partition = self._partitions.pop(number)
                await partition.log.aclose()
                for observer in self._observers:
                    observer.forget(number)

    async def _on_shutdown(self, _app: Any, **_: Any) -> None:
        """Drain: finish the batch in hand, then leave a snapshot of each partition behind."""
        async with self._lock:
            self._stopping = True
            for partition in self._partitions.values():
                try:
                    await partition.close()
                except FencedError:
                    log.warning("partition was taken over", partition=partition.log.partition)
            self._partitions.clear()

    def run(self, ready: Callable[[], None] = lambda: None) -> int:
        """Work until SIGTERM or SIGINT; return the exit code.

        0 after a clean stop, 1 if fenced or broken, with one line on standard error saying why.
        """
        worker = faust.Worker(self.app, loglevel="WARNING", redirect_stdouts=False)
        ready()
        try:
            worker.execute_from_commandline()  # always ends by raising
        except SystemExit as stopped:
            return int(stopped.code or 0)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told in one line
            sys.stderr.write(f"cogentai: worker stopped: {type(error).__name__}: {error}\n")
            return 1


def _headers(headers: Any) -> Headers:
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    return tuple((name, value) for name, value in pairs)
