"""The alerts of one replay at several budgets.

A score is a calibrated rarity over the threshold of its budget, so what another budget would have
raised follows from the scores of one: divided by that budget's threshold instead, and turned into
alerts by the engine's own rule (a flow's alert is over after a stretch of calm). Lateness by a
schedule has no budget. Exact for the engine's own budget; for others an estimate, since a
cumulative sum is held near the threshold it ran with and lets go a little sooner or later. A much
stricter budget lies beyond what a sum can reach: slow changes are not counted there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from detectors.bank import RELEASE
from detectors.calibration import threshold
from detectors.columns import Bools, Floats, Ints
from pipeline.engine.emissions import ClosedWindow, FlowKey
from pipeline.settings import EngineSettings
from schemas.signals import SignalName


class Onset(NamedTuple):
    """An alert's first anomalous window (epoch seconds), and the signal that raised it."""

    flow: FlowKey
    start: int
    signal: SignalName


class Budgets:
    """Gathers closed windows into onsets by budget, and how long each flow was watched.

    Parameters
    ----------
    engine
        Settings of the engine whose windows these are.
    budgets
        False alarms a flow may raise in a week; the engine's own is always among them.
    since
        Epoch seconds before which windows only set the stage.
    """

    def __init__(
        self, engine: EngineSettings, budgets: Sequence[float], since: int | None = None
    ) -> None:
        self.own = engine.alerts_per_flow_week
        self.budgets = sorted({*budgets, self.own})
        self.onsets: dict[float, list[Onset]] = {budget: [] for budget in self.budgets}
        self.seconds = engine.window_seconds
        self._since = since
        self._calm = 60 * engine.calm_minutes
        ratios = [threshold(self.own) / threshold(budget) for budget in self.budgets]
        self._ratios = np.array(ratios)[:, None, None]
        self.span = (0, 0)
        """Starts of the first and of the last window that counts."""
        self._row: dict[FlowKey, int] = {}
        self._anomalous = np.zeros((len(self.budgets), 0), np.int64)
        self._watched = np.zeros((2, 0), np.int64)

    def add(self, closed: ClosedWindow) -> None:
        """Take in one closed window."""
        rows = self._rows(closed.flows)
        counts = self._since is None or closed.start >= self._since
        if counts:
            self.span = (self.span[0] or closed.start, closed.start)
            self._watched[0, rows] += 1
            self._watched[1, rows] += ~closed.learning
        scores = np.array([verdict.score for verdict in closed.verdicts.values()])
        if not scores.max(initial=0.0) * max(self._ratios.max(), 1.0) > 1:
            return
        scaled = self._scaled(scores, closed)
        hot = scaled.max(axis=1) > 1
        new = hot & (closed.start - self._anomalous[:, rows] > self._calm)
        self._anomalous[:, rows] = np.where(hot, closed.start, self._anomalous[:, rows])
        if counts:
            self._note(new, scaled.argmax(axis=1), closed)

    def cut_off(self, budget: float) -> bool:
        """Whether slow changes cannot be counted at a budget: their sums were held below it."""
        return threshold(budget) > RELEASE * threshold(self.own)

    def weeks(self, flow: FlowKey) -> float:
        """How long a flow was judged, in weeks: watched, and old enough."""
        return float(self._watched[1, self._row[flow]]) * self.seconds / (7 * 86_400)

    def days(self, flow: FlowKey) -> float:
        """How long a flow was watched, in days."""
        return float(self._watched[0, self._row[flow]]) * self.seconds / 86_400

    @property
    def flows(self) -> list[FlowKey]:
        """Flows that were watched, by name."""
        return sorted(flow for flow, row in self._row.items() if self._watched[0, row])

    def _rows(self, flows: Sequence[FlowKey]) -> Ints:
        rows = np.array([self._row.setdefault(flow, len(self._row)) for flow in flows])
        if (more := len(self._row) - self._anomalous.shape[1]) > 0:
            long_ago = -self._calm - 1
            self._anomalous = np.pad(self._anomalous, ((0, 0), (0, more)), constant_values=long_ago)
            self._watched = np.pad(self._watched, ((0, 0), (0, more)))
        return rows

    def _scaled(self, scores: Floats, closed: ClosedWindow) -> Floats:
        """Scores by budget, signal and flow."""
        scaled: Floats = scores * self._ratios
        if "silence" in closed.verdicts:
            silence = list(closed.verdicts).index("silence")
            promised = ~np.isnan(closed.windows.overdue)
            scaled[:, silence, promised] = scores[silence, promised]
        return scaled

    def _note(self, new: Bools, strongest: Ints, closed: ClosedWindow) -> None:
        signals = list(closed.verdicts)
        for b, i in zip(*np.nonzero(new), strict=True):
            onset = Onset(closed.flows[i], closed.start, signals[strongest[b, i]])
            self.onsets[self.budgets[b]].append(onset)
