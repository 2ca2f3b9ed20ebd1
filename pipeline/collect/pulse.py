"""The pulse of a process that collects: so that a company it cannot reach is missed.

Nobody in the engine has a clock; a collector is missed on the clock of the others. Where no ingest
edge is at work there may be no other. This heartbeat vouches for no flow.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from pipeline.ingest.heartbeat import heartbeat
from pipeline.log.base import EventLog, LogUnavailableError

NAME = "patchworks"
EVERY = 15.0

log = structlog.get_logger()


async def pulse(event_log: EventLog) -> None:
    """Write heartbeats until cancelled."""
    since = datetime.now(UTC)
    while True:
        try:
            await event_log.append([heartbeat(NAME, datetime.now(UTC), since)])
        except LogUnavailableError as error:
            log.warning("pulse not written", reason=str(error))
        await asyncio.sleep(EVERY)
