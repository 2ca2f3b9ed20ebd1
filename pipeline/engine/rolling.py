"""Rolling sums of every flow over the last windows and hours: what alerts quote.

Two rings of integer arrays, one row a flow: the last 60 windows, and the last 24 hours. They hold
what is asked for and no more: there are many flows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.accumulator import COLUMN

WINDOW_FIELDS = (
    "started",
    "succeeded",
    "failed",
    "partial",
    "records_in",
    "depth",
    "oldest_age_s",
)
"""What is kept window by window."""

HOUR_FIELDS = ("started", "failed", "duration_n", "duration_sum")
"""What is kept hour by hour."""

WINDOWS = 60
HOURS = 24

_IN_WINDOWS = [COLUMN[name] for name in WINDOW_FIELDS]
_IN_HOURS = [COLUMN[name] for name in HOUR_FIELDS]

Counts = NDArray[np.int64]


class Rolling:
    """Rolling sums over 1 to 60 windows, and over 1 to 24 hours.

    Parameters
    ----------
    seconds
        Width of a window.

    Examples
    --------
    >>> from pipeline.engine.accumulator import SILENT
    >>> rolling = Rolling(seconds=60)
    >>> three = np.array([[3, *SILENT[1:]]])
    >>> for number in (100, 101):
    ...     rolling.close(np.array([0]), number, three)
    >>> rolling.over_windows(0, 101, 5)["started"]
    6
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._windows = np.zeros((0, len(WINDOW_FIELDS), WINDOWS), dtype=np.int64)
        self._hours = np.zeros((0, len(HOUR_FIELDS), HOURS), dtype=np.int64)
        self._latest = np.zeros(0, dtype=np.int64)

    def close(self, rows: Counts, number: int, sums: Counts) -> None:
        """Add window ``number`` of some flows; ``sums`` has shape (rows, accumulator fields)."""
        self._reach(int(rows[-1]) + 1)
        self._clear(rows, number)
        known = np.maximum(sums, 0)
        self._windows[rows, :, number % WINDOWS] = known[:, _IN_WINDOWS]
        self._hours[rows, :, self._hour(number) % HOURS] += known[:, _IN_HOURS]

    def _hour(self, number: int) -> int:
        return number * self.seconds // 3600

    def _reach(self, rows: int) -> None:
        have = len(self._latest)
        if rows > have:
            more = max(rows, have + have // 8) - have  # room for flows to come is memory lost
            for name in ("_windows", "_hours", "_latest"):
                ring = getattr(self, name)
                fresh = np.full((more, *ring.shape[1:]), -1 if name == "_latest" else 0, np.int64)
                setattr(self, name, np.concatenate([ring, fresh]))

    def _clear(self, rows: Counts, number: int) -> None:
        """Empty the slots of every window and hour that passed since the rows' last close."""
        for latest in np.unique(self._latest[rows]).tolist():
            late = rows[self._latest[rows] == latest]
            for passed in range(max(latest + 1, number - WINDOWS + 1), number + 1):
                self._windows[late, :, passed % WINDOWS] = 0
            hour = self._hour(number)
            for passed in range(max(self._hour(latest) + 1, hour - HOURS + 1), hour + 1):
                self._hours[late, :, passed % HOURS] = 0
        self._latest[rows] = number

    def over_windows(self, row: int, number: int, span: int) -> dict[str, int]:
        """Return the sums over the ``span`` windows (at most 60) that end with ``number``."""
        slots = np.arange(number - span + 1, number + 1) % WINDOWS
        sums = self._windows[row][:, slots].sum(axis=1)
        return dict(zip(WINDOW_FIELDS, sums.tolist(), strict=True))

    def at(self, row: int, number: int) -> dict[str, int]:
        """Return what one window held: for levels, of which sums mean nothing."""
        return self.over_windows(row, number, 1)

    def over_hours(self, row: int, number: int, span: int) -> dict[str, int]:
        """Return the sums over the ``span`` hours (at most 24) that end with window ``number``."""
        last = self._hour(number)
        slots = np.arange(last - span + 1, last + 1) % HOURS
        sums = self._hours[row][:, slots].sum(axis=1)
        return dict(zip(HOUR_FIELDS, sums.tolist(), strict=True))

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {"windows": self._windows, "hours": self._hours, "latest": self._latest}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._windows, self._hours = state["windows"], state["hours"]
        self._latest = state["latest"]
