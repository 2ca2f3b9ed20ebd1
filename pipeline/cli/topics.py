"""``cogentai topics``: what the Kafka cluster must have."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.console import (
    ENVIRONMENT_MISSING,
    FOUND_TROUBLE,
    WRONG_USAGE,
    console,
    give_up,
    print_json,
)
from pipeline.settings import Settings

topics = typer.Typer(no_args_is_help=True, help="Create and check the topics on Kafka.")
app.add_typer(topics, name="topics")


@topics.command()
def apply(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare; create nothing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per difference.")
    ] = False,
) -> None:
    """Create the topics that are missing, and say what differs in those that exist.

    Nothing is ever shrunk, altered or deleted. Ends with 1 if something differs.
    """
    from pipeline.log.base import LogUnavailableError
    from pipeline.log.topics import apply as create
    from pipeline.log.topics import check as compare

    settings = Settings.load().kafka
    try:
        differences = compare(settings) if check else create(settings).differences
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    for found in differences:
        if as_json:
            print_json(asdict(found))
        else:
            actual = "missing" if found.found is None else f"is {found.found}"
            console.print(f"{found.topic}: {found.setting} {actual}, should be {found.expected}")
    if differences:
        raise typer.Exit(FOUND_TROUBLE)
    if not as_json:
        console.print(f"The topics on {settings.bootstrap} are as they should be.")


@topics.command()
def grow(
    partitions: Annotated[int, typer.Argument(help="The new number: a multiple of the present.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per new partition.")
    ] = False,
) -> None:
    """Give the topics more partitions, and move every flow with all that was learned of it.

    Stop the edges and other producers, let the workers apply what is left, and stop them. Then run
    this with the settings as they are, set kafka.partitions to the new number everywhere, and
    start again. If it breaks off, run it again.
    """
    from pipeline.log.base import FencedError, LogUnavailableError
    from pipeline.worker.growing import GrowthError, Moved
    from pipeline.worker.growing import grow as make_more

    def tell(moved: Moved) -> None:
        if as_json:
            print_json(asdict(moved))
        else:
            console.print(
                f"partition {moved.target}: {moved.flows} flows from partition {moved.source}"
            )

    try:
        asyncio.run(make_more(Settings.load(), partitions, tell))
    except ValueError as error:
        give_up(str(error), WRONG_USAGE)
    except (GrowthError, FencedError) as error:
        give_up(str(error), FOUND_TROUBLE)
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    if not as_json:
        console.print(f"Now set kafka.partitions to {partitions} everywhere, and start again.")
