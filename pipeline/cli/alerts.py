"""``cogentai alerts``: what has been raised, what is raised now, and what you think of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, FOUND_TROUBLE, console, give_up
from pipeline.cli.log import LogOption
from pipeline.cli.tell import AuthorOption, NoteOption, tell
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.log.base import Output
    from schemas.alerts import Alert

QUIET_SECONDS = 2.0
"""Without --follow, Kafka's end is reached when nothing has come for this long."""


alerts = typer.Typer(invoke_without_command=True)
app.add_typer(alerts, name="alerts")


@alerts.callback()
def show(
    context: typer.Context,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    source: Annotated[
        Literal["journal", "kafka"], typer.Option("--from", help="The log to read.")
    ] = "journal",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per alert.")] = False,
) -> None:
    """Show alerts as they were raised, updated and resolved.

    Without --follow it shows what is kept and ends; with it, it shows that and then each new one.
    """
    if context.invoked_subcommand is not None:
        return
    from pipeline.log.base import LogUnavailableError

    try:
        asyncio.run(_show(source, follow=follow, as_json=as_json))
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    except KeyboardInterrupt:
        raise typer.Exit from None


@alerts.command()
def verdict(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or how it begins.")],
    judgement: Annotated[
        Literal["false-alarm", "real"], typer.Argument(metavar="false-alarm|real")
    ],
    *,
    author: AuthorOption = None,
    note: NoteOption = None,
    log: LogOption = "journal",
) -> None:
    """Say whether an alert was right. It moves the threshold of that signal of that flow.

    Each false alarm raises it by 15 %, up to 60 %; each real alert takes a step back, and in four
    weeks half of a raise fades. Alerts say so.
    """
    from pipeline.log.base import LogUnavailableError
    from schemas.events import Annotation

    try:
        alert = asyncio.run(_find(log, id_))
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    if alert is None:
        give_up(f"no alert of a flow has an id that begins with {id_}", FOUND_TROUBLE)
    told = Annotation(
        kind="feedback",
        scope=alert.flow_id,
        verdict="real" if judgement == "real" else "false_alarm",
        alert_fingerprint=alert.fingerprint,
        alert_id=alert.id,
        author=author,
        note=note,
    )
    tell(log, alert.tenant, told)


async def _find(source: str, id_: str) -> Alert | None:
    """Return the latest alert of a flow whose id begins so."""
    from schemas.alerts import AlertEvent

    found, outputs = None, _outputs(source)
    with suppress(TimeoutError):
        while True:
            output = await asyncio.wait_for(anext(outputs), QUIET_SECONDS)
            alert = AlertEvent.model_validate_json(output.value or b"").data
            if alert.id.startswith(id_) and alert.signal != "collector":
                found = alert
    return found


async def _show(source: str, *, follow: bool, as_json: bool) -> None:
    from pipeline.outputs.render import alert_line, alert_text
    from schemas.alerts import AlertEvent

    outputs = _outputs(source)
    while True:
        try:
            output = await asyncio.wait_for(anext(outputs), None if follow else QUIET_SECONDS)
        except TimeoutError:
            return
        if output.value is None:
            continue
        alert = AlertEvent.model_validate_json(output.value).data
        if as_json:
            sys.stdout.write(alert_line(alert) + "\n")
            sys.stdout.flush()
        else:
            console.print(alert_text(alert))


def _outputs(source: str) -> AsyncIterator[Output]:
    from pipeline.log.follow import follow_journal, follow_kafka

    settings = Settings.load()
    if source == "kafka":
        return follow_kafka(settings.kafka, "alerts", from_start=True)
    return follow_journal(settings.journal.path, "alerts", from_start=True)
