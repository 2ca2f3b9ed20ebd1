"""From what was told to what the detectors are told: an outlook for each window.

Where several annotations cover a flow, the one with the closest scope counts, and of those the one
that began last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from detectors.columns import Bools, Floats
from detectors.outlook import Outlook, Scaling
from pipeline.engine.annotations import MOST, Annotations, Scope, Stretch
from pipeline.engine.calendar import instant
from pipeline.engine.changes import Changes
from pipeline.engine.emissions import FlowKey
from pipeline.engine.feedback import Feedback
from pipeline.engine.flows import Flows, Rows
from pipeline.engine.wording import number
from schemas.alerts import Alert, AlertSignal
from schemas.signals import SignalName, is_signal

EDGE = 15 * 60
"""Seconds around the beginning and the end of a peak in which both the usual and what was told are
ordinary: people do not come and go on the stroke of the hour."""

SLACK = 0.25
"""How far off a factor may be, on a log scale: for "twice" anything from 1.7 to 2.4 times is as
told. Wide enough for a guess, and narrow enough that the usual is seen to be too little."""

RELEARN_BAND = 3.0
"""Times more, or fewer, that a changed flow may run without alarm: a stop is still one."""

RELEARNING: tuple[SignalName, ...] = ("volume", "records", "backlog", "latency", "wait")
"""What a changed flow learns anew. Errors and silence are judged as strictly as ever."""


class Outlooks:
    """What is known of the flows of a partition, window by window.

    Parameters
    ----------
    seconds
        Width of a window.
    """

    def __init__(self, flows: Flows, seconds: int) -> None:
        self._flows = flows
        self.annotations = Annotations()
        self.changes = Changes(seconds)
        self.feedback = Feedback()
        self._covered: dict[Scope, list[bool]] = {}

    def masked(self, rows: Rows, start: int) -> Bools:
        """Whether a window is to be left alone, by row."""
        masked = np.zeros(len(self._flows), np.bool_)
        for stretch in self.annotations.near(start):
            if stretch.masks:
                masked |= self.covered(stretch.scope)
        return masked[rows]

    def holiday(self, rows: Rows, start: int) -> Bools:
        """Which rows have a holiday."""
        off = np.zeros(len(self._flows), np.bool_)
        for stretch in self.annotations.near(start):
            if stretch.kind == "holiday":
                off |= self.covered(stretch.scope)
        return off[rows]

    def of(self, start: int, ahead: int) -> Outlook:
        """What is known of the window at ``start``, and of the one at ``ahead``."""
        relearns = np.zeros(len(self._flows), np.bool_)
        for row, change in self.changes.relearning(start):
            relearns[row] |= not change.of_pattern
        return Outlook(
            ahead=self.scaling(ahead),
            now=self.scaling(start),
            relearns=relearns if relearns.any() else None,
            ease=self._ease(start),
        )

    def relearning(self, start: int) -> Bools:
        """Whether a flow learns anew, by row, after a change."""
        relearning = np.zeros(len(self._flows), np.bool_)
        relearning[[row for row, _ in self.changes.relearning(start)]] = True
        return relearning

    def scaling(self, start: int, *, hindsight: bool = False) -> Scaling | None:
        """How the counts of a window differ from the usual; None if nobody said so.

        With ``hindsight``, for a window that was judged before it was masked: any count was right.
        """
        near = [s for s in self.annotations.near(start, EDGE) if hindsight or not s.masks]
        changed = list(self.changes.relearning(start))
        if not near and not changed:
            return None
        told = Scaling.ordinary(len(self._flows))
        inside = [s for s in near if s.covers(start)]
        for stretch in sorted(inside, key=lambda s: (s.scope.closeness, s.since)):
            self._tell(told, stretch)
        for stretch in near:
            inner = stretch.covers(start + EDGE) and stretch.covers(start - EDGE)
            if not (inner or stretch.masks):
                self._soften(told, stretch)
        for row, change in changed:
            low, high = (0, np.inf) if change.of_pattern else (1 / RELEARN_BAND, RELEARN_BAND)
            told.low[row] = min(told.low[row], told.base[row] * low)
            told.high[row] = max(told.high[row], told.base[row] * high)
        return told

    def _tell(self, told: Scaling, stretch: Stretch) -> None:
        """Let a stretch say what is expected in the midst of it."""
        rows = self.covered(stretch.scope)
        base, low, high = _factors(stretch)
        told.base[rows], told.low[rows], told.high[rows] = base, low, high
        told.quiet[rows] = stretch.kind == "holiday" and stretch.factor is None
        told.known[rows] = stretch.factor is not None and not stretch.masks

    def _soften(self, told: Scaling, stretch: Stretch) -> None:
        """Let both the usual and what a stretch says be ordinary, at its edges."""
        rows = self.covered(stretch.scope)
        _, low, high = _factors(stretch)
        told.low[rows] = np.minimum(told.low[rows], min(low, 1))
        told.high[rows] = np.maximum(told.high[rows], max(high, 1))
        told.known[rows] = False

    def covered(self, scope: Scope) -> Bools:
        """Which rows a scope means."""
        if len(self._covered) > MOST:
            self._covered.clear()  # scopes of annotations long over
        covered = self._covered.setdefault(scope, [])
        covered += map(scope.covers, self._flows.keys[len(covered) :])
        return np.array(covered, np.bool_)

    def _ease(self, start: int) -> dict[SignalName, Floats]:
        ease: dict[SignalName, Floats] = {}
        for (row, signal), raised in self.feedback.moved(start):
            ease.setdefault(signal, np.ones(len(self._flows)))[row] *= 1 + raised
        for row, raised in self.changes.loosened(start):
            for signal in RELEARNING:
                ease.setdefault(signal, np.ones(len(self._flows)))[row] *= 1 + raised
        return ease

    def mention(self, row: int, start: int, signals: Iterable[AlertSignal]) -> str:
        """Say what an alert that began in the window at ``start`` should be seen in the light of.

        A change shortly before, what was planned, thresholds that verdicts have moved; empty if
        there is nothing.
        """
        flow = self._flows.keys[row]
        here = [s for s in self.annotations.near(start) if s.scope.covers(flow)]
        words = [
            self.changes.mention(flow.tenant, row, start),
            *(_planned(stretch) for stretch in here),
            *(self.feedback.mention((row, s), start) for s in signals if is_signal(s)),
        ]
        return " ".join(filter(None, words))

    def raised(self, alert: Alert) -> None:
        """Remember an alert of a flow, for verdicts to mean."""
        row = self._flows.row(FlowKey(alert.tenant, alert.flow_id))
        if row is not None and alert.revision == 0 and is_signal(alert.signal):
            self.feedback.alert((row, alert.signal), alert.id)

    def advance(self, now: int) -> None:
        """Tell the time; forget what is of no more consequence."""
        for part in (self.annotations, self.changes, self.feedback):
            part.advance(now)

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "annotations": self.annotations.state(),
            "changes": self.changes.state(),
            "feedback": self.feedback.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self.annotations.restore(state["annotations"])
        self.changes.restore(state["changes"])
        self.feedback.restore(state["feedback"])
        self._covered = {}


def _planned(stretch: Stretch) -> str:
    kind = stretch.kind.replace("_", " ")
    expected = f" of {number(stretch.factor)} times the usual" if stretch.factor else ""
    return f"A {kind}{expected} was announced until {instant(stretch.until):%d %b %H:%M} UTC."


def _factors(stretch: Stretch) -> tuple[float, float, float]:
    """Factors of the best guess and of its bounds.

    >>> _factors(Stretch(Scope("acme", "*"), "planned_peak", 0, 1, 16.0))
    (16.0, 8.0, 32.0)
    >>> _factors(Stretch(Scope("acme", "*"), "planned_peak", 0, 1))
    (1.0, 1.0, inf)
    """
    factor = stretch.factor
    if stretch.masks:
        return 1.0, 0.0, np.inf
    if factor is None:
        return 1.0, 1.0, np.inf if stretch.kind == "planned_peak" else 1.0
    bounds = factor ** (1 - SLACK), factor ** (1 + SLACK)
    return factor, min(bounds), max(bounds)
