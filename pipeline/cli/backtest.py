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
    from pipeline.engine.emissions import DeadLetter
    from pipeline.outputs.render import alert_line, alert_text
    from pipeline.replay.pace import Pace
    from pipeline.replay.replay import SHOWN, ReplayReport, replay
    from pipeline.replay.source import Source
    from pipeline.worker.backtest import EngineLog, ScoreWriter
    from schemas.alerts import Alert

    whole = ReplayReport()
    raised: Counter[str] = Counter()
    with ExitStack() as stack:
        bar = stack.enter_context(Progress(*PROGRESS_COLUMNS, console=errors, transient=True))
        file = stack.enter_context(scores.open("w", newline="")) if scores else None
        writer = ScoreWriter(file) if file else None

        def see(emissions: Sequence[Emission]) -> None:
            for alert in (e for e in emissions if isinstance(e, Alert)):
                raised[alert.flow_id] += alert.revision == 0
                if as_json:
                    sys.stdout.write(alert_line(alert) + "\n")
                elif alert.revision == 0:
                    console.print(alert_text(alert))
            for letter in (e for e in emissions if isinstance(e, DeadLetter)):
                whole.refused += 1
                if len(whole.refusals) < SHOWN:
                    whole.refusals.append(f"{letter.reason}: {letter.detail}")
            if writer:
                writer.write(emissions)

        log = EngineLog(engine, see)
        for path in files:
            source = stack.enter_context(Source.open(path, mapping))
            task = bar.add_task(path.name, total=len(source))
            on_place = functools.partial(_move, bar, task)
            report = await replay(source, log, pace=Pace(), on_place=on_place)
            whole.events += report.events
            whole.refused += report.refused
            whole.refusals += [f"{path.name}: {words}" for words in report.refusals]
    if not as_json:
        flows = sum(n > 0 for n in raised.values())
        console.print(
            f"{whole.events:,} events of {len(log.engine.flows)} flows: "
            f"{raised.total()} alerts on {flows} of them."
        )
    return whole


def _move(bar: Progress, task: TaskID, place: int) -> None:
    bar.update(task, completed=place)
