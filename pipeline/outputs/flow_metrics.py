"""Metrics of single flows, worked out when Prometheus asks from the last closed window of each.

The first ``max_flows`` flows have series of their own. The rest share one, so a tenant with a
hundred thousand flows costs a scrape no more than one with five hundred.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from detectors.errors.taxonomy import CLASSES, ErrorClass
from pipeline.engine.emissions import ClosedWindow, FlowKey
from schemas.signals import SignalName

OTHER = FlowKey("_other", "_other")
"""What flows beyond the cap are counted under."""


class Latest(NamedTuple):
    """Where the newest verdict on a flow stands."""

    window: ClosedWindow
    row: int

    def verdict(self, signal: SignalName, column: str) -> float:
        verdict = self.window.verdicts.get(signal)
        return np.nan if verdict is None else float(getattr(verdict, column)[self.row])

    def counted(self, column: str) -> float:
        return float(getattr(self.window.windows, column)[self.row])


class FlowMetrics:
    """The newest window of every flow, and which flows have series of their own.

    The arrays of a window are read later than they are handed in, so they must not change any
    more. Not safe to use from two threads at once: the caller holds a lock.

    Parameters
    ----------
    max_flows
        How many flows have series of their own.
    """

    def __init__(self, max_flows: int) -> None:
        self._max_flows = max_flows
        self._latest: dict[FlowKey, Latest] = {}
        self._own: set[FlowKey] = set()
        self._errors: Counter[tuple[str, str, ErrorClass]] = Counter()

    def label(self, key: FlowKey) -> FlowKey:
        """Return what to count a flow under; that stays so until the flow is forgotten."""
        if key in self._own:
            return key
        if key in self._latest or len(self._own) >= self._max_flows:
            return OTHER
        self._own.add(key)
        return key

    def observe(self, window: ClosedWindow) -> None:
        """Take note of a window."""
        for row, key in enumerate(window.flows):
            self.label(key)
            self._latest[key] = Latest(window, row)
        for row, classes in window.errors.items():
            for kind, runs in classes.items():
                self._errors[(*self.label(window.flows[row]), kind)] += runs

    def forget(self, keys: Iterable[FlowKey]) -> None:
        """Drop flows that another process looks after now."""
        for key in keys:
            self._latest.pop(key, None)
            self._own.discard(key)
            for kind in CLASSES:
                self._errors.pop((*key, kind), None)

    def errors(self) -> Metric:
        """Return how many runs complained, by class; begun anew with the process."""
        family = CounterMetricFamily(
            "cogentai_flow_errors", "Runs that complained, by class.", labels=(*_FLOW, "class")
        )
        for labels, runs in self._errors.items():
            family.add_metric(labels, runs)
        return family

    def split(self) -> tuple[dict[FlowKey, Latest], list[Latest]]:
        """Return the flows with series of their own, and the rest."""
        own = {key: latest for key, latest in self._latest.items() if key in self._own}
        return own, [latest for key, latest in self._latest.items() if key not in self._own]


def families(
    own: Mapping[FlowKey, Latest], rest: Sequence[Latest], names: Mapping[FlowKey, str]
) -> Iterator[Metric]:
    """Yield the metrics. What is unknown (NaN) has no sample, so graphs show a gap."""
    for name, text, value, fold in _GAUGES:
        family = GaugeMetricFamily(name, text, labels=_FLOW)
        for key, number in _samples(own, rest, value, fold):
            family.add_metric(key, number)
        yield family
    yield _scores(own, rest)
    info = GaugeMetricFamily("cogentai_flow_info", "A flow's name.", labels=(*_FLOW, "flow_name"))
    for key in own:
        info.add_metric((*key, names.get(key, key.flow_id)), 1)
    yield info


_Value = Callable[[Latest], float]
_Fold = Callable[[Iterable[float]], float]
"""How the flows beyond the cap become one number."""

_FLOW = ("tenant", "flow_id")


def _total(values: Iterable[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return sum(known) if known else np.nan


def _worst(values: Iterable[float]) -> float:
    return max((value for value in values if not np.isnan(value)), default=np.nan)


def _nothing(_values: Iterable[float]) -> float:
    """Ratios and durations of unlike flows have no value in common."""
    return np.nan


def _verdict(signal: SignalName, column: str, divisor: float = 1.0) -> _Value:
    return lambda latest: latest.verdict(signal, column) / divisor


def _error_ratio(column: str) -> _Value:
    def ratio(latest: Latest) -> float:
        finished = latest.counted("finished")
        return min(latest.verdict("errors", column) / finished, 1.0) if finished > 0 else np.nan

    return ratio


def _score(signal: SignalName) -> _Value:
    def score(latest: Latest) -> float:
        strength = latest.verdict(signal, "score")
        concerned = strength > 0 or not np.isnan(latest.verdict(signal, "observed"))
        return strength if concerned else np.nan

    return score


_GAUGES: tuple[tuple[str, str, _Value, _Fold], ...] = (
    ("cogentai_flow_volume", "Runs (or records) of the last window.",
     _verdict("volume", "observed"), _total),
    ("cogentai_flow_volume_expected", "Runs (or records) expected of it.",
     _verdict("volume", "expected"), _total),
    ("cogentai_flow_volume_lower", "Fewest that are ordinary.",
     _verdict("volume", "lower"), _total),
    ("cogentai_flow_volume_upper", "Most that are ordinary.",
     _verdict("volume", "upper"), _total),
    ("cogentai_flow_error_ratio", "Share of finished runs that failed in the last window.",
     _error_ratio("observed"), _nothing),
    ("cogentai_flow_error_expected_ratio", "Share expected.",
     _error_ratio("expected"), _nothing),
    ("cogentai_flow_error_upper_ratio", "Largest share that is ordinary.",
     _error_ratio("upper"), _nothing),
    ("cogentai_flow_latency_seconds", "Typical duration of a run in the last window.",
     _verdict("latency", "observed", 1000), _nothing),
    ("cogentai_flow_latency_expected_seconds", "Duration expected.",
     _verdict("latency", "expected", 1000), _nothing),
    ("cogentai_flow_latency_upper_seconds", "Longest that is ordinary.",
     _verdict("latency", "upper", 1000), _nothing),
    ("cogentai_flow_queue_depth", "Runs waiting at the end of the last window.",
     lambda latest: latest.counted("queue_depth"), _total),
    ("cogentai_failure_probability_ratio", "Predicted probability that a flow is about to fail.",
     _verdict("failure", "observed"), _worst),
)  # fmt: skip


def _samples(
    own: Mapping[FlowKey, Latest], rest: Sequence[Latest], value: _Value, fold: _Fold
) -> Iterator[tuple[FlowKey, float]]:
    for key, latest in own.items():
        if not np.isnan(number := value(latest)):
            yield key, number
    if not np.isnan(number := fold(map(value, rest))):
        yield OTHER, number


def _scores(own: Mapping[FlowKey, Latest], rest: Sequence[Latest]) -> Metric:
    family = GaugeMetricFamily(
        "cogentai_detector_score", "Above 1 is anomalous.", labels=(*_FLOW, "signal")
    )
    windows = {id(w): w for w, _ in (*own.values(), *rest)}.values()
    for signal in dict.fromkeys(name for window in windows for name in window.verdicts):
        for key, score in _samples(own, rest, _score(signal), _worst):
            family.add_metric((*key, signal), score)
    return family
