"""``cogentai init``: from an API key to settings that collect."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr
from rich.markup import escape
from rich.table import Table

from pipeline.cli.app import app
from pipeline.cli.console import ENVIRONMENT_MISSING, WRONG_USAGE, console, errors, give_up
from pipeline.settings import CompanySettings

if TYPE_CHECKING:
    from pipeline.collect.survey import Survey

HOSTED = "https://core.wearepatchworks.com/api/v1"
SHOWN = 20
"""Flows listed one by one."""


@app.command()
def init(
    *,
    name: Annotated[
        str | None, typer.Option(help="What to call the company, in alerts and metrics.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(envvar="PATCHWORKS_URL", help=f"Core API; {HOSTED} if hosted.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="In which its schedules are meant; asked for if not given.")
    ] = None,
    file: Annotated[Path, typer.Option(help="Settings to write or to add to.")] = Path(
        "cogentai.toml"
    ),
    secrets_dir: Annotated[
        Path | None, typer.Option(help="Keep the key in a file of its own in this directory.")
    ] = None,
) -> None:
    """Connect to Patchworks: ask for address and API key, try them, and write the settings.

    The key is asked for, or read from PATCHWORKS_API_KEY; it is never an argument, which others on
    this machine could see. Make one in the Patchworks dashboard as an Administrator or Manager. The
    settings are readable by you alone. Nothing in Patchworks is changed.
    """
    from pipeline.collect.errors import PatchworksError

    name = name or _ask("What shall the company be called?", "acme")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name):
        give_up("--name takes small letters, digits, - and _", WRONG_USAGE)
    _check_free(file, name)
    company = CompanySettings(
        url=url or _ask("Where is its Core API?", HOSTED),
        api_key=SecretStr(os.environ.get("PATCHWORKS_API_KEY") or _ask_hidden("Its API key?")),
        timezone=timezone or _ask("In which time zone are its schedules meant?", "UTC"),
    )
    try:
        with errors.status("Looking at what the key can see"):
            found = asyncio.run(_look(company))
    except PatchworksError as error:
        give_up(f"{advice(error)} ({error})", ENVIRONMENT_MISSING)
    _show(found, company)
    _write(file, name, company, secrets_dir)
    start = f"COGENTAI_SECRETS_DIR={secrets_dir} " * (secrets_dir is not None)
    start += f"COGENTAI_CONFIG={file} " * (str(file) != "cogentai.toml")
    console.print(f"\nWritten to {file}. Begin with: [bold]{escape(start)}cogentai run[/]")


def advice(error: Exception) -> str:
    """Say in plain words what an error of the API means, and what to do."""
    return {
        "DeniedError": "Patchworks does not let us in: is the key complete, of this company, and"
        " not revoked? An Administrator or Manager can make a new one",
        "UnreachableError": "Patchworks does not answer: is the address right, and does a proxy or"
        " firewall let this machine out?",
        "ThrottledError": "Patchworks asks to wait: other clients use up the company's 240 requests"
        " a minute",
        "RefusedError": "Patchworks does not know this address: does it end in /api/v1?",
        "BadReplyError": "This does not look like the Core API: does the address end in /api/v1?",
        "ClockError": "The clock of this machine or that of the API is wrong",
    }.get(type(error).__name__, "Patchworks cannot be read")


def _ask(question: str, default: str) -> str:
    if not sys.stdin.isatty():
        return default
    return str(typer.prompt(question, default=default))


def _ask_hidden(question: str) -> str:
    if not sys.stdin.isatty():
        give_up("no key: set PATCHWORKS_API_KEY", ENVIRONMENT_MISSING)
    return str(typer.prompt(question, hide_input=True)).strip()


def _check_free(file: Path, name: str) -> None:
    known = tomllib.loads(file.read_text()).get("patchworks", {}) if file.exists() else {}
    if not isinstance(known, dict):
        give_up(f"{file}: patchworks is no table of companies; mend that first", WRONG_USAGE)
    if name in known:
        give_up(f"{file} has a company {name} already: give another --name", WRONG_USAGE)


async def _look(company: CompanySettings) -> Survey:
    from pipeline.collect.budget import Budget
    from pipeline.collect.client import Client
    from pipeline.collect.clock import Clock
    from pipeline.collect.survey import survey

    clock = Clock()
    async with Client(company, Budget(company.requests_per_minute, clock), clock) as client:
        return await survey(client)


def _show(found: Survey, company: CompanySettings) -> None:
    table = Table("Flow", "Name", "Runs", "Schedule", box=None, pad_edge=False)
    for flow_id, flow in sorted(found.flows.items())[:SHOWN]:
        state = "yes" if flow.enabled else "no: disabled, or not deployed"
        table.add_row(flow_id, escape(flow.name), state, escape(", ".join(flow.crons)) or "-")
    console.print(table)
    if len(found.flows) > SHOWN:
        console.print(f"... and {len(found.flows) - SHOWN} more")
    rate, allowed = found.requests_per_minute(company), company.requests_per_minute
    console.print(f"\n{len(found.flows)} flows, {found.runs:,} runs in the last day.")
    console.print(
        f"Polling every {company.poll_seconds:g} s takes about {rate:g} requests a minute. At most"
        f" {allowed} are made, of the 240 that Patchworks allows."
    )
    console.print(
        f"The past {company.backfill_days:g} days are read first, in about"
        f" {max(found.backfill_minutes(company), 1):.0f} minutes."
    )


def _write(file: Path, name: str, company: CompanySettings, secrets_dir: Path | None) -> None:
    assert company.api_key is not None
    key = company.api_key.get_secret_value()
    if secrets_dir is not None:
        secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_private(secrets_dir / f"patchworks__{name}__api_key", key)
    key_line = f"api_key = {_quoted(key)}"
    if secrets_dir is not None:
        key_line = f"# api_key is in {secrets_dir / f'patchworks__{name}__api_key'}"
    before = file.read_text().rstrip() + "\n\n" if file.exists() else ""
    _write_private(file, before + _SECTION.format(name=name, key=key_line, **_values(company)))


def _values(company: CompanySettings) -> dict[str, object]:
    named = ("poll_seconds", "requests_per_minute", "backfill_days", "settle_seconds")
    values: dict[str, object] = {each: format(getattr(company, each), "g") for each in named}
    return values | {"url": _quoted(company.url), "timezone": _quoted(company.timezone)}


def _quoted(text: str) -> str:
    """Write a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, at any moment."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


_SECTION = """\
[patchworks.{name}]
# Base of the Core API.
url = {url}
# Made in the dashboard by an Administrator or Manager. Keep this file to yourself.
{key}
# In which the schedules of the company's flows are meant.
timezone = {timezone}

# What follows are the defaults.
# poll_seconds = {poll_seconds}
# requests_per_minute = {requests_per_minute}   # of 240 that Patchworks allows
# backfill_days = {backfill_days}           # read once, at first start; seven days are kept
# settle_seconds = {settle_seconds}         # after which everything is visible in the API
# tracked_data = true         # business keys, as far as the budget goes
# success_log_share = 0.02    # of the runs that went well, whose log is read too
"""
