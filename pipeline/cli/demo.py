"""``cogentai demo``: the whole engine on a simulated retailer."""

from __future__ import annotations

import asyncio
import math
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipeline.cli.app import app
from pipeline.cli.console import console, print_json
from pipeline.settings import EngineSettings, JournalSettings, Settings

if TYPE_CHECKING:
    from pipeline.simulator.scenario import Scenario
    from pipeline.simulator.scorecard import Scorecard


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
    as_json: Annotated[bool, typer.Option("--json", help="Only the score, as JSON.")] = False,
) -> None:
    """Watch a simulated retailer being learned, disturbed and explained.

    A dozen flows are taught from 15 days of history. Then time runs on, in a stand-in for
    Patchworks that the real collector polls, while faults are injected; each alert appears beside
    the fault that caused it. At the end: what was found, what was missed, and a picture. Needs no
    server; Ctrl-C ends it cleanly.
    """
    shown = Console(quiet=True) if as_json else console
    scenario = _scenario(hours, seed)
    card = asyncio.run(_demo(scenario, shown, math.inf if fast else speed, picture))
    if as_json:
        print_json(card.as_dict())


def _scenario(hours: float, seed: int) -> Scenario:
    from pipeline.simulator.demo import latest_start
    from pipeline.simulator.scenario import Scenario

    return Scenario.draw(latest_start(datetime.now(UTC), hours), live_hours=hours, seed=seed)


async def _demo(scenario: Scenario, shown: Console, speed: float, picture: Path) -> Scorecard:
    from pipeline.ingest.admission import admit
    from pipeline.log.journal import Journal
    from pipeline.simulator.by_patchworks import collected, numbered
    from pipeline.simulator.demo import Seams, run_demo, stop_on_interrupt
    from pipeline.simulator.feed import Feed
    from pipeline.worker.embedded import work
    from schemas.decode import split_batch

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cogentai-demo-")))
        settings = Settings(
            engine=EngineSettings(lateness_seconds=0),
            journal=JournalSettings(path=folder / "journal.db"),
        )
        journal = await Journal.open(settings.journal)
        stack.push_async_callback(journal.aclose)
        scenario = numbered(scenario)
        live = await stack.enter_async_context(collected(scenario, journal, folder))

        async def backfill(body: bytes) -> None:
            await journal.append(admit(split_batch(body), settings.ingest, scenario.end))

        feed = Feed()
        working = asyncio.create_task(work(journal, settings, [feed]))
        working.add_done_callback(lambda _: feed.close())
        stack.push_async_callback(_stop, working)
        with stop_on_interrupt() as stop:
            return await run_demo(
                scenario,
                Seams(backfill, live, aiter(feed)),
                shown,
                stop=stop,
                minutes_per_second=speed,
                picture=picture,
            )


async def _stop(task: asyncio.Task[None]) -> None:
    if task.cancel():
        await asyncio.gather(task, return_exceptions=True)
    else:
        await task  # it ended by itself: whatever it raises is why
