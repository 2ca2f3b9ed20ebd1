"""``cogentai demo``: the whole engine on a simulated retailer."""

from __future__ import annotations

import asyncio
import math
import secrets
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.console import console
from pipeline.settings import EngineSettings, IngestSettings, JournalSettings, Settings


@app.command()
def demo(
    *,
    speed: Annotated[
        float, typer.Option(min=1, help="Simulated minutes per second of the live part.")
    ] = 30,
    fast: Annotated[bool, typer.Option(help="As fast as the engine goes.")] = False,
    hours: Annotated[float, typer.Option(min=1, help="Simulated hours of the live part.")] = 28,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 1,
    picture: Annotated[Path, typer.Option(help="Where to leave the picture.")] = Path("demo.png"),
) -> None:
    """Watch a simulated retailer being learned, disturbed and explained.

    A dozen flows are taught from 15 days of history. Then time runs on, through the real HTTP
    ingest, while faults are injected; each alert appears beside the fault that caused it. At the
    end: what was found, what was missed, and a picture. Needs no server; Ctrl-C ends it cleanly.
    """
    asyncio.run(_demo(math.inf if fast else speed, hours, seed, picture))


async def _demo(speed: float, hours: float, seed: int, picture: Path) -> None:
    from pipeline.ingest.admission import admit
    from pipeline.ingest.app import create_app
    from pipeline.ingest.server import serving
    from pipeline.log.journal import Journal
    from pipeline.simulator.client import ingest
    from pipeline.simulator.demo import Seams, latest_start, run_demo, stop_on_interrupt
    from pipeline.simulator.feed import Feed
    from pipeline.simulator.scenario import Scenario
    from pipeline.worker.embedded import work
    from schemas.decode import split_batch

    token = secrets.token_urlsafe(24)
    scenario = Scenario.draw(latest_start(datetime.now(UTC), hours), live_hours=hours, seed=seed)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cogentai-demo-")))
        settings = Settings(
            engine=EngineSettings(lateness_seconds=0),  # the simulator sends in order
            ingest=IngestSettings(
                port=0,
                tokens={"simulator": token},
                heartbeat_seconds=0,
                requests_per_second=10_000,
                max_batch_events=10_000,
            ),
            journal=JournalSettings(path=folder / "journal.db"),
        )
        journal = await Journal.open(settings.journal)
        stack.push_async_callback(journal.aclose)
        edge = create_app(settings.ingest, journal)
        url = await stack.enter_async_context(serving(edge, "127.0.0.1", 0))
        post = await stack.enter_async_context(ingest(url, token))

        async def backfill(body: bytes) -> None:
            await journal.append(admit(split_batch(body), settings.ingest, scenario.start))

        feed = Feed()
        working = asyncio.create_task(work(journal, settings, [feed]))
        working.add_done_callback(lambda _: feed.close())
        stack.push_async_callback(_stop, working)
        with stop_on_interrupt() as stop:
            await run_demo(
                scenario,
                Seams(backfill, post, aiter(feed)),
                console,
                stop=stop,
                minutes_per_second=speed,
                picture=picture,
            )


async def _stop(task: asyncio.Task[None]) -> None:
    if task.cancel():
        await asyncio.gather(task, return_exceptions=True)
    else:
        await task  # it ended by itself: whatever it raises is why
