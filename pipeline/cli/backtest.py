"""``cogentai backtest``: what would have fired."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.progress import Progress, ProgressColumn, Task, TaskID
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import (
    FOUND_TROUBLE,
    PROGRESS_COLUMNS,
    WRONG_USAGE,
    complain,
    console,
    errors,
    give_up,
)
from pipeline.settings import EngineSettings, Settings

if TYPE_CHECKING:  # the engine takes a second to import; --help should not
    from pipeline.backtest.labels import Label
    from pipeline.backtest.tally import Tally
    from schemas.alerts import Alert

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%SZ"]


@dataclass(frozen=True)
class _Wanted:
    """What to read, and what to make of it."""

    files: Sequence[Path]
    columns: Mapping[str, str] | None
    engine: EngineSettings
    budgets: Sequence[float]
    since: int | None
    until: int | None
    scores: Path | None
    pictures: Path | None
    as_json: bool


@app.command()
def backtest(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, help="JSON Lines of events; .gz too."),
    ],
    *,
    mapping: Annotated[
        str, typer.Option("--map", help="Read CSV tables: time=timestamp,runs.started=value,…")
    ] = "",
    budget: Annotated[
        float | None,
        typer.Option(min=0.05, max=20, help="False alarms a flow may raise in a week."),
    ] = None,
    budgets: Annotated[
        str, typer.Option(metavar="B,B,…", help="Budgets to count alerts at as well.")
    ] = "0.25,0.5,1,2",
    since: Annotated[
        datetime | None,
        typer.Option(formats=FORMATS, help="Report from here (UTC); learn from what is before."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=FORMATS, help="Read no further than this (UTC).")
    ] = None,
    window_seconds: Annotated[
        int | None, typer.Option(min=1, max=3600, help="Width of a window.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Known incidents: JSON list of flow, start, end, kind.")
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="Write a row per flow, window and signal to this CSV file.")
    ] = None,
    days: Annotated[
        Path | None, typer.Option(help="Write a row per flow, day and budget to this CSV file.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Draw each flow here, and index.html that shows all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per alert.")] = False,
) -> None:
    """Replay history through the engine and say what would have fired.

    The same code that runs live, as fast as it goes; nothing is kept. Every alert is printed as it
    stood when it was raised (with --json also when updated and resolved), then tables by flow, by
    day and by budget. The budget marked * is the one the engine ran with; counts at the others are
    estimated from its scores. With --labels they say how many incidents each would have found.
    """
    from pipeline.backtest.labels import LabelError, read_labels
    from pipeline.replay.tables import MappingError, parse_mapping

    changed = {"alerts_per_flow_week": budget, "window_seconds": window_seconds}
    try:
        known = read_labels(labels) if labels else []
        wanted = _Wanted(
            files,
            parse_mapping(mapping) if mapping else None,
            _engine({name: value for name, value in changed.items() if value is not None}),
            _budgets(budgets),
            _epoch(since),
            _epoch(until),
            scores,
            pictures,
            as_json,
        )
        tally = asyncio.run(_run(wanted))
        _keep(tally, days, pictures)
    except (MappingError, LabelError) as error:
        give_up(str(error), WRONG_USAGE)
    except OSError as error:
        give_up(str(error), FOUND_TROUBLE)
    if not as_json:
        _tell_all(tally, known)
    for refusal in tally.report.refusals:
        complain(refusal)
    if tally.report.refused:
        give_up(f"{tally.report.refused:,} events were refused", FOUND_TROUBLE)


async def _run(wanted: _Wanted) -> Tally:
    from pipeline.backtest.budgets import Budgets
    from pipeline.backtest.pictures import Album
    from pipeline.backtest.tally import Tally
    from pipeline.replay.pace import Pace
    from pipeline.replay.replay import replay
    from pipeline.replay.source import Source
    from pipeline.worker.backtest import EngineLog, ScoreWriter

    with ExitStack() as stack:
        columns = (*PROGRESS_COLUMNS, _Rate())
        bar = stack.enter_context(Progress(*columns, console=errors, transient=True))
        file = wanted.scores and stack.enter_context(wanted.scores.open("w", newline=""))
        tally = Tally(
            Budgets(wanted.engine, wanted.budgets, wanted.since),
            _tell_as_json if wanted.as_json else _tell,
            wanted.since,
            album=Album(wanted.engine.window_seconds) if wanted.pictures else None,
            writer=ScoreWriter(file) if file else None,
        )
        log = EngineLog(wanted.engine, tally.see)
        for path in wanted.files:
            source = stack.enter_context(Source.open(path, wanted.columns, until=wanted.until))
            task = bar.add_task(path.name, total=len(source))
            on_place = functools.partial(_move, bar, task)
            tally.add(path.name, await replay(source, log, pace=Pace(), on_place=on_place))
    return tally


def _tell_as_json(alert: Alert) -> None:
    from pipeline.outputs.render import alert_line

    sys.stdout.write(alert_line(alert) + "\n")


def _tell(alert: Alert) -> None:
    from pipeline.outputs.render import alert_text

    if alert.revision == 0:
        console.print(alert_text(alert))


def _keep(tally: Tally, days: Path | None, pictures: Path | None) -> None:
    """Write the files that are made at the end."""
    from pipeline.backtest.pictures import save
    from pipeline.backtest.summary import write_days

    if days:
        with days.open("w", newline="") as file:
            write_days(tally.budgets, file)
    if pictures and tally.album:
        with errors.status("drawing"):
            page = save(tally.album, tally.alerts, pictures)
        errors.print(f"{page} shows every flow")


def _tell_all(tally: Tally, labels: Sequence[Label]) -> None:
    """Say how it was on the whole; with tables if anything fired, or should have."""
    from pipeline.backtest.summary import by_budget, by_day, by_flow, by_kind

    if labels or any(tally.budgets.onsets.values()):
        console.print(by_flow(tally.budgets, tally.alerts))
        console.print(by_day(tally.budgets))
        console.print(by_budget(tally.budgets, labels))
    if labels:
        console.print(by_kind(tally.budgets, labels))
    hit = {(alert.tenant, alert.flow_id) for alert in tally.alerts}
    console.print(
        f"{tally.report.events:,} events of {len(tally.budgets.flows)} flows: "
        f"{len(tally.alerts)} alerts on {len(hit)} of them."
    )


def _engine(changed: Mapping[str, float]) -> EngineSettings:
    return EngineSettings(**{**Settings.load().engine.model_dump(), **changed})


def _budgets(text: str) -> list[float]:
    try:
        return [
            EngineSettings(alerts_per_flow_week=float(b)).alerts_per_flow_week
            for b in text.split(",")
            if b.strip()
        ]
    except (ValueError, ValidationError):
        give_up(
            f"--budgets must be numbers from 0.05 to 20, such as 0.5,1: not {text}", WRONG_USAGE
        )


def _epoch(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.replace(tzinfo=UTC).timestamp())


class _Rate(ProgressColumn):
    """Lines a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} lines/s" if task.speed else "", style="dim")


def _move(bar: Progress, task: TaskID, place: int) -> None:
    bar.update(task, completed=place)
