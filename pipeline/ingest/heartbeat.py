"""The edge's own heartbeat: up to when it has taken in everything that senders had for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from pipeline.log.base import Entry, EventLog, LogUnavailableError
from pipeline.settings import IngestSettings

log = structlog.get_logger()


def heartbeat(collector: str, watermark: datetime, since: datetime) -> Entry:
    """Make a heartbeat: everything between ``since`` and ``watermark`` has been sent."""
    told = watermark.isoformat()
    event = {
        "specversion": "1.0",
        "type": "cogent.collector.heartbeat",
        "source": collector,
        "id": f"hb:{collector}:{told}",
        "time": told,
        "tenant": "*",
        "data": {"collector": collector, "watermark": told, "since": since.isoformat()},
    }
    return Entry(None, msgspec.json.encode(event))


async def beat(
    event_log: EventLog,
    settings: IngestSettings,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Write heartbeats into the log until cancelled.

    The watermark stays ``grace_seconds`` behind the clock. What was sent while this process was
    not there is unknown, so ``since`` is when it began.
    """
    since = clock()
    grace = timedelta(seconds=settings.grace_seconds)
    while True:
        watermark = clock() - grace
        if watermark >= since:
            try:
                await event_log.append([heartbeat(settings.collector, watermark, since)])
            except LogUnavailableError as error:
                log.warning("heartbeat not written", reason=str(error))
            except Exception:
                # Going on matters more than the one heartbeat: without any, the engine is blind.
                log.exception("heartbeat not written")
        await asyncio.sleep(settings.heartbeat_seconds)
