"""What every command shares: exit codes, the console, and one way to complain."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

FOUND_TROUBLE = 1
WRONG_USAGE = 2
ENVIRONMENT_MISSING = 3

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

PROGRESS_COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


def complain(message: str) -> None:
    """Say what is wrong, on standard error. Names that came in with events are no markup."""
    errors.print(f"[bold red]cogentai:[/] {escape(message)}", soft_wrap=True)


def give_up(message: str, code: int) -> NoReturn:
    """Say what is wrong and end with an exit code."""
    complain(message)
    raise typer.Exit(code)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")
    sys.stdout.flush()
