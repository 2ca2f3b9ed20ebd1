"""``cogentai`` as processes of their own, to be stopped, paused and killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.cli import main
from pipeline.settings import KafkaSettings
from tests.e2e.warm import Program, Warm

PROGRAM = (sys.executable, "-c", "from pipeline.cli import main; main()")
"""The command line, up to the command."""

SESSION_SECONDS = 6.0
"""The shortest that brokers allow unless told otherwise."""


def environment(settings: KafkaSettings) -> dict[str, str]:
    """The settings of a process that works on a test's topics."""
    names = ("bootstrap", "group", "partitions", "events_topic", "dead_letters_topic")
    names += ("checkpoints_topic", "signals_topic", "alerts_topic")
    told = {f"COGENTAI_KAFKA__{name.upper()}": str(getattr(settings, name)) for name in names}
    return {
        **told,
        "COGENTAI_KAFKA__SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
        "COGENTAI_ENGINE__SNAPSHOT_RECORDS": "150",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cogentai:
    """One process: a command, or another worker of a test's own making.

    A program is a function, begun warm, or a command line up to the command.
    """

    def __init__(
        self,
        folder: Path,
        command: str,
        env: dict[str, str],
        program: Program | Sequence[str] = main,
    ) -> None:
        self.port = free_port()
        self.errors = folder / f"{command}-{self.port}.err"
        env = {**os.environ, "COGENTAI_METRICS__PORT": str(self.port), **env}
        self._process: Warm | subprocess.Popen[bytes]
        if callable(program):
            self.errors.touch()
            self._process = Warm(program, command, env=env, errors=self.errors, cwd=folder)
            return
        with self.errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*program, command], env=env, stdout=subprocess.DEVNULL, stderr=errors, cwd=folder
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def exit_code(self, within: float) -> int:
        """Wait for its end."""
        return self._process.wait(within)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def said(self) -> list[str]:
        """What it wrote to standard error that is no log line."""
        lines = self.errors.read_text().splitlines()
        return [line for line in lines if not line.startswith("{")]

    def get(self, path: str) -> tuple[int, str]:
        """Ask its health server; status 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> bool:
        return self.get("/-/ready")[0] == 200
