"""Results: what one detector achieved in one world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.retail.judge import judge, of_flows
from benchmarks.retail.onsets import Scores
from benchmarks.retail.peers import compare, watched
from benchmarks.retail.scoring import BUSY, FIXED, Curve, Outcome, Scored, minutes_to_detect, recall
from benchmarks.retail.world import DAY, World
from benchmarks.retail.worlds import WORLDS
from schemas.signals import SignalName

OURS: Final = "CogentAI"
"""The engine's own detectors, beside their peers."""


class Case(NamedTuple):
    """One world of one seed, and who is to watch it."""

    world: str
    seed: int
    per_day: float
    minutes: int
    detector: str = OURS

    def make(self) -> World:
        """Make the world, or the part of it that the detector is run on."""
        world = WORLDS[self.world](self.seed, self.per_day, self.minutes)
        return world if self.detector == OURS else watched(self.detector, world)


@dataclass(frozen=True, slots=True)
class Group:
    """Faults that have something in common, and the false alarms of the flows concerned.

    Attributes
    ----------
    minutes
        Until each fault was found; None if it was not.
    false, flow_weeks
        NaN where false alarms cannot be told apart by it.
    """

    minutes: Sequence[int | None]
    false: float = np.nan
    flow_weeks: float = np.nan


@dataclass(frozen=True, slots=True)
class Cut:
    """What one threshold finds.

    Attributes
    ----------
    budget
        False alarms a flow and week that it keeps to in hindsight; None for the fixed one.
    """

    budget: float | None
    threshold: float
    false_a_week: float
    recall: float
    recall_busy: float
    minutes: float
    kinds: Mapping[str, Group]
    shapes: Mapping[str, Group]


@dataclass(frozen=True, slots=True)
class Result:
    """Everything about one case.

    Attributes
    ----------
    signals
        False alarms a flow and week that each signal would raise alone, at the fixed threshold.
    seconds
        What judging took.
    """

    case: Case
    faults: int
    flows: int
    cuts: Sequence[Cut]
    curve: Curve
    signals: Mapping[SignalName, float]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            **self.case._asdict(),
            "faults": self.faults,
            "flows": self.flows,
            "seconds": round(self.seconds, 1),
            "cuts": [_cut_as_dict(cut) for cut in self.cuts],
            "false_a_week_by_signal": {k: round(v, 4) for k, v in self.signals.items()},
        }


def measure(
    case: Case, budgets: Sequence[float], on_day: Callable[[], None] = lambda: None
) -> tuple[Result, World, Scores]:
    """Run one case; return with the result the world and the scores of its flows."""
    world = case.make()
    began = perf_counter()
    signals: Mapping[SignalName, Scores] = {}
    if case.detector == OURS:
        signals = judge(world, on_day)
        scores = of_flows(signals)
    else:
        scores = compare(case.detector, world)
        for _ in range(world.minutes // DAY):
            on_day()
    seconds = perf_counter() - began
    scored = Scored(world, scores)
    cuts = [_cut(world, scored.within(budget), budget) for budget in budgets]
    if case.detector == OURS:
        cuts.insert(0, _cut(world, scored.at(FIXED), None))
    alone = {name: Scored(world, score).at(FIXED).false_a_week for name, score in signals.items()}
    n = len(world.faults)
    result = Result(case, n, len(world.flows), cuts, scored.curve(), alone, seconds)
    return result, world, scores


def _cut(world: World, outcome: Outcome, budget: float | None) -> Cut:
    found = outcome.findings
    busy = [f for f in found if world.flows[f.fault.flow].per_minute >= BUSY]
    kinds = sorted({f.fault.kind for f in found})
    return Cut(
        budget=budget,
        threshold=outcome.threshold,
        false_a_week=outcome.false_a_week,
        recall=recall(found),
        recall_busy=recall(busy),
        minutes=minutes_to_detect(found),
        kinds={k: Group([f.minutes for f in found if f.fault.kind == k]) for k in kinds},
        shapes={s: _shape(world, outcome, s) for s in dict.fromkeys(f.shape for f in world.flows)},
    )


def _shape(world: World, outcome: Outcome, shape: str) -> Group:
    here = [i for i, flow in enumerate(world.flows) if flow.shape == shape]
    false = int(np.isin(outcome.raised.flow[outcome.false], here).sum())
    share = len(here) / len(world.flows)
    minutes = [f.minutes for f in outcome.findings if f.fault.flow in here]
    return Group(minutes, false, outcome.flow_weeks * share)


def pooled(groups: Iterable[Group]) -> Group:
    """Put the groups of several seeds together."""
    groups = list(groups)
    minutes = [minutes for group in groups for minutes in group.minutes]
    return Group(
        minutes, sum(group.false for group in groups), sum(group.flow_weeks for group in groups)
    )


def _cut_as_dict(cut: Cut) -> dict[str, Any]:
    return {
        "budget": cut.budget,
        "threshold": _rounded(cut.threshold),
        "false_a_week": _rounded(cut.false_a_week),
        "recall": _rounded(cut.recall),
        "recall_busy": _rounded(cut.recall_busy),
        "minutes": _rounded(cut.minutes),
        "kinds": {name: group.minutes for name, group in cut.kinds.items()},
        "shapes": {
            name: {
                "minutes": group.minutes,
                "false": int(group.false),
                "flow_weeks": _rounded(group.flow_weeks),
            }
            for name, group in cut.shapes.items()
        },
    }


def _rounded(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
