"""Verdicts of operators on alerts, and how far each has moved a threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.signals import SignalName

STEP = 0.15
"""By how much one false alarm raises a threshold, and a real alert lowers it again.

From the measured sweep of thresholds (see `detectors.calibration`): from 5.0 to 5.75 a third of the
false alarms go. At once, one verdict is felt and does not decide."""

MOST = 0.6
"""No threshold is raised by more: 8.0 in place of 5.0, where the sweep, carried on, has a third of
the false alarms. A fault that is plain still scores several times that."""

HALF_LIFE = 28 * 86_400
"""Seconds in which a raise fades to a half: flows change, and verdicts on them grow old."""

LEAST = 0.005
"""A raise that would be written as 0 % is none."""

FORGET_AFTER = 180 * 86_400
"""Seconds after which verdicts are forgotten: what they did has faded to nothing."""

KEPT = 20
"""Verdicts remembered of one signal of a flow: more than the bounds and the half-life leave of."""


class Verdict(NamedTuple):
    """What somebody thought of an alert, and when (epoch seconds)."""

    at: int
    alert: str
    author: str
    false_alarm: bool


Place = tuple[int, SignalName]
"""A signal of a flow, by row."""


class Feedback:
    """Thresholds moved by verdicts.

    Examples
    --------
    >>> feedback = Feedback()
    >>> feedback.put((0, "volume"), Verdict(0, "a1", "ana", false_alarm=True))
    >>> feedback.put((0, "volume"), Verdict(9, "a1", "ana", false_alarm=True))  # she said so before
    >>> feedback.put((0, "volume"), Verdict(9, "a2", "ana", false_alarm=True))
    >>> round(feedback.raised((0, "volume"), now=9), 3)
    0.3
    >>> round(feedback.raised((0, "volume"), now=9 + HALF_LIFE), 3)
    0.15
    """

    def __init__(self) -> None:
        self._verdicts: dict[Place, list[Verdict]] = {}
        self._moved: dict[Place, tuple[int, float]] = {}
        self._latest: dict[Place, str] = {}

    def alert(self, place: Place, id_: str) -> None:
        """Remember the latest alert, which a verdict without an id means."""
        self._latest[place] = id_

    def latest(self, place: Place) -> str:
        """Return the id of the latest alert; empty before the first."""
        return self._latest.get(place, "")

    def put(self, place: Place, verdict: Verdict) -> None:
        """Take a verdict, in place of what its author said of that alert before."""
        said = self._verdicts.setdefault(place, [])
        before = [v for v in said if (v.alert, v.author) == (verdict.alert, verdict.author)]
        if any(v.false_alarm == verdict.false_alarm for v in before):
            return
        said[:] = sorted({*said, verdict} - {*before})[-KEPT:]
        self._moved[place] = _folded(said)

    def raised(self, place: Place, now: int) -> float:
        """By how much the threshold is raised: 0.15 is by 15 %."""
        at, raised = self._moved.get(place, (now, 0.0))
        return _faded(raised, now - at)

    def moved(self, now: int) -> Iterator[tuple[Place, float]]:
        """Yield every threshold that is raised, and by how much."""
        for place in self._moved:
            if (raised := self.raised(place, now)) >= LEAST:
                yield place, raised

    def mention(self, place: Place, now: int) -> str:
        """Say what verdicts have changed; empty if nothing to speak of."""
        raised = self.raised(place, now)
        if raised < LEAST:
            return ""
        last = self._verdicts[place][-1]
        day = datetime.fromtimestamp(last.at, UTC)
        author = f" by {last.author}" if last.author else ""
        return (
            f"The threshold of {place[1]} is raised by {100 * raised:.0f} % after the verdict of "
            f"{day:%d %b}{author}."
        )

    def advance(self, now: int) -> None:
        """Tell the time; forget what is too old to matter."""
        for place in [p for p, (at, _) in self._moved.items() if at <= now - FORGET_AFTER]:
            del self._moved[place], self._verdicts[place]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "verdicts": [[*place, said] for place, said in self._verdicts.items()],
            "latest": [[*place, id_] for place, id_ in self._latest.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._verdicts = {(r, s): [Verdict(*v) for v in said] for r, s, said in state["verdicts"]}
        self._moved = {place: _folded(said) for place, said in self._verdicts.items()}
        self._latest = {(row, signal): id_ for row, signal, id_ in state["latest"]}


def _folded(said: list[Verdict]) -> tuple[int, float]:
    """Return when the last verdict was given, and how far all of them have raised by then."""
    at, raised = said[0].at, 0.0
    for verdict in said:
        raised = _faded(raised, verdict.at - at) + (STEP if verdict.false_alarm else -STEP)
        at, raised = verdict.at, min(max(raised, 0.0), MOST)
    return at, raised


def _faded(raised: float, seconds: int) -> float:
    return raised * math.exp2(-max(seconds, 0) / HALF_LIFE)
