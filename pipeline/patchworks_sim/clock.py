"""The stand-in's time: as fast as one likes, or moved by hand."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the stand-in asks of time."""

    def now(self) -> datetime:
        """Return the instant it is."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let so many of its seconds pass."""
        ...


class RunningClock:
    """Runs on by itself from ``start``, ``speed`` of its seconds in each of ours."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self._start, self._speed = start, speed
        self._begun = time.monotonic()

    def now(self) -> datetime:
        """Return the instant it is."""
        return self._start + timedelta(seconds=self._speed * (time.monotonic() - self._begun))

    async def sleep(self, seconds: float) -> None:
        """Let so many of its seconds pass."""
        await asyncio.sleep(seconds / self._speed)


class HandClock:
    """Stands still until it is moved; to sleep costs nothing.

    >>> clock = HandClock(datetime(2026, 3, 3, 8, tzinfo=UTC))
    >>> clock.advance(90)
    >>> clock.now().isoformat()
    '2026-03-03T08:01:30+00:00'
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it is."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002 - nobody waits for a hand
        """Let others go first."""
        await asyncio.sleep(0)
