"""``cogentai annotate``: tell the engine what you know and the data does not show."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, WRONG_USAGE, console, give_up, print_json
from pipeline.cli.log import LogName, LogOption
from pipeline.cli.tell import AuthorOption, NoteOption, instant_of, scope_of, tell, usage_of
from pipeline.settings import Settings

if TYPE_CHECKING:
    from schemas.structs import EventStruct

annotate = typer.Typer(
    no_args_is_help=True,
    help="""Tell the engine what you know: planned peaks, holidays, maintenance, changes.

Times without an offset are the tenant's local time. The same kind, scope and --from again replaces
what was told before; with --to the same as --from it is withdrawn.""",
)
app.add_typer(annotate, name="annotate")

Scope = Annotated[str, typer.Option(help="TENANT:FLOW; a FLOW may end in *: acme:orders-*, acme:*")]
From = Annotated[str, typer.Option("--from", help="When it begins: 2026-11-27T08:00, or now.")]
To = Annotated[str, typer.Option("--to", help="When it ends.")]
Factor = Annotated[
    float | None, typer.Option(help="How many times the usual is expected: 2, or 0.3.")
]


KINDS = {
    "planned_peak": """More (or less) is coming: no alarm, and real faults are still seen.

    Without --factor nobody knows how much: high volume is not judged; stops, errors and slowness
    are.""",
    "holiday": """A day that may be like a Sunday, or like any other.

    With --factor that many times the usual is expected.""",
    "maintenance": "Work is going on: nothing is judged, nothing is learned.",
    "backfill": "Old records are being sent again: nothing is judged, nothing is learned.",
}
"""What may be told of a stretch of time, each a command of its own."""


def _register(kind: str, text: str) -> None:
    @annotate.command(kind.replace("_", "-"), help=text)
    def command(
        *,
        scope: Scope,
        from_: From,
        to: To,
        factor: Factor = None,
        author: AuthorOption = None,
        note: NoteOption = None,
        log: LogOption = "journal",
    ) -> None:
        more = {"expected_factor": factor, "author": author, "note": note}
        _stretch(kind, (scope, from_, to), log, more)


for _kind, _text in KINDS.items():
    _register(_kind, _text)


@annotate.command()
def change(
    *,
    flow: Annotated[str, typer.Option(help="TENANT:FLOW; the FLOW * if it may concern any.")],
    of: Annotated[
        str,
        typer.Option(
            "--object", help="flow, version, schedule, connector, mapping, lookup or script"
        ),
    ] = "version",
    object_id: Annotated[
        str | None, typer.Option("--id", help="Its id.", show_default="the version or flow")
    ] = None,
    how: Annotated[str, typer.Option("--change", help="What was done.")] = "deployed",
    version: Annotated[str | None, typer.Option(help="The new version.")] = None,
    author: AuthorOption = None,
    log: LogOption = "journal",
) -> None:
    """A flow was changed just now: it learns anew, quickly, and alerts mention the change."""
    from schemas.events import ConfigChanged

    tenant, flow_id = scope_of("--flow", flow)
    data = {
        "object": of,
        "object_id": object_id or version or flow_id,
        "change": how,
        "flow_id": None if flow_id == "*" else flow_id,
        "version": version,
        "user_id": author,
    }
    try:
        told = ConfigChanged.model_validate(data)
    except ValidationError as error:
        give_up(usage_of(error), WRONG_USAGE)
    tell(log, tenant, told)


@annotate.command("list")
def list_(
    *,
    log: LogOption = "journal",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object each.")] = False,
) -> None:
    """Show the annotations and verdicts that the log holds, in the order they were told."""
    from pipeline.log.base import LogUnavailableError

    try:
        asyncio.run(_show(log, as_json=as_json))
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)


def _stretch(kind: str, where: tuple[str, str, str], log: LogName, more: dict[str, Any]) -> None:
    from schemas.events import Annotation

    scope, from_, to = where
    tenant, flows = scope_of("--scope", scope)
    engine = Settings.load().engine
    zone = engine.timezones.get(tenant, engine.timezone)
    times = {"from": instant_of("--from", from_, zone), "to": instant_of("--to", to, zone)}
    try:
        told = Annotation.model_validate({"kind": kind, "scope": flows} | times | more)
    except ValidationError as error:
        give_up(usage_of(error), WRONG_USAGE)
    tell(log, tenant, told)


async def _show(log: LogName, *, as_json: bool) -> None:
    from pipeline.engine.emissions import DeadLetter
    from pipeline.engine.records import read
    from pipeline.log.browse import browse
    from schemas import structs

    seen: set[tuple[str, str]] = set()
    async for record in browse(log, Settings.load()):
        for event in (event for entries in read([record]) for event in entries.events):
            if isinstance(event, DeadLetter) or not isinstance(event.data, structs.Annotation):
                continue
            if (event.source, event.id) not in seen:
                seen.add((event.source, event.id))
                _print(event, as_json=as_json)


def _print(event: EventStruct, *, as_json: bool) -> None:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(event.data)
    told = {"time": event.time.isoformat(), "tenant": event.tenant} | told
    if as_json:
        print_json({name: value for name, value in told.items() if value is not None})
        return
    words = [told.pop("time"), told.pop("kind"), f"{told.pop('tenant')}:{told.pop('scope')}"]
    words += [f"{name}={value}" for name, value in told.items() if value is not None]
    console.print(" ".join(words), markup=False, soft_wrap=True)
