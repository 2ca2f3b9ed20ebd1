"""``cogentai`` in a process that kills itself at a step: before its n-th call, or after it.

The program under test is as it is; only this process has the one call wrapped.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import os
import signal
import sqlite3
from collections.abc import Callable
from typing import Any

from pipeline.cli import main as cogentai


def main(target: str, side: str, nth: int) -> None:
    """Run ``cogentai`` until then."""
    kill_at(target, side, nth)
    cogentai()


def kill_at(target: str, side: str, nth: int) -> None:
    """Arrange for the kill."""
    calls = itertools.count(1)

    def now(at: str) -> None:
        if at == "before":
            now.call = next(calls)  # type: ignore[attr-defined]
        if at == side and now.call == nth:  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGKILL)

    if target.startswith("sql:"):
        _watch(target.removeprefix("sql:"), now)
    else:
        _wrap(target, now)


def _wrap(target: str, now: Callable[[str], None]) -> None:
    module, _, path = target.partition(":")
    *parents, name = path.split(".")
    owner = functools.reduce(getattr, parents, importlib.import_module(module))
    if inspect.iscoroutinefunction(original := getattr(owner, name)):

        async def wrapped(*args: Any, **named: Any) -> Any:
            now("before")
            result = await original(*args, **named)
            now("after")
            return result
    elif inspect.isgeneratorfunction(original):

        def wrapped(*args: Any, **named: Any) -> Any:
            now("before")
            yield from original(*args, **named)
            now("after")
    else:

        def wrapped(*args: Any, **named: Any) -> Any:
            now("before")
            result = original(*args, **named)
            now("after")
            return result

    setattr(owner, name, wrapped)


def _watch(statement: str, now: Callable[[str], None]) -> None:
    """Watch every connection for a statement, or for a COMMIT of a transaction that holds it."""
    commits = statement.startswith("COMMIT ")
    wanted = statement.removeprefix("COMMIT ")

    class Watched(sqlite3.Connection):
        holds = False

        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            return self._seen(super().execute, sql, *rest)

        def executemany(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            return self._seen(super().executemany, sql, *rest)

        def _seen(self, run: Callable[..., sqlite3.Cursor], sql: str, *rest: Any) -> sqlite3.Cursor:
            self.holds = (self.holds and sql != "BEGIN IMMEDIATE") or sql.startswith(wanted)
            if not (sql == "COMMIT" and self.holds if commits else sql.startswith(wanted)):
                return run(sql, *rest)
            now("before")
            result = run(sql, *rest)
            now("after")
            return result

    sqlite3.connect = functools.partial(sqlite3.connect, factory=Watched)  # type: ignore[assignment]
