"""What commands that serve have in common: logging, stopping on a signal, metrics."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from pipeline.ingest.redact import redact_log


def configure_logging(level: int = logging.INFO) -> None:
    """Write one JSON object a line to standard error, without secrets."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact_log,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def until_stopped(*services: Coroutine[Any, Any, None]) -> None:
    """Run services until SIGINT or SIGTERM; then cancel them and wait until they have finished.

    If one of them ends or fails, the others are stopped too, and its error is raised.
    """
    with stop_signal() as stopped:
        tasks = [asyncio.create_task(service) for service in services]
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in [*tasks, waiting]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result


@contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """Give an event that is set by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
