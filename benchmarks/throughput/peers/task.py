"""What a peer is given, and how it is timed. Needs nothing but the standard library.

The clock runs from a peer's first record to its last, and what the first held is left out: so
start-up, assignment and recovery cost nobody anything. No peer has to wait at the end until what it
has sent is confirmed, as the engine does; that flatters the peers.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NoReturn, Self

RUN = "cogent.flow.run"


@dataclass(frozen=True)
class Task:
    """Where the records are, how many events they hold, and after how many seconds to give up."""

    bootstrap: str
    group: str
    source: str
    output: str
    partitions: int
    events: int
    seconds: float

    @classmethod
    def given(cls) -> Self:
        """Read the task that this process was started with."""
        return cls(**json.loads(sys.argv[1]))

    def arguments(self) -> str:
        """Return it as the argument of a process to be started."""
        return json.dumps(asdict(self))


class Stopwatch:
    """Counts events; after the last of them it says how long they took, and ends the process."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._first = self._counted = 0
        self._began = 0.0

    def count(self, events: int) -> None:
        """Take note of events that have been dealt with."""
        now = time.perf_counter()
        if not self._began:
            self._began, self._first = now, events
            return
        self._counted += events
        seconds = now - self._began
        if self._first + self._counted >= self._task.events or seconds > self._task.seconds:
            self._finish(seconds)

    def _finish(self, seconds: float) -> NoReturn:
        told = json.dumps({"events": self._counted, "seconds": seconds})
        os.write(1, f"\n{told}\n".encode())  # past whatever a library makes of sys.stdout
        os._exit(0)  # nobody needs what a library would now take its time to put away


def minute_of(event: Mapping[str, Any]) -> int:
    """Return the minute an event belongs to, since 1970."""
    return int(datetime.fromisoformat(event["time"]).timestamp()) // 60
