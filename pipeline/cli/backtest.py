"""``cogentai backtest``: what would have fired."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TaskID

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
    from pipeline.engine.emissions import Emission
    from pipeline.replay.replay import ReplayReport
    from pipeline.worker.backtest import ScoreWriter
    from schemas.alerts import Alert


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
    scores: Annotated[
        Path | None, typer.Option(help="Write a row per flow, window and signal to this CSV file.")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0.05, max=20, help="False alarms a flow may raise in a week."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per alert.")] = False,
) -> None:
    """Replay history through the engine and say what would have fired.

    The same code that runs live, as fast as it goes; nothing is kept. Every alert is printed as it
    stood when it was raised, updated and resolved.
    """
    from pipeline.replay.tables import MappingError, parse_mapping

    engine = Settings.load().engine
    if budget is not None:
        engine = EngineSettings(**{**engine.model_dump(), "alerts_per_flow_week": budget})
    try:
        columns = parse_mapping(mapping) if mapping else None
        report = asyncio.run(_run(files, columns, scores, engine, as_json=as_json))
    except MappingError as error:
        give_up(str(error), WRONG_USAGE)
    except OSError as error:
        give_up(str(error), FOUND_TROUBLE)
    for refusal in report.refusals:
        complain(refusal)
    if report.refused:
        give_up(f"{report.refused:,} events were refused", FOUND_TROUBLE)


async def _run(
    files: Sequence[Path],
    mapping: Mapping[str, str] | None,
    scores: Path | None,
    engine: EngineSettings,
    *,
    as_json: bool,
) -> ReplayReport:
    from pipeline.replay.pace import Pace
    from pipeline.replay.replay import replay
    from pipeline.replay.source import Source
    from pipeline.worker.backtest import EngineLog, ScoreWriter

    with ExitStack() as stack:
        bar = stack.enter_context(Progress(*PROGRESS_COLUMNS, console=errors, transient=True))
        file = stack.enter_context(scores.open("w", newline="")) if scores else None
        teller = _Teller(ScoreWriter(file) if file else None, as_json=as_json)
        log = EngineLog(engine, teller.see)
        for path in files:
            source = stack.enter_context(Source.open(path, mapping))
            task = bar.add_task(path.name, total=len(source))
            on_place = functools.partial(_move, bar, task)
            teller.add(path.name, await replay(source, log, pace=Pace(), on_place=on_place))
    if not as_json:
        teller.close(len(log.engine.flows))
    return teller.report


class _Teller:
    """Prints what the engine emits as it comes, and keeps the count."""

    def __init__(self, writer: ScoreWriter | None, *, as_json: bool) -> None:
        from pipeline.replay.replay import ReplayReport

        self.report = ReplayReport()
        self._raised: Counter[str] = Counter()
        self._writer = writer
        self._as_json = as_json

    def see(self, emissions: Sequence[Emission]) -> None:
        from pipeline.engine.emissions import DeadLetter
        from pipeline.replay.replay import SHOWN
        from schemas.alerts import Alert

        for emission in emissions:
            if isinstance(emission, Alert):
                self._tell(emission)
            elif isinstance(emission, DeadLetter):
                self.report.refused += 1
                if len(self.report.refusals) < SHOWN:
                    self.report.refusals.append(f"{emission.reason}: {emission.detail}")
        if self._writer:
            self._writer.write(emissions)

    def _tell(self, alert: Alert) -> None:
        from pipeline.outputs.render import alert_line, alert_text

        self._raised[alert.flow_id] += alert.revision == 0
        if self._as_json:
            sys.stdout.write(alert_line(alert) + "\n")
        elif alert.revision == 0:
            console.print(alert_text(alert))

    def add(self, name: str, report: ReplayReport) -> None:
        """Count a file that was read."""
        self.report.events += report.events
        self.report.refused += report.refused
        self.report.refusals += [f"{name}: {words}" for words in report.refusals]

    def close(self, flows: int) -> None:
        """Say how it was on the whole."""
        hit = sum(n > 0 for n in self._raised.values())
        console.print(
            f"{self.report.events:,} events of {flows} flows: "
            f"{self._raised.total()} alerts on {hit} of them."
        )


def _move(bar: Progress, task: TaskID, place: int) -> None:
    bar.update(task, completed=place)
