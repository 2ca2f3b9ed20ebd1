"""The collector's time, which a test may let run faster."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Time as it passes for a collector.

    Parameters
    ----------
    speed
        How many of its seconds pass in one of ours.
    start
        The instant at which it begins; now, if not given.
    """

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        self._speed = speed
        self._start = datetime.now(UTC) if start is None else start
        self._begun = time.monotonic()

    def seconds(self) -> float:
        """Return seconds that only rise."""
        return self._speed * (time.monotonic() - self._begun)

    def now(self) -> datetime:
        """Return the instant it is."""
        return self._start + timedelta(seconds=self.seconds())

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds / self._speed)
