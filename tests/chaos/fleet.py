"""Workers under a supervisor that starts each of them again, however it ended."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.e2e.processes import PROGRAM, Cogentai

RESTART_SECONDS = 0.5
STOP_SECONDS = 20.0


class Exit(NamedTuple):
    """The end of one process: by what code, and what it said."""

    worker: int
    code: int
    said: list[str]

    def reason(self) -> str:
        """Say in a few words why it ended."""
        if self.code < 0:
            return signal.Signals(-self.code).name
        last = self.said[-1] if self.said else ""
        last = last.removeprefix("cogentai: ").removeprefix("worker stopped: ")
        return f"{self.code} {last}".strip()


class Fleet:
    """Numbered workers. One that was stopped on purpose stays away.

    Parameters
    ----------
    folder
        Where processes leave what they say.
    env
        Their settings.
    program
        The command line up to ``worker``, if not that of ``cogentai``.
    """

    def __init__(self, folder: Path, env: dict[str, str], program: Sequence[str] = PROGRAM) -> None:
        self._folder = folder
        self._env = env
        self._program = program
        self._running: dict[int, Cogentai] = {}
        self._next = 0
        self.exits: list[Exit] = []

    def join(self) -> int:
        """Start one more; return its number."""
        number, self._next = self._next, self._next + 1
        self._start(number)
        return number

    def _start(self, number: int) -> None:
        self._running[number] = Cogentai(self._folder, "worker", self._env, self._program)

    def ready(self) -> bool:
        """Whether the group has given each of them its share."""
        return all(each.ready() for each in self._running.values())

    def pick(self, share: float) -> int:
        """Return the number of one that works, if there is any."""
        numbers = sorted(self._running)
        numbers = [n for n in numbers if self._running[n].ready()] or numbers
        return numbers[int(share * len(numbers))]

    def send(self, number: int, what: signal.Signals) -> None:
        """Send a signal; one that has ended meanwhile does not mind."""
        self._running[number].send(what)

    async def leave(self, number: int) -> None:
        """Stop one for good."""
        gone = self._running.pop(number)
        await self._end(number, gone)

    async def watch(self) -> None:
        """Start again whatever has ended, for ever."""
        while True:
            for number, each in list(self._running.items()):
                if each.ended():
                    self._note(number, each)
                    self._start(number)
            await asyncio.sleep(RESTART_SECONDS)

    async def stop(self) -> None:
        """Stop all, each in good order."""
        running, self._running = self._running, {}
        await asyncio.gather(*(self._end(number, each) for number, each in running.items()))

    def kill(self) -> None:
        """Leave nothing behind."""
        for each in self._running.values():
            each.__exit__(None, None, None)

    async def _end(self, number: int, gone: Cogentai) -> None:
        gone.send(signal.SIGTERM)
        try:
            await asyncio.to_thread(gone.exit_code, within=STOP_SECONDS)
        finally:
            gone.__exit__(None, None, None)
            self._note(number, gone)

    def _note(self, number: int, gone: Cogentai) -> None:
        self.exits.append(Exit(number, gone.exit_code(within=5), gone.said()))
