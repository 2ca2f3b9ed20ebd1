"""How often a sender may come: a token bucket for each.

Source: the token bucket as in J. Turner, "New directions in communications", 1986.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.ingest.problems import TooManyError

BURST_SECONDS = 2.0
"""A sender may fall silent and then catch up with this much of its rate at once."""


class RateLimit:
    """Buckets by name, each refilled at the same rate.

    Parameters
    ----------
    per_second
        Requests a second, with a burst of twice as many.
    clock
        Seconds that only rise.

    Examples
    --------
    >>> limit = RateLimit(1.0, clock=lambda: 0.0)
    >>> limit.take("shop"); limit.take("shop")
    >>> limit.take("shop")
    Traceback (most recent call last):
    pipeline.ingest.problems.TooManyError: more than 1 requests a second
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._full = per_second * BURST_SECONDS
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Take one request out of a sender's bucket.

        Raises
        ------
        TooManyError
            If it is empty; says when it will not be.
        """
        now = self._clock()
        level, since = self._buckets.get(name, (self._full, now))
        level = min(self._full, level + (now - since) * self.per_second)
        if level < 1.0:
            wait = (1.0 - level) / self.per_second
            raise TooManyError(f"more than {self.per_second:g} requests a second", retry_after=wait)
        self._buckets[name] = (level - 1.0, now)
