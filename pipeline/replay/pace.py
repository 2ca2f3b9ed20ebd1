"""How fast a replay goes: as recorded, so many times faster, or as fast as the log takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

FULL_SPEED = float("inf")


class Pace:
    """Waits until an event is due.

    Parameters
    ----------
    speed
        Recorded seconds per second: 1 as recorded, 60 for an hour a minute, infinity for no wait.
    clock, sleep
        Of the event loop, unless a test brings its own.
    """

    def __init__(
        self,
        speed: float = FULL_SPEED,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.speed = speed
        self._clock = clock or asyncio.get_running_loop().time
        self._sleep = sleep
        self._begun: tuple[float, float] | None = None

    def wait_for(self, recorded: float) -> float:
        """Return how many seconds remain until an event recorded at ``recorded`` is due."""
        if self.speed == FULL_SPEED:
            return 0.0
        if self._begun is None:
            self._begun = (recorded, self._clock())
        first, started = self._begun
        return started + (recorded - first) / self.speed - self._clock()

    async def until(self, recorded: float) -> None:
        """Wait until an event recorded at ``recorded`` (epoch seconds) is due."""
        if (remaining := self.wait_for(recorded)) > 0:
            await self._sleep(remaining)
