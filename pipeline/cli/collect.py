"""``cogentai collect``: flow runs out of the Patchworks API into a log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.progress import Progress as ProgressBar
from rich.progress import TaskID

from pipeline.cli.app import app
from pipeline.cli.console import (
    ENVIRONMENT_MISSING,
    PROGRESS_COLUMNS,
    WRONG_USAGE,
    console,
    errors,
    give_up,
)
from pipeline.cli.log import LogName, open_log
from pipeline.settings import Settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from pipeline.collect.collector import Progress
    from pipeline.log.base import EventLog

LONG_WAY = timedelta(minutes=10)
"""What is further back than this is caught up with behind a progress bar."""


@app.command()
def collect(
    *,
    to: Annotated[
        str, typer.Option(help="journal, kafka, or the URL of an ingest such as http://edge:8080.")
    ] = "journal",
) -> None:
    """Collect flow runs from Patchworks, for every company in the settings.

    It asks the Core API every 15 seconds for what has happened, within its budget of requests, and
    first for up to 7 days that have been. It goes on where it was after a stop of any kind.
    [bold]cogentai init[/bold] writes the settings it needs; [bold]cogentai run[/bold] collects by
    itself.
    """
    from pipeline.cli.service import configure_logging
    from pipeline.collect.place import PlacesUnavailableError
    from pipeline.ingest.server import PortTakenError
    from pipeline.log.base import LogUnavailableError

    if to not in {"journal", "kafka"} and not to.startswith(("http://", "https://")):
        give_up("--to takes journal, kafka or the URL of an ingest", WRONG_USAGE)
    settings = Settings.load()
    if not settings.patchworks:
        give_up("no company is configured: run cogentai init", ENVIRONMENT_MISSING)
    configure_logging()
    try:
        asyncio.run(_collect(settings, to))
    except (LogUnavailableError, PlacesUnavailableError, PortTakenError) as error:
        give_up(str(error), ENVIRONMENT_MISSING)


async def _collect(settings: Settings, to: str) -> None:
    from prometheus_client import CollectorRegistry

    from pipeline.cli.service import until_stopped
    from pipeline.collect.pulse import pulse
    from pipeline.health.server import HealthServer
    from pipeline.ingest.server import PortTakenError

    registry = CollectorRegistry()
    host, port = settings.metrics.host, settings.metrics.port
    try:
        health = HealthServer(host, port, registry, lambda: (True, "collecting"))
    except OSError as error:
        raise PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    event_log = await _open(to, settings)
    try:
        with health:
            console.print(f"events   {to}")
            console.print(f"metrics  http://{host}:{health.port}/metrics")
            async with collecting(settings, event_log, registry, buries="//" not in to) as work:
                await until_stopped(work(), pulse(event_log))
    finally:
        await event_log.aclose()


async def _open(to: str, settings: Settings) -> EventLog:
    if to in {"journal", "kafka"}:
        return await open_log(cast("LogName", to), settings)
    from pipeline.collect.push import IngestLog

    token = settings.collect.ingest_token
    return await IngestLog.open(to, None if token is None else token.get_secret_value())


@asynccontextmanager
async def collecting(
    settings: Settings, event_log: EventLog, registry: CollectorRegistry, *, buries: bool = True
) -> AsyncIterator[Callable[[], Coroutine[Any, Any, None]]]:
    """Give what polls every company of the settings until it is cancelled.

    Raises
    ------
    PlacesUnavailableError
        If another process collects already.
    """
    from pipeline.collect.clock import Clock
    from pipeline.collect.metrics import CollectMetrics
    from pipeline.collect.place import Places
    from pipeline.collect.service import collect as poll

    places = Places.open(settings.collect.path)
    bar = ProgressBar(*PROGRESS_COLUMNS, console=errors, transient=True)
    try:
        yield lambda: poll(
            settings.patchworks,
            event_log,
            places,
            CollectMetrics(registry),
            limits=settings.ingest,
            clock=Clock(),
            buries=buries,
            progress=lambda tenant: _shown(bar, tenant),
        )
    finally:
        bar.stop()
        places.close()


def _shown(bar: ProgressBar, tenant: str) -> Progress:
    """Show how far a long way has come, in minutes of history."""
    task: TaskID | None = None

    def show(start: datetime, done: datetime, end: datetime) -> None:
        nonlocal task
        if task is None and end - done > LONG_WAY:
            bar.start()
            task = bar.add_task(f"{tenant}: catching up, minutes")
        if task is not None:
            minutes = (int((at - start).total_seconds() // 60) for at in (end, done))
            bar.update(task, total=next(minutes), completed=next(minutes))
            if done >= end:
                bar.remove_task(task)
                task = None
                if not bar.tasks:
                    bar.stop()

    return show
