"""How far each collector has told: its watermark, and whether it is alive, down or finished.

Time is in the log. A collector's heartbeat promises that everything before its watermark has been
sent. Nobody here has a clock, so a collector is missed on the clock of the others: the *furthest*
watermark. A collector that does not move while the furthest moves on for longer than the timeout
is down.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

FIRST_JUMP = 60
"""Seconds the clock moves at most per heartbeat while judging who is down: a newcomer far ahead,
or a replay of last month, does not declare the others dead at a stroke."""

LONGEST_STRETCH = 6 * 3600
"""A single heartbeat does not vouch for more than six hours, whatever it says: a longer jump was
not watched, nor what lies further before a first heartbeat. So neither a broken clock nor an old
event makes the engine close a million windows as silent. Our collector lists no more at a time."""

KEPT_STRETCHES = 100
"""Stretches remembered of a collector that restarts again and again: windows older than that many
restarts have long been closed."""


@dataclass(slots=True)
class Collector:
    """What one collector has promised.

    Attributes
    ----------
    watermark
        Epoch seconds; everything before it has been sent.
    covered
        Stretches ``(from, to)`` it watched, oldest first; the last is still growing, so its end
        is None. Nothing is known of the time between them.
    moved
        The clock when the watermark last rose.
    """

    watermark: int
    covered: list[tuple[int | None, int | None]]
    moved: int
    finished: bool = False
    down: bool = False


class Watermarks:
    """The watermarks of every collector seen in a partition.

    Parameters
    ----------
    timeout
        Seconds a collector may stand still, on the clock of the others, and count as alive.

    Examples
    --------
    >>> marks = Watermarks(timeout=300)
    >>> marks.beat("poller", 1_000)
    >>> marks.limit(frozenset({"poller"}))
    1000
    """

    def __init__(self, timeout: int) -> None:
        self.timeout = timeout
        self.collectors: dict[str, Collector] = {}
        self.furthest = 0
        self.clock = 0

    def beat(
        self, name: str, watermark: int, since: int | None = None, *, finished: bool = False
    ) -> None:
        """Take note of a heartbeat. A watermark never falls."""
        known = self.collectors.get(name)
        earliest = watermark - LONGEST_STRETCH
        if known is None:
            since = earliest if since is None else max(since, earliest)
            known = Collector(watermark, [(since, None)], self.clock)
            self.collectors[name] = known
            newcomer = True
        else:
            newcomer = False
            if max(since or 0, known.watermark) < earliest:
                since = watermark
            if since is not None and since > known.watermark:
                start, _ = known.covered[-1]
                known.covered[-1:] = [(start, known.watermark), (since, None)]
                del known.covered[:-KEPT_STRETCHES]
        known.finished = finished
        if watermark > self.furthest and not finished:
            if not newcomer or len(self.collectors) == 1:
                self.clock += min(watermark - self.furthest, FIRST_JUMP) if self.furthest else 0
            self.furthest = watermark
        if watermark > known.watermark or newcomer:
            known.watermark = max(watermark, known.watermark)
            known.moved = self.clock

    def own(self) -> dict[str, int]:
        """Return the watermark of every collector that has not finished."""
        return {name: c.watermark for name, c in self.collectors.items() if not c.finished}

    def alive(self, name: str) -> bool:
        """Whether a collector moves, on the clock of the others."""
        known = self.collectors.get(name)
        return known is None or self.clock - known.moved <= self.timeout

    def limit(self, feed: frozenset[str]) -> int | None:
        """Return the instant up to which everything about a flow fed by ``feed`` is known.

        The slowest living collector decides. If all are down it is the slowest of them, so windows
        stay open; once all have finished, the furthest. None before the first heartbeat.
        """
        known = {name: self.collectors[name] for name in feed if name in self.collectors}
        running = [name for name, c in known.items() if not c.finished]
        if not running:
            return max((c.watermark for c in known.values()), default=None)
        living = [name for name in running if self.alive(name)]
        return min(known[name].watermark for name in living or running)

    def finished(self, feed: frozenset[str]) -> bool:
        """Whether nothing more will come for a flow fed by ``feed``."""
        return all(name in self.collectors and self.collectors[name].finished for name in feed)

    def watched(self, feed: frozenset[str], start: int, end: int) -> bool:
        """Whether any collector of ``feed`` watched all of the time from start to end."""
        return any(
            (since is None or since <= start) and end <= (until or c.watermark)
            for name in feed
            if (c := self.collectors.get(name))
            for since, until in c.covered
        )

    def next_watched(self, feed: frozenset[str], start: int) -> int | None:
        """Return when, at or after ``start``, watching begins again; None if not yet known."""
        begins = [
            since
            for name in feed
            if (c := self.collectors.get(name))
            for since, _ in c.covered
            if since is not None and since >= start
        ]
        return min(begins, default=None)

    def changes(self) -> list[tuple[str, bool]]:
        """Return collectors that went down (True) or came back (False) since the last call."""
        changed = []
        for name, c in sorted(self.collectors.items()):
            down = not c.finished and not self.alive(name)
            if down != c.down:
                c.down = down
                changed.append((name, down))
        return changed

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        collectors = {name: asdict(c) for name, c in self.collectors.items()}
        return {"furthest": self.furthest, "clock": self.clock, "collectors": collectors}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self.furthest, self.clock = state["furthest"], state["clock"]
        self.collectors = {
            name: Collector(**{**c, "covered": [tuple(s) for s in c["covered"]]})
            for name, c in state["collectors"].items()
        }
