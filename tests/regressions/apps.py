"""Processes for these tests: agents in an app with our settings, and workers that are hindered.

Each function is the whole of a process; what it saw it leaves in a file in its working folder.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer

from pipeline.cli.service import configure_logging
from pipeline.settings import Settings
from pipeline.worker.faust_process import FaustProcess, make_app
from pipeline.worker.faust_worker import FaustWorker
from pipeline.worker.partition import Partition

NOTES = Path("notes")
"""What a process says of itself, line by line, in its working folder."""

POISON = b"[250]"
HOLE = range(1000, 1050)
"""Offsets of records that are not delivered, in each partition."""

NOTICED = 1.5
"""Seconds after a failure in which each of Faust's threads has noticed it."""

COMMIT_SECONDS = 0.01
STANDSTILL = 0.2
"""Seconds: ten times what Faust takes to hand a batch over."""


class Waits(msgspec.Struct):
    """How many records an agent had, in how many seconds, and how many of these it stood still."""

    records: int
    seconds: float
    stood: float


def failing() -> None:
    """An agent that fails at one record, if told to."""

    async def agent(stream: Any) -> None:
        async for events in stream.noack_take(100, within=0.1):
            if os.environ.get("FAILS") and any(event.value == POISON for event in events):
                raise ValueError("this one is poison")
            _note(b"".join(event.value + b"\n" for event in events))
            for event in events:
                event.ack()

    _run(agent)


def failing_late() -> None:
    """An agent that fails, and has acknowledged what it had by the time its app stops.

    The cluster is slow to let a consumer go: its thread is not at an end before the app is.
    """
    held: list[Any] = []
    leave = AIOKafkaConsumer.stop

    async def agent(stream: Any) -> None:
        async for events in stream.noack_take(100, within=0.1):
            held.extend(events)
            raise ValueError("these are poison")

    async def acknowledge(*_: Any, **__: Any) -> None:
        await asyncio.sleep(NOTICED)
        for event in held:
            event.ack()

    async def leave_slowly(consumer: AIOKafkaConsumer) -> None:
        await asyncio.sleep(2 * NOTICED)
        await leave(consumer)

    AIOKafkaConsumer.stop = leave_slowly
    _run(agent, acknowledge)


def keeping() -> None:
    """An agent that acknowledges nothing."""

    async def agent(stream: Any) -> None:
        async for events in stream.noack_take(100, within=0.1):
            _note(b"%d\n" % len(events))

    _run(agent)


def counting() -> None:
    """An agent that takes as long for a batch as a quick commit, and notes how long it stands."""

    async def agent(stream: Any) -> None:
        count, stood = 0, 0.0
        began = last = 0.0
        async for events in stream.noack_take(200, within=0.1):
            now = time.monotonic()
            began = began or now
            wait = now - (last or now)
            stood += wait if wait > STANDSTILL else 0
            count += len(events)
            await asyncio.sleep(COMMIT_SECONDS)
            for event in events:
                event.ack()
            last = time.monotonic()
            _note(msgspec.json.encode(Waits(count, last - began, stood)) + b"\n")

    _run(agent)


def passing_over() -> None:
    """A worker that is not given some records, as it may happen around a rebalance."""
    worker = FaustWorker(Settings.load())
    deliver = worker.app.topics.on_message

    async def deliver_others(message: Any) -> None:
        if message.offset in HOLE:
            _note(b"%d\n" % message.offset)
        else:
            await deliver(message)

    worker.app.topics.on_message = deliver_others
    sys.exit(worker.run() is not None)


def slow() -> None:
    """A worker that always has records in hand."""

    class Slow(_Observer):
        def progress(self, partition: Partition) -> None:
            _note(b"%d\n" % partition.number)
            time.sleep(0.2)

    configure_logging(logging.WARNING)
    broke = FaustWorker(Settings.load(), [Slow()]).run()
    sys.exit(str(broke) if broke else 0)


class _Observer:
    def opened(self, partition: Partition) -> None: ...
    def observe(self, partition: int, emissions: Sequence[Any]) -> None: ...
    def forget(self, partition: int) -> None: ...


def _run(agent: Callable[[Any], Any], stopping: Callable[..., Any] | None = None) -> None:
    kafka = Settings.load().kafka
    app = make_app(kafka)
    if stopping:
        app.on_before_shutdown.connect(stopping, weak=False)
    app.agent(app.topic(kafka.events_topic, key_type=bytes, value_type=bytes))(agent)
    sys.exit(FaustProcess(app, _nothing).run() is not None)


def _note(lines: bytes) -> None:
    with NOTES.open("ab") as notes:
        notes.write(lines)


async def _nothing() -> None: ...
