"""``cogentai ingest``: the HTTP edge in front of Kafka."""

from __future__ import annotations

import asyncio

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, console, give_up
from pipeline.settings import Settings


@app.command()
def ingest() -> None:
    """Take events over HTTP and write them to Kafka.

    A request is acknowledged once every in-sync replica has its events. Run as many as you like;
    give each its own COGENTAI_INGEST__COLLECTOR, since each vouches for what it has taken.
    """
    from pipeline.cli.service import configure_logging
    from pipeline.ingest.server import PortTakenError
    from pipeline.log.base import LogUnavailableError

    configure_logging()
    try:
        asyncio.run(_ingest(Settings.load()))
    except (LogUnavailableError, PortTakenError) as error:
        give_up(str(error), ENVIRONMENT_MISSING)


async def _ingest(settings: Settings) -> None:
    from pipeline.cli.service import stop_signal
    from pipeline.ingest.app import create_app
    from pipeline.ingest.server import serving
    from pipeline.log.kafka import KafkaLog

    log = await KafkaLog.open(settings.kafka)
    try:
        edge = settings.ingest
        async with serving(create_app(edge, log), edge.host, edge.port) as url:
            console.print(f"events   POST {url}/v1/events")
            with stop_signal() as stopped:
                await stopped.wait()
    finally:
        await log.aclose()
