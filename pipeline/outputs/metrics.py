"""The engine's Prometheus metrics: what it says of flows, and how it fares itself.

Everything is worked out when Prometheus asks, from what was last reported here; nothing is global.
Counters that the engine keeps in its state go on where they stood when a partition moves, so they
carry a ``partition`` label. Those counted here begin anew with the process.

Names follow the Prometheus naming practices: base units, ``_total`` for counters, ratios 0 to 1.
"""

from __future__ import annotations

import platform
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission, FlowKey
from pipeline.outputs.flow_metrics import OTHER, FlowMetrics
from schemas.alerts import Alert

TOTALS: Mapping[str, tuple[str, str | None]] = {
    "events": ("Events read.", "type"),
    "events_late": ("Events of windows that had closed, not applied.", None),
    "events_duplicate": ("Events seen before, not applied.", None),
}
"""The engine's own counters: what each counts, and the label that splits it, if one does."""

MAX_COLLECTORS = 100
"""Collectors name themselves, so their number is not ours to trust."""

_ALERT = ("tenant", "flow_id", "signal", "severity")
_AlertLabels = tuple[str, str, str, str]
_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
"""Commits take milliseconds, opening a partition up to seconds; few, for each is a series."""


@dataclass(slots=True)
class _Partition:
    flows: set[FlowKey] = field(default_factory=set)
    names: dict[FlowKey, str] = field(default_factory=dict)
    firing: dict[str, _AlertLabels] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    watermarks: dict[str, float] = field(default_factory=dict)
    applied: int | None = None
    lag: int | None = None


