"""``cogentai alerts``: what has been raised, and what is raised now."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, console, give_up
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.log.base import Output

QUIET_SECONDS = 2.0
"""Without --follow, Kafka's end is reached when nothing has come for this long."""


@app.command()
def alerts(
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
    from pipeline.log.base import LogUnavailableError

    try:
        asyncio.run(_show(source, follow=follow, as_json=as_json))
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    except KeyboardInterrupt:
        raise typer.Exit from None


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
