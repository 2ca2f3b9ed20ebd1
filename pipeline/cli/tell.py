"""What commands that tell the engine something have in common."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from pipeline.cli.console import ENVIRONMENT_MISSING, WRONG_USAGE, console, give_up
from pipeline.cli.log import LogName, open_log
from pipeline.settings import Settings

if TYPE_CHECKING:
    from schemas.events import Annotation, ConfigChanged

AuthorOption = Annotated[
    str | None, typer.Option("--author", envvar="USER", help="Who says so.", show_default=False)
]
NoteOption = Annotated[str | None, typer.Option(help="Why, for whoever reads it later.")]


def tell(log: LogName, tenant: str, told: Annotation | ConfigChanged) -> None:
    """Write what was told into a log, and say so."""
    from pipeline.ingest.problems import RefusedError
    from pipeline.log.base import LogUnavailableError

    try:
        id_ = asyncio.run(_tell(log, tenant, told))
    except RefusedError as refused:
        give_up(refused.detail, WRONG_USAGE)
    except LogUnavailableError as error:
        give_up(str(error), ENVIRONMENT_MISSING)
    console.print(f"Told the engine ({id_}).")


async def _tell(name: LogName, tenant: str, told: Annotation | ConfigChanged) -> str:
    from pipeline.ingest.tell import tell as write

    settings = Settings.load()
    log = await open_log(name, settings)
    try:
        return await write(log, settings.ingest, tenant, told, datetime.now(UTC))
    finally:
        await log.aclose()


def scope_of(option: str, text: str) -> tuple[str, str]:
    """Read ``TENANT:FLOW``, the value of an option.

    >>> scope_of("--scope", "acme:orders-*")
    ('acme', 'orders-*')
    """
    tenant, colon, flows = text.partition(":")
    if not (tenant and colon and flows):
        wanted = "must be TENANT:FLOW, such as acme:orders-* or acme:*"
        raise typer.BadParameter(wanted, param_hint=option)
    return tenant, flows


def instant_of(option: str, text: str, zone: str) -> datetime:
    """Read an instant, the value of an option; without an offset it is local time.

    >>> instant_of("--from", "2026-11-27T08:00", "Europe/Paris").isoformat()
    '2026-11-27T08:00:00+01:00'
    """
    if text == "now":
        return datetime.now(UTC).replace(microsecond=0)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        wanted = f"{text!r} is no time, such as 2026-11-27T08:00, 2026-11-27T08:00+01:00 or now"
        raise typer.BadParameter(wanted, param_hint=option) from None
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))


def usage_of(error: ValidationError) -> str:
    """Say which field of what was told breaks its contract."""
    fault = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
