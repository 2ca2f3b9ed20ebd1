"""``cogentai doctor``: what is missing, in plain words."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Annotated, NamedTuple

import typer
from rich.markup import escape

from pipeline.cli.app import app
from pipeline.cli.console import (
    ENVIRONMENT_MISSING,
    FOUND_TROUBLE,
    console,
    errors,
    give_up,
    print_json,
)
from pipeline.settings import Settings


class Finding(NamedTuple):
    """One thing that was looked at."""

    subject: str
    good: bool
    words: str


@app.command()
def doctor(
    *,
    kafka: Annotated[bool, typer.Option("--kafka", help="Look at the Kafka cluster too.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make a damaged journal anew of what can be read.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per finding.")] = False,
) -> None:
    """Look at settings, Patchworks, journal, ports and (if asked) Kafka, and say what is amiss.

    With --repair a damaged journal is first made anew, with no cogentai running; the damaged file
    is kept beside it.
    """
    settings = Settings.load()
    if repair:
        _repair(settings)
    checks: list[Callable[[Settings], Iterator[Finding]]] = [
        _senders,
        _patchworks,
        _journal,
        _ports,
    ]
    findings = [finding for check in checks + [_kafka] * kafka for finding in check(settings)]
    for finding in findings:
        if as_json:
            print_json(finding._asdict())
        else:
            mark = "[green]✓[/]" if finding.good else "[bold red]✗[/]"
            console.print(f"{mark} {escape(f'{finding.subject}: {finding.words}')}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(FOUND_TROUBLE)


def _senders(settings: Settings) -> Iterator[Finding]:
    ways = len(settings.ingest.tokens) + len(settings.ingest.signing_secrets)
    open_wide = not ways and settings.ingest.host not in ("127.0.0.1", "localhost", "::1")
    words = f"{ways} tokens and secrets" if ways else "no token: only this machine may post"
    if open_wide:
        words += f", though the edge listens on {settings.ingest.host}"
    yield Finding("senders", not open_wide, words)


def _patchworks(settings: Settings) -> Iterator[Finding]:
    from pipeline.cli.patchworks_check import check

    for subject, good, words in check(settings):
        yield Finding(subject, good, words)


def _journal(settings: Settings) -> Iterator[Finding]:
    path = settings.journal.path
    if not path.exists():
        yield Finding("journal", True, f"{path} does not exist yet; it is made on first use")
        return
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        good, words = verdict == "ok", f"{path}: {verdict}"
    except sqlite3.Error as error:
        good, words = False, f"{path} cannot be read: {error}"
    remedy = "; cogentai doctor --repair makes it anew of what can be read"
    yield Finding("journal", good, words + remedy * (not good))


def _repair(settings: Settings) -> None:
    from pipeline.log.base import LogUnavailableError
    from pipeline.log.journal_repair import repair

    path = settings.journal.path
    if all(finding.good for finding in _journal(settings)):
        console.print(f"{path}: nothing to repair")
        return
    try:
        with errors.status("Copying what can be read"):
            found, aside = repair(path, settings.journal.partitions)
    except LogUnavailableError as error:
        give_up(f"{error}: nothing was touched", ENVIRONMENT_MISSING)
    console.print(f"{path} is made anew; the damaged one is {aside}", soft_wrap=True)
    for table, kept, lost in found:
        console.print(f"  {table}: {kept:,} kept, {lost:,} lost")


def _ports(settings: Settings) -> Iterator[Finding]:
    for section in (settings.ingest, settings.metrics):
        try:
            socket.create_connection((section.host, section.port), timeout=1).close()
            good, state = True, "is in use (by a running cogentai, perhaps)"
        except socket.gaierror:
            good, state = False, "is no address of this machine"
        except OSError:
            good, state = True, "is free"
        yield Finding(f"port {section.port}", good, f"{section.host}:{section.port} {state}")


def _kafka(settings: Settings) -> Iterator[Finding]:
    from pipeline.log.base import LogUnavailableError
    from pipeline.log.topics import check

    try:
        differences = check(settings.kafka)
    except LogUnavailableError as error:
        yield Finding("kafka", False, str(error))
        return
    if not differences:
        yield Finding("kafka", True, f"the topics on {settings.kafka.bootstrap} are as they should")
    for found in differences:
        actual = "missing" if found.found is None else found.found
        words = f"{found.topic}: {found.setting} is {actual}, should be {found.expected}"
        yield Finding("kafka", False, words)
