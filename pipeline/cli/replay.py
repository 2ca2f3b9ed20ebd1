"""``cogentai replay``: recorded events into a log."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from pipeline.cli.app import app
from pipeline.cli.console import (
    ENVIRONMENT_MISSING,
    FOUND_TROUBLE,
    PROGRESS_COLUMNS,
    WRONG_USAGE,
    complain,
    console,
    errors,
    give_up,
    print_json,
)
from pipeline.cli.log import LogName, open_log
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.replay.replay import ReplayReport


@app.command()
def replay(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON Lines of events; .gz too.")
    ],
    *,
    to: Annotated[LogName, typer.Option(help="The log to write to.")] = "journal",
    speed: Annotated[
        float, typer.Option(min=0, help="1 as recorded, 60 an hour a minute; 0 at full speed.")
    ] = 0,
    mapping: Annotated[
        str, typer.Option("--map", help="Read a CSV table: time=timestamp,runs.started=value,…")
    ] = "",
    strict: Annotated[bool, typer.Option(help="Stop at the first line that is refused.")] = False,
    restart: Annotated[bool, typer.Option(help="Begin anew instead of going on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as one JSON object.")] = False,
) -> None:
    """Replay recorded events into the journal or Kafka.

    An interrupted replay goes on where it was. Lines that break a contract are reported and passed
    over; then it ends with 1.
    """
    from pipeline.log.base import LogUnavailableError
    from pipeline.replay.replay import StrictReplayError
    from pipeline.replay.tables import MappingError, parse_mapping

    try:
        columns = parse_mapping(mapping) if mapping else None
        pace = speed or math.inf
        report = asyncio.run(_replay(file, to, columns, pace, strict=strict, restart=restart))
    except MappingError as error:
        give_up(str(error), WRONG_USAGE)
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    except StrictReplayError as error:
        give_up(str(error), FOUND_TROUBLE)
    except OSError as error:
        give_up(f"{file.name} cannot be read: {error}", FOUND_TROUBLE)
    except KeyboardInterrupt:
        give_up("interrupted; the same command goes on from here", FOUND_TROUBLE)
    _tell(report, as_json=as_json)
    if report.refused:
        raise typer.Exit(FOUND_TROUBLE)


def _tell(report: ReplayReport, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"events": report.events, "refused": report.refused, "resumed_at": report.resumed_at}
        )
        return
    for refusal in report.refusals:
        complain(refusal)
    went_on = f", after {report.resumed_at:,} lines before" if report.resumed_at else ""
    console.print(f"{report.events:,} events replayed{went_on}; {report.refused:,} lines refused.")
    if report.resumed_at and not report.events:
        console.print("It was replayed before; --restart sends it again.")


async def _replay(
    file: Path,
    to: LogName,
    mapping: Mapping[str, str] | None,
    speed: float,
    *,
    strict: bool,
    restart: bool,
) -> ReplayReport:
    from pipeline.replay.pace import Pace
    from pipeline.replay.replay import Progress as Place
    from pipeline.replay.replay import replay as replay_into
    from pipeline.replay.source import Source

    settings = Settings.load()
    log = await open_log(to, settings)
    try:
        with (
            Source.open(file, mapping) as source,
            Progress(*PROGRESS_COLUMNS, console=errors, transient=True) as bar,
        ):
            task = bar.add_task(file.name, total=len(source))
            where = settings.journal.path.parent / "replay" / f"{file.name}.{to}.json"
            if restart:
                where.unlink(missing_ok=True)
            return await replay_into(
                source,
                log,
                pace=Pace(speed),
                progress=Place(where, source),
                strict=strict,
                on_place=lambda place: bar.update(task, completed=place),
            )
    finally:
        await log.aclose()
