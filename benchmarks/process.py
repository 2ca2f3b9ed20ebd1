"""``cogentai`` as a process: started, waited for, held, and stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pipeline.settings import KafkaSettings
from tests.broker.base import free_port

STOP_SECONDS = 15.0
START_SECONDS = 60.0
SESSION_SECONDS = 60.0
"""Longer than workers are ever held: the group must not take their partitions away meanwhile."""

Environment = dict[str, str]


class StoppedError(Exception):
    """A process ended, or does nothing more, before it had done what it was to do."""


def on_topics(settings: KafkaSettings) -> Environment:
    """Return the environment of a process that works on some topics."""
    given = settings.model_dump(exclude_none=True) | {"session_timeout_seconds": SESSION_SECONDS}
    return {f"COGENTAI_KAFKA__{name.upper()}": str(value) for name, value in given.items()}


class Cogentai:
    """One process; ``port`` is the one it answers on."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, errors: Path) -> None:
        self._process = process
        self.port = port
        self._errors = errors

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def check(self) -> None:
        """Raise what stopped it, if it has ended."""
        if self._process.returncode is not None:
            raise StoppedError(f"it ended, and said: {self.said()}")

    def said(self) -> str:
        """Return the end of what it wrote to standard error."""
        return self._errors.read_text()[-500:]

    async def ready(self) -> None:
        """Wait until it says that it is: a worker, once the group has given it its partitions."""
        until = time.monotonic() + START_SECONDS
        while not await asyncio.to_thread(self._answers):
            self.check()
            if time.monotonic() > until:
                raise StoppedError(f"not ready; it said: {self.said()}")
            await asyncio.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                return True
        except (urllib.error.HTTPError, OSError):
            return False

    def hold(self) -> None:
        """Let it stand still."""
        self._process.send_signal(signal.SIGSTOP)

    def go(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """End it, as an operator would."""
        if self._process.returncode is None:
            self.go()
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def cogentai(command: str, environment: Environment, folder: Path) -> AsyncIterator[Cogentai]:
    """Run a command, whose settings are given as environment variables."""
    others = {k: v for k, v in os.environ.items() if not k.startswith("COGENTAI_")}
    port = free_port()
    ports = {"COGENTAI_METRICS__PORT": str(port)}
    if command != "worker":  # the edge answers for itself
        ports = {"COGENTAI_INGEST__PORT": str(port), "COGENTAI_METRICS__PORT": "0"}
    errors = folder / f"{command}-{port}.err"
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from pipeline.cli import main; main()", command),
            cwd=folder,
            env=others | {"PYTHONPATH": os.pathsep.join(sys.path), **ports} | environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
        )
    started = Cogentai(process, port, errors)
    try:
        yield started
    finally:
        await started.stop()


@asynccontextmanager
async def workers(
    count: int, settings: KafkaSettings, folder: Path
) -> AsyncIterator[list[Cogentai]]:
    """Run so many workers, and give them once they share the partitions."""
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(cogentai("worker", on_topics(settings), folder))
            for _ in range(count)
        ]
        for _ in range(2):  # the first may have been ready alone before the last one joined
            await asyncio.gather(*(each.ready() for each in started))
            await asyncio.sleep(1)
        yield started
