"""Producers that make durable what they are given, and can be stopped whatever the cluster does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from pipeline.log.security import connection
from pipeline.settings import KafkaSettings

REQUEST_TIMEOUT_SECONDS = 10
START_SECONDS = 60.0
"""A broker that was killed takes over 10 s to serve again."""

_MAX_REQUEST_BYTES = 2 * 1024 * 1024  # a dead letter: an original at its limit, and the reason
_MAX_BATCH_BYTES = 512 * 1024  # half of what a topic takes: many small outputs in one request
_STOP_SECONDS = 1.0


async def start_producer(
    settings: KafkaSettings, transactional_id: str | None = None
) -> AIOKafkaProducer:
    """Start an idempotent producer; with a transactional id, shut out its earlier holders.

    Record timestamps stay the time of sending: retention works on them, so event time there would
    have a back-fill deleted as soon as it is written.
    """
    producer = AIOKafkaProducer(
        **connection(settings),
        transactional_id=transactional_id,
        enable_idempotence=True,
        acks="all",
        request_timeout_ms=REQUEST_TIMEOUT_SECONDS * 1000,
        max_request_size=_MAX_REQUEST_BYTES,
        max_batch_size=_MAX_BATCH_BYTES,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            await producer.start()
    except BaseException:
        await stop_producer(producer)
        raise
    return producer


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Flush and stop within seconds.

    An idempotent batch never expires, so without a broker aiokafka would wait for it for ever.
    """
    if not await _within_seconds(producer.flush()):
        await _end(producer._sender.close())  # noqa: SLF001 - there is no public way
        producer._message_accumulator.fail_all(KafkaTimeoutError())  # noqa: SLF001
    await _end(producer.stop())
    await producer.client.close()


async def abort(producer: AIOKafkaProducer) -> None:
    """Abort the transaction if the cluster answers; else its coordinator does so in time."""
    with suppress(KafkaError, AssertionError):  # fenced, or not in a transaction
        await _within_seconds(producer.abort_transaction())


async def _end(work: Coroutine[Any, Any, None]) -> None:
    """Let a producer end; its sender may tell once more what it broke of, being shut out say."""
    with suppress(KafkaError):
        await _within_seconds(work)


async def _within_seconds(work: Coroutine[Any, Any, None]) -> bool:
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await work
    except TimeoutError:
        return False
    return True
