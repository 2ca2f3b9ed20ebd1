"""The demo's live line: how far it is. On a terminal a bar at the bottom, elsewhere few lines."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_LINES = 5
"""Plain lines for each stage, where there is no terminal to redraw."""


class Status:
    """Shows one stage at a time: its title, how much of it is done, and a note."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            expand=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._span = (0.0, 1.0)
        self._title = ""
        self._told = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def stage(self, title: str, start: datetime, end: datetime) -> None:
        """Begin a stage that runs from one simulated instant to another."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._title, self._told = title, 0
        self._span = (start.timestamp(), end.timestamp())
        self._task = self._bar.add_task(title, total=self._span[1] - self._span[0], note="")

    def move(self, clock: datetime, note: str) -> None:
        """Show that the simulated clock has come to an instant."""
        start, end = self._span
        done = clock.timestamp() - start
        if self._task is not None:
            self._bar.update(self._task, completed=done, note=note)
        if not self._console.is_terminal and done / (end - start) * _LINES >= self._told + 1:
            self._told = int(done / (end - start) * _LINES)
            self._console.print(f"{self._title}: {note}", highlight=False)
