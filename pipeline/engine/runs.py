"""Runs in flight: which states of a run have been counted, and since when it runs.

A collector sends a run once per state it sees, in any order and sometimes twice under different
ids. Each run is counted once as started and once as ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from operator import add
from typing import Any

from pipeline.engine.dedup import SeenIds

FORGET_AFTER = 7 * 86_400
"""A run that has not ended after a week never will: Patchworks keeps its logs no longer."""


class Runs:
    """The runs of a partition's flows, told apart by the row of their flow and their id.

    Parameters
    ----------
    remember
        Seconds of event time that an ended run is remembered at least.

    Examples
    --------
    >>> runs = Runs(remember=3600)
    >>> runs.start(0, "r1", at=100), runs.start(0, "r1", at=100)
    (True, False)
    >>> runs.end(0, "r1")
    (True, 100)
    >>> runs.end(0, "r1")
    (False, None)
    """

    def __init__(self, remember: int) -> None:
        self._open: dict[str, float] = {}
        self._ended = SeenIds(remember)

    def start(self, row: int, run_id: str, at: float) -> bool:
        """Note that a run has started at ``at``; return whether that is news."""
        run = _name(row, run_id)
        if run in self._open or self._ended.contains("", run):
            return False
        self._open[run] = at
        return True

    def end(self, row: int, run_id: str) -> tuple[bool, float | None]:
        """Note that a run has ended; return whether that is news, and its start if known."""
        run = _name(row, run_id)
        if not self._ended.first("", run):
            return False, None
        return True, self._open.pop(run, None)

    def end_unheard(self, rows: Sequence[int], run_ids: Sequence[str]) -> bool:
        """Note that runs have ended of which nothing was heard before.

        Return whether that is so of all of them; if not, nothing is noted.
        """
        begin = {row: _name(row, "") for row in set(rows)}
        runs = list(map(add, map(begin.__getitem__, rows), run_ids))
        return self._open.keys().isdisjoint(runs) and self._ended.all_first("", runs)

    def advance(self, now: int) -> None:
        """Tell the time; forget runs that ended long ago and those that never will."""
        self._ended.advance(now)
        # Insertion order is close to start order, so only the head needs a look.
        lost = takewhile(lambda run: self._open[run] < now - FORGET_AFTER, self._open)
        for run in list(lost):
            del self._open[run]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {"open": list(self._open.items()), "ended": self._ended.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._open = dict(state["open"])
        self._ended.restore(state["ended"])


def _name(row: int, run_id: str) -> str:
    return f"{row} {run_id}"


def moved_runs(state: Mapping[str, Any], moved: Mapping[int, int]) -> dict[str, Any]:
    """Return the state of the runs of some rows alone, under the numbers they get."""

    def new(run: str) -> str | None:
        row, _, run_id = run.partition(" ")
        return _name(moved[int(row)], run_id) if int(row) in moved else None

    ended = dict(state["ended"])
    for generation in ("young", "old"):
        ended[generation] = {
            "": [name for run in ended[generation].get("", ()) if (name := new(run))]
        }
    return {"open": [(name, at) for run, at in state["open"] if (name := new(run))], "ended": ended}
