"""Runs that a schedule has promised, and how late the oldest of them is.

Time here is event time at the end of a closed window. A promise is kept by a run that starts
within its tolerance of the due time, early or late.
"""

from __future__ import annotations

from bisect import insort
from typing import Any

EARLY = 60
"""Seconds a run may start ahead of its due time and still keep the promise (schedulers queue in
30-second steps and clocks differ)."""

DEFAULT_TOLERANCE = 300
"""Seconds of lateness allowed where the schedule names none: queue wait under load."""

LOST_AFTER = 86_400
"""An unkept promise is dropped after a day: later runs cannot make it good."""


class Schedules:
    """The promises of a partition's flows, one sorted list a row.

    Examples
    --------
    >>> schedules = Schedules()
    >>> schedules.promise(0, due=1_000, tolerance=60)
    >>> schedules.overdue(0, now=1_180)
    2.0
    >>> schedules.settle(0, at=1_200)
    >>> schedules.overdue(0, now=1_260)
    0.0
    """

    def __init__(self) -> None:
        self._due: dict[int, list[tuple[int, int]]] = {}
        self._settled: dict[int, int] = {}

    def promise(self, row: int, due: int, tolerance: int | None) -> None:
        """Expect a run of a flow at ``due`` (epoch seconds), ``tolerance`` seconds late at most."""
        promises = self._due.setdefault(row, [])
        if self._settled.get(row, 0) < due - EARLY:
            insort(promises, (due, DEFAULT_TOLERANCE if tolerance is None else tolerance))

    def rows(self) -> list[int]:
        """Return the rows of flows for which a schedule was ever told of."""
        return list(self._due)

    def drop(self, row: int) -> None:
        """Forget what was promised for a flow: its schedule is no more."""
        self._due.pop(row, None)

    def settle(self, row: int, at: int) -> None:
        """Close the book on every promise due by ``at``, told already or later.

        A run has started by then, or nobody watched and so nobody can tell.
        """
        self._settled[row] = at
        due = self._due.get(row)
        while due and due[0][0] <= at + EARLY:
            due.pop(0)

    def overdue(self, row: int, now: int) -> float:
        """Return minutes by which the oldest open promise is late beyond its tolerance.

        NaN for a flow that no schedule was ever told of.
        """
        due = self._due.get(row)
        if due is None:
            return float("nan")
        while due and due[0][0] < now - LOST_AFTER:
            due.pop(0)
        if not due:
            return 0.0
        first, tolerance = due[0]
        return max(now - first - tolerance, 0) / 60.0

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "due": [[row, due] for row, due in sorted(self._due.items())],
            "settled": [[row, at] for row, at in sorted(self._settled.items())],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._due = {row: [(d, t) for d, t in due] for row, due in state["due"]}
        self._settled = dict(state["settled"])
