"""The stand-in's time: as fast as one likes, or moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.collect.clock import Clock


class RunningClock(Clock):
    """Runs on by itself from ``start``, ``speed`` of its seconds in each of ours.

    With ``catches_up``, until it has reached the present; from there on it runs as ours does.
    """

    def __init__(self, start: datetime, speed: float = 1.0, *, catches_up: bool = False) -> None:
        super().__init__(speed, start)
        self._catches_up = catches_up

    def now(self) -> datetime:
        """Return the instant it is."""
        now = super().now()
        return min(now, datetime.now(UTC)) if self._catches_up else now


class HandClock(Clock):
    """Stands still until it is moved; who sleeps moves it.

    >>> clock = HandClock(datetime(2026, 3, 3, 8, tzinfo=UTC))
    >>> clock.advance(90)
    >>> clock.now().isoformat(), clock.seconds()
    ('2026-03-03T08:01:30+00:00', 90.0)
    """

    def __init__(self, start: datetime) -> None:
        super().__init__(start=start)
        self._hand = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it is."""
        return self._hand

    def seconds(self) -> float:
        """Return seconds since it was made."""
        return (self._hand - self._start).total_seconds()

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._hand += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.advance(seconds)
