"""The windows of start time in which runs are listed: closed, so that no page of one can grow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(hours=6)
ROWS = 1000
"""What a window should hold: ten pages, some seconds of the budget, before the watermark moves."""

EDGE = timedelta(seconds=1)
"""By which windows overlap: whether their limits belong to them is not documented."""


OVERLAP = timedelta(seconds=60)
"""What lies this far before the watermark is listed again: short runs have ended by then, and what
became visible late is found."""


class Window(NamedTuple):
    """Runs that started from ``start`` to ``end``."""

    start: datetime
    end: datetime

    @property
    def params(self) -> dict[str, str | int]:
        """The filters of a list, in Unix milliseconds."""
        return {
            "filter[started_after]": milliseconds(self.start - EDGE),
            "filter[started_before]": milliseconds(self.end),
        }


class Stride:
    """How long the next window of a long way should be, learned from those before.

    Examples
    --------
    >>> stride = Stride()
    >>> stride.learn(rows=20)
    >>> stride.length
    datetime.timedelta(seconds=7200)
    >>> stride.learn(rows=5000)
    >>> stride.length
    datetime.timedelta(seconds=1800)
    """

    def __init__(self) -> None:
        self.length = timedelta(hours=1)

    def learn(self, rows: int) -> None:
        """Take note of how many rows a window held."""
        if rows > ROWS:
            self.shorten(self.length, rows)
        elif rows < ROWS / 4:
            self.length = min(self.length * 2, LONGEST)

    def shorten(self, length: timedelta, rows: int) -> None:
        """Take note that a window of some length held too many rows."""
        self.length = max(length / (4 if rows > 4 * ROWS else 2), SHORTEST)


def milliseconds(instant: datetime) -> int:
    """Return an instant as filters take it: Unix milliseconds."""
    return round(instant.timestamp() * 1000)
