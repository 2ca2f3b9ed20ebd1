"""A process begun warm: a fork of one that has imported everything and done nothing else.

Imports take a processor longer than most tests need that kill a process and start another. What
runs is the same; only the program's own start is not tried, which others do.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "pipeline.cli",
        "pipeline.cli.collect",
        "pipeline.cli.service",
        "pipeline.health.server",
        "pipeline.ingest.app",
        "pipeline.ingest.server",
        "pipeline.log.journal",
        "pipeline.log.kafka",
        "pipeline.worker.embedded",
        "pipeline.worker.faust_worker",
        "pipeline.worker.observing",
    ]
)

Program = Callable[[], None]
"""The whole of a process: importable by name, and its arguments too."""


class Warm:
    """Like :class:`subprocess.Popen`, for a function."""

    def __init__(
        self, program: Program, *arguments: str, env: Mapping[str, str], errors: Path, cwd: Path
    ) -> None:
        told = (program, arguments, dict(env), errors, cwd)
        self._process = _CONTEXT.Process(target=_begin, args=told)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0)
        return code


def _begin(
    program: Program, arguments: tuple[str, ...], env: dict[str, str], errors: Path, cwd: Path
) -> None:
    """Become what a process of its own would be."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["cogentai", *arguments]
    for number, path in ((1, Path(os.devnull)), (2, errors)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    program()
