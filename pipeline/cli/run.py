"""``cogentai run``: everything on one machine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, console, give_up
from pipeline.settings import Settings


@app.command()
def run() -> None:
    """Run ingest, engine and metrics in one process, with a journal on disk. No server needed.

    Events go to POST /v1/events and are in the journal before they are acknowledged. If companies
    on Patchworks are configured, their runs are collected too (cogentai init). Watch the
    alerts with [bold]cogentai alerts --follow[/bold]. Ctrl-C stops it cleanly; it goes on where it
    was.
    """
    from pipeline.cli.service import configure_logging
    from pipeline.collect.place import PlacesUnavailableError
    from pipeline.ingest.server import PortTakenError
    from pipeline.log.base import LogUnavailableError

    configure_logging()
    missing: list[BaseException] = []
    try:
        asyncio.run(_run(Settings.load()))
    except* (LogUnavailableError, PlacesUnavailableError, PortTakenError) as group:
        missing += group.exceptions  # an exit raised here would end up inside a group itself
    if missing:
        give_up(str(missing[0]), ENVIRONMENT_MISSING)


async def _run(settings: Settings) -> None:
    from prometheus_client import CollectorRegistry

    from pipeline.cli.collect import collecting
    from pipeline.cli.service import until_stopped
    from pipeline.health.server import HealthServer
    from pipeline.ingest.app import create_app
    from pipeline.ingest.server import PortTakenError, serving
    from pipeline.log.journal import Journal
    from pipeline.outputs.metrics import EngineMetrics
    from pipeline.worker.embedded import work
    from pipeline.worker.observing import MetricsObserver

    async with AsyncExitStack() as stack:
        journal = await Journal.open(settings.journal)
        stack.push_async_callback(journal.aclose)
        registry = CollectorRegistry()
        observer = MetricsObserver(EngineMetrics(registry, settings.metrics.max_flows))
        host, port = settings.metrics.host, settings.metrics.port
        try:
            health = HealthServer(host, port, registry, lambda: (True, "running"))
        except OSError as error:
            reason = f"cannot listen on {host}:{port}: {error.strerror}"
            raise PortTakenError(reason) from None
        stack.enter_context(health)
        ingest = create_app(settings.ingest, journal)
        url = await stack.enter_async_context(
            serving(ingest, settings.ingest.host, settings.ingest.port)
        )
        console.print(f"events   POST {url}/v1/events")
        console.print(f"metrics  http://{host}:{health.port}/metrics")
        console.print(f"journal  {settings.journal.path}")
        services = [work(journal, settings, [observer])]
        if settings.patchworks:
            poll = await stack.enter_async_context(collecting(settings, journal, registry))
            console.print(f"collects {', '.join(settings.patchworks)} from Patchworks")
            services.append(poll())
        await until_stopped(*services)
