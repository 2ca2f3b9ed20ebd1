"""One watched number: its windows while they are open, and the detectors that judge it.

A closed window is judged by the mean of its samples. So a series costs the same however often it
is sampled, late samples are treated like late runs, and samples may come in any order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from detectors.generic import GenericDetector, Judgement
from detectors.river_model import RiverModel
from pipeline.settings import ExtraDetector


class MetricKey(NamedTuple):
    """A number, named across tenants; ``flow_id`` is ``*`` for one of the whole tenant."""

    tenant: str
    flow_id: str
    metric: str


class Judged(NamedTuple):
    """The highest score of a window, what is usual, and who found it and why."""

    score: float
    usual: Judgement
    why: str
    learning: bool


class MetricSeries:
    """The state of one number.

    Parameters
    ----------
    extras
        Further detectors the operator wants for it.
    upcoming
        Number of the first window that may still be judged.
    """

    def __init__(self, extras: Sequence[ExtraDetector], upcoming: int) -> None:
        self.collectors: frozenset[str] = frozenset()
        self.unit: str | None = None
        self.upcoming = upcoming
        self.latest = upcoming
        self._open: dict[int, tuple[float, int]] = {}
        self._generic = GenericDetector()
        self._extras = {_name(e): (e.model, RiverModel(e.model, e.params)) for e in extras}

    def sample(self, number: int, value: float) -> None:
        """Take a sample into an open window."""
        total, count = self._open.get(number, (0.0, 0))
        self._open[number] = (total + value, count + 1)
        self.latest = max(self.latest, number)

    def close(self, first_open: int) -> Iterator[tuple[int, float]]:
        """Close every window before ``first_open``; yield numbers and means, oldest first."""
        self.upcoming = max(self.upcoming, first_open)
        for number in sorted(number for number in self._open if number < first_open):
            total, count = self._open.pop(number)
            yield number, total / count

    def judge(self, mean: float) -> Judged:
        """Judge a window, then learn from it."""
        usual = self._generic.judge(mean)
        score, why = usual.score, _why(usual)
        learning = self._generic.learning
        self._generic.learn(mean)
        for model, detector in self._extras.values():
            own = detector.score(mean)
            detector.learn(mean)
            if own > score:
                score, why = own, f"{model} finds it rarer than anything usual"
        return Judged(score, usual, why, learning)

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "collectors": sorted(self.collectors),
            "unit": self.unit,
            "upcoming": self.upcoming,
            "latest": self.latest,
            "open": [[number, *sums] for number, sums in sorted(self._open.items())],
            "generic": self._generic.state(),
            "extras": {name: detector.state() for name, (_, detector) in self._extras.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again; an extra detector that is new since then starts afresh."""
        self.collectors = frozenset(state["collectors"])
        self.unit, self.upcoming, self.latest = state["unit"], state["upcoming"], state["latest"]
        self._open = {number: (total, count) for number, total, count in state["open"]}
        self._generic.restore(state["generic"])
        for name, (_, detector) in self._extras.items():
            if name in state["extras"]:
                detector.restore(state["extras"][name])


def _name(extra: ExtraDetector) -> str:
    return f"{extra.model} {json.dumps(extra.params, sort_keys=True)}"


def _why(usual: Judgement) -> str:
    """Say which channel of the generic detector speaks loudest."""
    if usual.record:
        return "beyond anything seen so far"
    words = {
        "it stays away from its usual level": usual.level,
        "it moves as it never has before": usual.shape,
        "it does not follow from what came before": usual.context / 2,
    }
    return max(words, key=words.__getitem__)
