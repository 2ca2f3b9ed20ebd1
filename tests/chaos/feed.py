"""What is fed meanwhile: runs of several flows, repeated and out of order, in small appends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import numpy as np

from pipeline.log.base import Entry, EventLog, LogUnavailableError
from tests.make import MONDAY, Event, event, heartbeat, iso, run

FLOWS = 40
PER_MINUTE = 2.0
"""Runs a flow and minute."""

OUT_OF_ORDER = 0.1
DUPLICATES = 0.03
DELAY = 40.0
"""Mean seconds by which an event out of order comes late: about one in twenty comes too late."""

SIZE = 10
"""Events an append: many small records, so that there is always a commit on its way."""


def entries(events: int, seed: int) -> list[Entry]:
    """Return about ``events`` events, as they are sent, with a heartbeat every minute.

    Half of the flows stop every other hour and are missed, so that alerts fire.
    """
    rng = np.random.default_rng(seed)
    sent: list[tuple[float, Event]] = []
    for minute in range(round(events / FLOWS / PER_MINUTE / 0.75)):
        at = MONDAY + 60.0 * minute
        sent += _promises(at) if minute % 60 == 0 else []
        for flow in range(FLOWS):
            if flow % 2 and 30 <= minute % 120 < 90:
                continue
            sent += _runs(rng, f"flow-{flow}", at)
        sent.append((at + 60, heartbeat(at + 60)))
    sent += [
        (at + float(rng.uniform(0, 120)), e)
        for at, e in sent
        if e["tenant"] != "*" and rng.random() < DUPLICATES
    ]
    return [_entry(e) for _, e in sorted(sent, key=lambda pair: pair[0])]


def _promises(at: float) -> list[tuple[float, Event]]:
    due = {"due_at": iso(at + 600), "tolerance_s": 60}
    return [
        (at, event("cogent.schedule.expected", at, due | {"flow_id": f"flow-{flow}"}))
        for flow in range(FLOWS)
    ]


def _runs(rng: np.random.Generator, name: str, at: float) -> Iterator[tuple[float, Event]]:
    for when in at + 60 * rng.random(rng.poisson(PER_MINUTE)):
        state = "failure" if rng.random() < 0.05 else "success"
        took = float(rng.lognormal(6, 0.5))
        delay = float(rng.exponential(DELAY)) if rng.random() < OUT_OF_ORDER else 0.0
        yield float(when) + delay, run(float(when), state, flow_id=name, duration_ms=took)


def _entry(e: Event) -> Entry:
    flow_id = e["data"].get("flow_id")
    return Entry(None if flow_id is None else f"acme:{flow_id}", json.dumps(e).encode())


class Feeder:
    """Appends at an even pace, and never further than it is let.

    Parameters
    ----------
    log
        Where to.
    given
        All there is to append.
    seconds
        How long it shall take at the least.
    """

    def __init__(self, log: EventLog, given: list[Entry], seconds: float) -> None:
        self._log = log
        self._given = given
        self._pause = seconds * SIZE / len(given)
        self._released = 0
        self.fed = 0
        self.refused = 0

    @property
    def idle(self) -> bool:
        """Whether it has fed all that it was let."""
        return self.fed >= self._released

    def release(self, share: float) -> None:
        """Let it go as far as a share of the whole."""
        self._released = round(share * len(self._given))

    def hurry(self) -> None:
        """Let it go to the end without a pause."""
        self.release(1.0)
        self._pause = 0.0

    async def work(self) -> None:
        """Append everything, as far as it is released."""
        while self.fed < len(self._given):
            until = min(self.fed + SIZE, self._released)
            if until > self.fed:
                await self._append(self._given[self.fed : until])
                self.fed = until
            await asyncio.sleep(self._pause)

    async def _append(self, some: list[Entry]) -> None:
        """Repeat until it is confirmed, as a sender does."""
        while True:
            try:
                return await self._log.append(some)
            except LogUnavailableError:
                self.refused += 1
                await asyncio.sleep(0.5)
