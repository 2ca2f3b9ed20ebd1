"""The budget of requests: a token bucket that all calls of a tenant share.

A bucket of ``burst`` tokens that fills at ``rate`` lets through at most ``burst + 60 * rate``
requests in any minute, which is the budget. It starts empty, as if the burst had just been spent:
so a collector that is killed and started again and again stays within the budget as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pipeline.collect.clock import Clock

BURST_SHARE = 6
"""A sixth of the minute's budget may be spent at once: a poll of a few pages need not wait."""

LONGEST_PAUSE = 300.0
"""Seconds a reply can make the collector wait at most, whatever it says."""

FALLBACK_PAUSE = 10.0
"""Seconds to wait where a reply asks to wait without saying how long."""


class Budget:
    """Requests that may be made.

    Parameters
    ----------
    per_minute
        Most requests in any minute.

    Attributes
    ----------
    used
        Requests made so far.

    Examples
    --------
    >>> budget = Budget(120, Clock())
    >>> budget.spare()
    False
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self.per_minute = per_minute
        self.used = 0
        self._clock = clock
        self._burst = max(per_minute // BURST_SHARE, 1)
        self._rate = (per_minute - self._burst) / 60
        self._tokens = 0.0
        self._at = clock.seconds()
        self._paused_until = 0.0
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Wait until a request may be made. Those who wait are served in their order."""
        async with self._turn:
            while (wait := self._wait()) > 0:
                await self._clock.sleep(wait)
            self._tokens -= 1
            self.used += 1

    def spare(self) -> bool:
        """Whether there is enough left for what is only nice to have."""
        return self._wait() <= 0 and self._tokens >= self._burst / 2

    def _wait(self) -> float:
        now = self._clock.seconds()
        self._tokens = min(self._tokens + self._rate * (now - self._at), self._burst)
        self._at = now
        return max(self._paused_until - now, (1 - self._tokens) / self._rate)

    def pause(self, seconds: float) -> None:
        """Let nobody make a request for a while."""
        until = self._clock.seconds() + min(seconds, LONGEST_PAUSE)
        self._paused_until = max(self._paused_until, until)

    def heed(self, status: int, headers: Mapping[str, str]) -> None:
        """Take from a reply how long to wait, if it says so."""
        spent = headers.get("x-ratelimit-remaining", "").strip() == "0"
        if status != 429 and not spent and not (status == 503 and "retry-after" in headers):
            return
        asked = _seconds(headers.get("retry-after"))
        if asked is None and spent:
            asked = _until(headers.get("x-ratelimit-reset"), self._clock)
        self.pause(FALLBACK_PAUSE if asked is None else asked)


def _seconds(text: str | None) -> float | None:
    """Read seconds; the other form, a date, nobody has seen Patchworks send."""
    try:
        return max(float(text or ""), 0.0)
    except ValueError:
        return None


def _until(reset: str | None, clock: Clock) -> float | None:
    """Read an instant in epoch seconds, or (if small) seconds."""
    seconds = _seconds(reset)
    if seconds is None or seconds < 1e9:
        return seconds
    return max(seconds - clock.now().timestamp(), 0.0)