class EngineMetrics(Collector):
    """Metrics of the partitions this process looks after.

    May be written by one thread while another is serving them.

    Parameters
    ----------
    registry
        Where to register; a registry of its own, served by
        :class:`~pipeline.health.server.HealthServer`.
    max_flows
        Flows with series of their own; the rest are counted under ``flow_id="_other"``.

    Attributes
    ----------
    commit_seconds, replay_seconds, open_seconds
        Histograms of how long a commit, a silent replay, and opening a partition took.

    Examples
    --------
    >>> registry = CollectorRegistry()
    >>> metrics = EngineMetrics(registry, max_flows=500)
    >>> metrics.set_totals(0, {"events/cogent.flow.run": 12, "events_late": 1})
    >>> labels = {"partition": "0", "type": "cogent.flow.run"}
    >>> registry.get_sample_value("cogentai_events_total", labels)
    12.0
    """

    def __init__(self, registry: CollectorRegistry, max_flows: int = 500) -> None:
        self._lock = threading.Lock()
        self._partitions: defaultdict[int, _Partition] = defaultdict(_Partition)
        self._flows = FlowMetrics(max_flows)
        self._raised: Counter[_AlertLabels] = Counter()
        self._dead_letters: Counter[str] = Counter()
        self._windows = 0
        self.commit_seconds = _histogram("commit", "Making outputs durable.", registry)
        self.replay_seconds = _histogram("replay", "Silent replay of a partition.", registry)
        self.open_seconds = _histogram("open", "Opening a partition, replay included.", registry)
        registry.register(self)
        ProcessCollector(registry=registry)

    def observe(self, partition: int, emissions: Iterable[Emission]) -> None:
        """Count what the engine handed out for a partition."""
        with self._lock:
            state = self._partitions[partition]
            for emission in emissions:
                match emission:
                    case ClosedWindow():
                        self._windows += len(emission.flows)
                        self._flows.observe(emission)
                        state.flows.update(emission.flows)
                    case Alert():
                        self._alert(state, emission)
                    case DeadLetter():
                        self._dead_letters[emission.reason] += 1

    def _alert(self, state: _Partition, alert: Alert) -> None:
        labels = self._labels(state, alert)
        if alert.revision == 0:
            self._raised[labels] += 1
        if alert.status == "firing":
            state.firing[alert.id] = labels
        else:
            state.firing.pop(alert.id, None)

    def _labels(self, state: _Partition, alert: Alert) -> _AlertLabels:
        key = FlowKey(alert.tenant, alert.flow_id)
        state.flows.add(key)
        return (*self._flows.label(key), alert.signal, alert.severity)

    def set_firing(self, partition: int, alerts: Iterable[Alert]) -> None:
        """Say which alerts fire in a partition that was opened: nobody raises them again."""
        with self._lock:
            state = self._partitions[partition]
            state.firing = {alert.id: self._labels(state, alert) for alert in alerts}

    def set_names(self, partition: int, names: Mapping[FlowKey, str]) -> None:
        """Say what the flows of a partition are called."""
        with self._lock:
            self._partitions[partition].names = dict(names)

    def set_totals(self, partition: int, totals: Mapping[str, int]) -> None:
        """Report the engine's cumulative counters: a name of ``TOTALS``, or ``name/label value``.

        Raises
        ------
        KeyError
            If a name is not among ``TOTALS``.
        """
        for name in totals:
            TOTALS[name.partition("/")[0]]
        with self._lock:
            self._partitions[partition].totals = dict(totals)

    def set_watermarks(self, partition: int, watermarks: Mapping[str, float]) -> None:
        """Report up to when (epoch seconds) each collector that still runs has told all."""
        with self._lock:
            self._partitions[partition].watermarks = dict(watermarks)

    def set_position(self, partition: int, applied: int, lag: int) -> None:
        """Report the last applied offset, and how many records lie behind it."""
        with self._lock:
            state = self._partitions[partition]
            state.applied, state.lag = applied, lag

    def forget(self, partition: int) -> None:
        """Drop a partition that was given up, with the series of its flows."""
        with self._lock:
            state = self._partitions.pop(partition, _Partition())
            self._flows.forget(state.flows)
            for labels in [raised for raised in self._raised if raised[:2] in state.flows]:
                del self._raised[labels]

    def collect(self) -> Iterator[Metric]:
        """Work the metrics out, for the registry."""
        with self._lock:
            names = {
                key: n for state in self._partitions.values() for key, n in state.names.items()
            }
            families = [*self._flows.families(names), *self._alerts(), *self._health()]
        yield from families

    def _alerts(self) -> Iterator[Metric]:
        raised = CounterMetricFamily("cogentai_alerts", "Alerts raised.", labels=_ALERT)
        for labels, number in self._raised.items():
            raised.add_metric(labels, number)
        firing = GaugeMetricFamily("cogentai_alerts_firing", "Alerts that fire.", labels=_ALERT)
        open_ = {id_: a for state in self._partitions.values() for id_, a in state.firing.items()}
        for labels, number in Counter(open_.values()).items():
            firing.add_metric(labels, number)
        return iter((raised, firing))

    def _health(self) -> Iterator[Metric]:
        build = {"version": version("cogentai"), "python_version": platform.python_version()}
        yield InfoMetricFamily("cogentai_build", "What runs here.", value=build)
        yield CounterMetricFamily(
            "cogentai_windows_closed", "Windows of flows closed and judged.", value=self._windows
        )
        letters = CounterMetricFamily(
            "cogentai_dead_letters", "Input put aside.", labels=("reason",)
        )
        for reason, number in self._dead_letters.items():
            letters.add_metric((reason,), number)
        yield letters
        yield from self._totals()
        yield self._watermarks()
        yield self._position("applied_offset", "Last offset whose outputs are durable.", "applied")
        yield self._position("lag_records", "Records behind it.", "lag")

    def _totals(self) -> Iterator[Metric]:
        for name, (text, split) in TOTALS.items():
            labels = ("partition", split) if split else ("partition",)
            family = CounterMetricFamily(f"cogentai_{name}", text, labels=labels)
            for partition, state in self._partitions.items():
                for key, number in state.totals.items():
                    known, _, value = key.partition("/")
                    if known == name:
                        family.add_metric((str(partition), value)[: len(labels)], number)
            yield family

    def _watermarks(self) -> Metric:
        family = GaugeMetricFamily(
            "cogentai_watermark_timestamp_seconds",
            "Up to when a collector has told all, in the partition it is furthest behind.",
            labels=("collector",),
        )
        slowest: dict[str, float] = {}
        for state in self._partitions.values():
            for collector, mark in state.watermarks.items():
                full = len(slowest) >= MAX_COLLECTORS and collector not in slowest
                label = OTHER.flow_id if full else collector
                slowest[label] = min(mark, slowest.get(label, mark))
        for collector, mark in slowest.items():
            family.add_metric((collector,), mark)
        return family

    def _position(self, name: str, text: str, attribute: str) -> Metric:
        family = GaugeMetricFamily(f"cogentai_partition_{name}", text, labels=("partition",))
        for partition, state in self._partitions.items():
            number = getattr(state, attribute)
            if number is not None:
                family.add_metric((str(partition),), number)
        return family


def _histogram(name: str, text: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(f"cogentai_{name}_duration_seconds", text, buckets=_BUCKETS, registry=registry)
