"""Scoring: recall and false alarms of a detector in a world, by the rules of the detection notes.

An alarm is a rise of a flow's score above the threshold after 30 quiet minutes. A fault is found
by an alarm raised in [start, end + 10 minutes]; an alarm is false if it is raised outside every
[start, end + 60 minutes] of its flow. Being above the threshold for ever finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

import numpy as np

from benchmarks.retail.onsets import Onsets, Rises, Scores, false, found_after, onsets
from benchmarks.retail.world import DAY, Fault, World
from detectors.columns import Bools, Floats

BUDGETS: Final = (0.5, 1.0, 2.0)
"""False alarms a flow and week at which recall is told, by a threshold chosen in hindsight."""
FIXED: Final = 1.0
"""The threshold that detectors promise: above it a score is anomalous."""
BUSY: Final = 10.0
"""Events a minute from which on a flow counts as busy."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one fault: minutes until it was found, or None."""

    fault: Fault
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one threshold finds in one world.

    Attributes
    ----------
    raised, false
        Alarms raised from the warm-up on, and which of them are false.
    flow_weeks
        For how long the flows were watched.
    """

    threshold: float
    findings: tuple[Finding, ...]
    raised: Onsets
    false: Bools
    flow_weeks: float

    @property
    def false_a_week(self) -> float:
        """False alarms a flow and week."""
        return float(self.false.sum()) / self.flow_weeks


class Curve(NamedTuple):
    """False alarms a flow and week, and the recall they buy."""

    false_a_week: Sequence[float]
    recall: Sequence[float]


def recall(findings: Iterable[Finding]) -> float:
    """Return the share of the faults that were found; NaN of none."""
    found = [finding.minutes is not None for finding in findings]
    return sum(found) / len(found) if found else float("nan")


def minutes_to_detect(findings: Iterable[Finding]) -> float:
    """Return the median minutes to detect, of the faults found; NaN of none."""
    found = [finding.minutes for finding in findings if finding.minutes is not None]
    return median(found) if found else float("nan")


class Scored:
    """The scores of one detector in one world, ready to be cut at any threshold.

    Parameters
    ----------
    scores
        Of each minute and flow; shape (minutes, flows). NaN counts as zero.

    Examples
    --------
    >>> from benchmarks.retail.world import Flow
    >>> day = World("", 0, (Flow("orders", "steady", 5.0),), {"volume": np.ones((1440, 1))},
    ...             (Fault(0, "stop", 600, 660, 1.0),), warm_up=0)
    >>> scores = np.zeros((1440, 1), np.float32)
    >>> scores[605:650] = 3.0
    >>> scores[900] = 2.0
    >>> outcome = Scored(day, scores).at(1.0)
    >>> outcome.findings[0].minutes, outcome.false_a_week
    (5, 7.0)
    >>> Scored(day, scores).within(1.0).threshold
    2.0
    """

    def __init__(self, world: World, scores: Scores) -> None:
        self._world = world
        self._rises = Rises.of(scores, world.warm_up)
        born = np.array([max(flow.born, world.warm_up) for flow in world.flows])
        self._flow_weeks = float((world.minutes - born).sum()) / (7 * DAY)

    def at(self, threshold: float) -> Outcome:
        """Return what a threshold finds."""
        raised = onsets(self._rises, threshold)
        findings = tuple(Finding(f, found_after(raised, f)) for f in self._world.faults)
        return Outcome(threshold, findings, raised, self._false(raised), self._flow_weeks)

    def within(self, budget: float) -> Outcome:
        """Return what the lowest threshold finds that keeps a budget of false alarms.

        Thresholds are tried from the highest down, and the first that breaks the budget ends the
        search: a score that is hardly ever quiet raises few alarms, but earns nothing by it.
        """
        levels = np.unique(self._rises.high)[::-1]
        kept = -1
        for step in (max(len(levels) // 200, 1), max(len(levels) // 10_000, 1), 1):
            kept = self._lowest(levels, kept, step, budget)
        return self.at(float(levels[kept]) if kept >= 0 else np.inf)

    def _lowest(self, levels: Floats, kept: int, step: int, budget: float) -> int:
        """Go down the levels in steps from one that keeps the budget; return the last that does."""
        for i in range(kept + step, len(levels), step):
            if self._false_a_week(float(levels[i])) > budget:
                break
            kept = i
        return kept

    def curve(self) -> Curve:
        """Return recall against false alarms, over thresholds from high to low."""
        levels = np.unique(self._rises.high)[::-1]
        if not len(levels):
            return Curve([], [])
        levels = levels[np.unique(np.geomspace(1, len(levels), 80).astype(int)) - 1]
        outcomes = [self.at(float(level)) for level in levels]
        return Curve([o.false_a_week for o in outcomes], [recall(o.findings) for o in outcomes])

    def _false_a_week(self, threshold: float) -> float:
        return float(self._false(onsets(self._rises, threshold)).sum()) / self._flow_weeks

    def _false(self, raised: Onsets) -> Bools:
        return false(raised, self._world.faults + self._world.echoes)
