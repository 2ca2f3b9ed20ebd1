"""What was changed lately: versions deployed, schedules, mappings, connectors.

A change of a flow makes it learn anew, quickly. Any change is mentioned by alerts that begin soon
after it, for it is the first suspect.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.engine.wording import minutes
from schemas.structs import ConfigChanged

RELEARN = 2 * 3600
"""Seconds in which a changed flow finds its new level. An hour after the change every span that is
judged (60 windows at most) lies behind it; another is for the level, which follows a doubling of a
busy flow within twenty windows."""

RELEARN_PATTERN = 86_400
"""After a change of its schedule a flow has to be seen for a day: only then is every time of day
known again."""

LOOSE = 86_400
"""Seconds after relearning in which thresholds come back to what they were."""

LOOSENED = 0.3
"""By how much thresholds are raised when relearning ends: from 5.0 to 6.5, where the measured sweep
of thresholds (see `detectors.calibration`) has half as many false alarms."""

SUSPECT = 86_400
"""Seconds for which a change is mentioned: what is broken by day may run only at night."""

KEPT = 5
"""Changes remembered of one flow, or of one tenant."""

TENANT = -1
"""Stands for a row where a change names no flow."""


class Change(NamedTuple):
    """One change: when (epoch seconds), of what, and in words."""

    at: int
    object: str
    words: str

    @property
    def of_pattern(self) -> bool:
        """Whether it changes when a flow runs, rather than how."""
        return self.object == "schedule"

    @property
    def until(self) -> int:
        """When the flow has learned enough to be judged as before."""
        return self.at + (RELEARN_PATTERN if self.of_pattern else RELEARN)


class Changes:
    """The latest changes of every flow, by row, and of every tenant as a whole.

    Parameters
    ----------
    seconds
        Width of a window.

    Examples
    --------
    >>> changes = Changes(seconds=60)
    >>> changes.put("acme", 0, Change(600, "version", "version 7 was deployed by ana"))
    >>> changes.mention("acme", 0, start=1320)
    'It began 12 minutes after version 7 was deployed by ana.'
    >>> [row for row, _ in changes.relearning(1320)]
    [0]
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._latest: dict[tuple[str, int], list[Change]] = {}

    def put(self, tenant: str, row: int, change: Change) -> None:
        """Remember a change of a flow (or, with row ``TENANT``, of a tenant)."""
        known = self._latest.setdefault((tenant, row), [])
        known.append(change)
        known.sort()
        del known[:-KEPT]

    def relearning(self, start: int) -> Iterator[tuple[int, Change]]:
        """Yield the rows that relearn in a window, with what changed."""
        for (_, row), changes in self._latest.items():
            for change in changes:
                if row != TENANT and change.at < start + self._seconds <= change.until:
                    yield row, change

    def loosened(self, start: int) -> Iterator[tuple[int, float]]:
        """Yield the rows whose thresholds are raised after relearning, and by how much."""
        for (_, row), changes in self._latest.items():
            end = max(change.until for change in changes)
            if row != TENANT and end <= start < end + LOOSE:
                yield row, LOOSENED * (1 - (start - end) / LOOSE)

    def mention(self, tenant: str, row: int, start: int) -> str:
        """Say which change preceded what began in the window at ``start``; empty if none did."""
        for place in (row, TENANT):  # a change of the flow itself is the better suspect
            for change in reversed(self._latest.get((tenant, place), [])):
                if change.at < start + self._seconds <= change.at + SUSPECT:
                    return f"It began {minutes((start - change.at) / 60)} after {change.words}."
        return ""

    def advance(self, now: int) -> None:
        """Tell the time; forget what is no longer of any consequence."""
        for key, changes in list(self._latest.items()):
            changes[:] = [c for c in changes if c.until + LOOSE > now]
            if not changes:
                del self._latest[key]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {"latest": [[*key, changes] for key, changes in self._latest.items()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._latest = {
            (tenant, row): [Change(*change) for change in changes]
            for tenant, row, changes in state["latest"]
        }


def change_of(at: float, told: ConfigChanged) -> Change:
    """Read a change."""
    name = told.version if told.object == "version" and told.version else told.object_id
    author = f" by {told.user_id}" if told.user_id else ""
    return Change(int(at), told.object, f"{told.object} {name} was {told.change}{author}")
