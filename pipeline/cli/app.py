"""The command itself, which the commands below it join."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

app = typer.Typer(
    name="cogentai",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    help="""Streaming anomaly detection for retail integration flows: few, early, explained alerts.

Start with [bold]cogentai demo[/bold]: it simulates a retailer, learns its flows, disturbs them and
tells you what it finds. To watch your own flows on Patchworks, [bold]cogentai init[/bold] asks for
an API key; then [bold]cogentai run[/bold] is all you need on one machine. On Kafka, run
[bold]cogentai topics apply[/bold] once, then [bold]cogentai collect[/bold] or
[bold]cogentai ingest[/bold], and as many [bold]cogentai worker[/bold] as you like.

Settings come from COGENTAI_* variables or cogentai.toml. Exit codes: 0 did what was asked, 1 did it
and found trouble, 2 wrong usage, 3 something it needs is missing.""",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(version("cogentai"))
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Speak of everything below."""
