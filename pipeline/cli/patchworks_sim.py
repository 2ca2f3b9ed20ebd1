"""``cogentai patchworks-sim``: a Patchworks to try the collector on."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, WRONG_USAGE, console, give_up
from pipeline.patchworks_sim.faults import HOSTILE, ORDINARY, UnknownFaultError, parse_faults

if TYPE_CHECKING:
    from pipeline.patchworks_sim.stand_in import StandIn

CATCHES_UP = timedelta(days=1)
"""How far back it begins if its time runs faster than ours: no collector believes a future."""

_FAULTS_HELP = (
    "[bold]all[/bold], [bold]none[/bold], [bold]hostile[/bold], or names with commas between. "
    f"all: {', '.join(ORDINARY)}. hostile: {', '.join(HOSTILE)}."
)


@app.command()
def patchworks_sim(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8310,
    speed: Annotated[
        float,
        typer.Option(min=1, max=600, help="Above 1 it begins a day ago, and so fast catches up."),
    ] = 1,
    companies: Annotated[int, typer.Option(min=1, max=20, help="Tenants, each with a key.")] = 1,
    runs: Annotated[
        float | None, typer.Option(min=1, help="Runs a minute of each company; about 90 if unset.")
    ] = None,
    history: Annotated[
        float, typer.Option(min=0.1, max=168, help="Hours of runs there are from the start.")
    ] = 24,
    faults: Annotated[str, typer.Option(help=_FAULTS_HELP)] = "none",
    seed: Annotated[int, typer.Option(help="Another seed, other companies and faults.")] = 1,
) -> None:
    """Serve a stand-in for the Patchworks Core API, with a simulated retailer behind it.

    It has the endpoints a collector reads, the allowance of 240 requests a minute and the 7 days of
    logs, and on request everything that can go wrong: [bold]--faults all[/bold]. The retailer's own
    troubles are those of [bold]cogentai demo[/bold]; the first begins within half an hour.
    GET /_truth tells what truly happened. Nothing is kept; Ctrl-C ends it.
    """
    try:
        chosen = parse_faults(faults)
    except UnknownFaultError as error:
        give_up(f"--faults: {error}", WRONG_USAGE)
    from pipeline.ingest.server import PortTakenError
    from pipeline.patchworks_sim.clock import RunningClock
    from pipeline.patchworks_sim.company import Company
    from pipeline.patchworks_sim.faults import Faults
    from pipeline.patchworks_sim.stand_in import StandIn

    behind = CATCHES_UP if speed > 1 else timedelta(0)
    start = datetime.now(UTC) - behind
    tenants = [
        Company.draw(
            start, number=n, seed=seed, history_hours=history, live_hours=168, runs_per_minute=runs
        )
        for n in range(companies)
    ]
    with console.status("Drawing what has happened so far"):
        for tenant in tenants:
            tenant.past.reach(round(1000 * start.timestamp()))
    clock = RunningClock(datetime.now(UTC) - behind, speed, catches_up=True)
    stand_in = StandIn(clock, tenants, Faults.named(chosen, start, seed))
    try:
        asyncio.run(_serve(stand_in, port))
    except PortTakenError as error:
        give_up(f"{error}; choose another with --port", ENVIRONMENT_MISSING)


async def _serve(stand_in: StandIn, port: int) -> None:
    from pipeline.cli.service import stop_signal
    from pipeline.ingest.server import serving
    from pipeline.patchworks_sim.app import create_app

    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # torn answers are meant
    async with serving(create_app(stand_in), "127.0.0.1", port, dates=False) as url:
        console.print(f"Core API  {url}/api/v1", soft_wrap=True)
        console.print(f"truth     {url}/_truth", soft_wrap=True)
        for company in stand_in.companies:
            console.print(f"\n[bold]{company.name}[/bold]")
            console.print(f"  API key  {company.api_key}", soft_wrap=True)
            console.print(f"  login    {company.email} {company.password}", soft_wrap=True)
        key = stand_in.companies[0].api_key
        ask = f"curl -H 'Authorization: {key}' '{url}/api/v1/flow-runs?per_page=2'"
        console.print(f"\nSee its latest runs:\n  {ask}", soft_wrap=True)
        with stop_signal() as stopped:
            await stopped.wait()
