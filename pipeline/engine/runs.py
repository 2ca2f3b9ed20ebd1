"""Runs in flight: which states of a run have been counted, and since when it runs.

A collector sends a run once per state it sees, in any order and sometimes twice under different
ids. Each run is counted once as started and once as ended.
"""

from __future__ import annotations

from typing import Any

from pipeline.engine.dedup import SeenIds

FORGET_AFTER = 7 * 86_400
"""A run that has not ended after a week never will: Patchworks keeps its logs no longer."""


class Runs:
    """The runs of a partition's flows.

    Parameters
    ----------
    remember
        Seconds of event time that an ended run is remembered at least.

    Examples
    --------
    >>> runs = Runs(remember=3600)
    >>> runs.start("acme:orders", "r1", at=100), runs.start("acme:orders", "r1", at=100)
    (True, False)
    >>> runs.end("acme:orders", "r1")
    (True, 100)
    >>> runs.end("acme:orders", "r1")
    (False, None)
    """

    def __init__(self, remember: int) -> None:
        self._open: dict[str, dict[str, float]] = {}
        self._ended = SeenIds(remember)

    def start(self, flow: str, run_id: str, at: float) -> bool:
        """Note that a run has started at ``at``; return whether that is news."""
        running = self._open.setdefault(flow, {})
        if run_id in running or self._ended.contains(flow, run_id):
            return False
        running[run_id] = at
        return True

    def end(self, flow: str, run_id: str) -> tuple[bool, float | None]:
        """Note that a run has ended; return whether that is news, and its start if known."""
        if not self._ended.first(flow, run_id):
            return False, None
        return True, self._open.get(flow, {}).pop(run_id, None)

    def advance(self, now: int) -> None:
        """Tell the time; forget runs that ended long ago and those that never will."""
        self._ended.advance(now)
        for running in self._open.values():
            # Insertion order is close to start order, so only the head needs a look.
            while running and next(iter(running.values())) < now - FORGET_AFTER:
                del running[next(iter(running))]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {"open": {f: dict(r) for f, r in self._open.items()}, "ended": self._ended.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._open = {flow: dict(running) for flow, running in state["open"].items()}
        self._ended.restore(state["ended"])
