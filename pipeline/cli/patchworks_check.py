"""What ``cogentai doctor`` says about Patchworks."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.cli.init import advice
from pipeline.settings import CompanySettings, Settings

Found = tuple[str, bool, str]
"""What was looked at, whether it is good, and in words."""


def check(settings: Settings) -> Iterator[Found]:
    """Look at every company: is it let in, what does it see, how far has it come."""
    if not settings.patchworks:
        yield "patchworks", True, "no company is configured; cogentai init connects one"
        return
    yield from _settings_file()
    for tenant, company in settings.patchworks.items():
        subject = f"patchworks {tenant}"
        yield from _transport(subject, company)
        yield subject, *asyncio.run(_access(company))
        yield subject, True, _place(settings.collect.path, tenant)


def _settings_file() -> Iterator[Found]:
    path = Path(os.environ.get("COGENTAI_CONFIG") or "cogentai.toml")
    if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        words = f"others on this machine may read it, with the keys in it: chmod 600 {path}"
        yield str(path), False, words


def _transport(subject: str, company: CompanySettings) -> Iterator[Found]:
    for url in {company.url, company.login_url} if company.api_key is None else {company.url}:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            yield (
                subject,
                False,
                f"what is secret travels unencrypted to {parts.hostname}: use https",
            )


async def _access(company: CompanySettings) -> tuple[bool, str]:
    from pipeline.collect.budget import Budget
    from pipeline.collect.client import Client
    from pipeline.collect.clock import Clock
    from pipeline.collect.errors import PatchworksError
    from pipeline.collect.survey import survey

    clock = Clock()
    try:
        async with Client(company, Budget(company.requests_per_minute, clock), clock) as client:
            found = await survey(client)
    except PatchworksError as error:
        return False, f"{advice(error)} ({error})"
    rate = found.requests_per_minute(company)
    enabled = sum(flow.enabled for flow in found.flows.values())
    words = f"{len(found.flows)} flows, {enabled} of them enabled, {found.runs:,} runs in a day"
    words += f"; about {rate:g} of {company.requests_per_minute} requests a minute are needed"
    if rate > company.requests_per_minute:
        return False, f"{words}: raise requests_per_minute, or poll_seconds"
    return True, words


def _place(path: Path, tenant: str) -> str:
    """Say how far collecting has come."""
    if not path.exists():
        return "nothing has been collected yet"
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=0.1)) as connection:
            query = "SELECT saved_at FROM places WHERE tenant = ?"
            found = connection.execute(query, (tenant,)).fetchone()
    except sqlite3.Error:
        return f"{path} is in use: a collector is at work"
    if found is None:
        return "nothing has been collected yet"
    return f"collected last at {datetime.fromtimestamp(found[0], UTC):%Y-%m-%d %H:%M} UTC"
