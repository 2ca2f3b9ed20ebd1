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
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from detectors.reliability import Reliability
from pipeline.engine.emissions import ClosedWindow, DeadLetter, Emission, FlowKey
from pipeline.outputs import flow_metrics, forecast_metrics, partition_metrics
from pipeline.outputs.flow_metrics import FlowMetrics
from pipeline.outputs.partition_metrics import TOTALS, AlertLabels, Partition
from schemas.alerts import Alert
from schemas.signals import SignalName

_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
"""Commits take milliseconds, opening a partition up to seconds, a rebalance that waits for a member
that died up to its session; few, for each is a series."""


class EngineMetrics(Collector):
    """Metrics of the partitions this process looks after.

    May be written by one thread while another serves it.

    Parameters
    ----------
    registry
        Where to register: a registry of its own, served by
        :class:`~pipeline.health.server.HealthServer`.
    max_flows
        Flows with series of their own; the rest are counted under ``flow_id="_other"``.

    Attributes
    ----------
    commit_seconds, replay_seconds, open_seconds, rebalance_seconds
        Histograms of how long a commit, a silent replay, opening a partition, and a rebalance took.

    Examples
    --------
    >>> registry = CollectorRegistry()
    >>> metrics = EngineMetrics(registry, max_flows=500)
    >>> metrics.set_totals(0, {"events/cogent.flow.run": 12, "events_late": 1})
    >>> labels = {"partition": "0", "type": "cogent.flow.run"}
    >>> registry.get_sample_value("cogentai_events_total", labels)
    12
    """

    def __init__(self, registry: CollectorRegistry, max_flows: int = 500) -> None:
        self._lock = threading.Lock()
        self._partitions: defaultdict[int, Partition] = defaultdict(Partition)
        self._flows = FlowMetrics(max_flows)
        self._raised: Counter[AlertLabels] = Counter()
        self._dead_letters: Counter[str] = Counter()
        self._windows = 0
        self.commit_seconds = _histogram("commit", "Making outputs durable.", registry)
        self.replay_seconds = _histogram("replay", "Silent replay of a partition.", registry)
        self.open_seconds = _histogram("open", "Opening a partition, replay included.", registry)
        self.rebalance_seconds = _histogram("rebalance", "From revoked to assigned.", registry)
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

    def _alert(self, state: Partition, alert: Alert) -> None:
        labels = self._labels(state, alert)
        if alert.revision == 0:
            self._raised[labels] += 1
        if alert.status == "firing":
            state.firing[alert.id] = labels
        else:
            state.firing.pop(alert.id, None)

    def _labels(self, state: Partition, alert: Alert) -> AlertLabels:
        key = FlowKey(alert.tenant, alert.flow_id)
        state.flows.add(key)
        return (*self._flows.label(key), alert.signal, alert.severity)

    def set_firing(self, partition: int, alerts: Iterable[Alert]) -> None:
        """Say which alerts fire in a partition just opened: the engine does not repeat them."""
        with self._lock:
            state = self._partitions[partition]
            state.firing = {alert.id: self._labels(state, alert) for alert in alerts}

    def set_names(self, partition: int, names: Mapping[FlowKey, str]) -> None:
        """Say what the flows of a partition are called; one without a name goes by its id."""
        with self._lock:
            self._partitions[partition].names = dict(names)

    def set_totals(self, partition: int, totals: Mapping[str, int]) -> None:
        """Report the engine's cumulative counters: a name of ``TOTALS``, or ``name/label value``.

        Raises
        ------
        ValueError
            If a name is not among ``TOTALS``.
        """
        if unknown := {name.partition("/")[0] for name in totals} - TOTALS.keys():
            raise ValueError(f"no such counter: {', '.join(sorted(unknown))}")
        with self._lock:
            self._partitions[partition].totals = dict(totals)

    def set_raised(
        self, partition: int, raised: Mapping[tuple[FlowKey, SignalName], float]
    ) -> None:
        """Report the thresholds that verdicts have raised, and by how much (0.15 is 15 %)."""
        with self._lock:
            state = self._partitions[partition]
            furthest = state.raised = {}
            for (key, signal), by in raised.items():
                state.flows.add(key)
                labels = (*self._flows.label(key), signal)
                furthest[labels] = max(by, furthest.get(labels, 0.0))

    def set_watermarks(self, partition: int, watermarks: Mapping[str, float]) -> None:
        """Report up to when (epoch seconds) each collector that still runs has told all."""
        with self._lock:
            self._partitions[partition].watermarks = dict(watermarks)

    def set_reliability(self, partition: int, reliability: Reliability) -> None:
        """Report how well the failure forecasts of a partition kept what they promised."""
        with self._lock:
            self._partitions[partition].reliability = reliability.copy()

    def set_position(self, partition: int, applied: int, lag: int) -> None:
        """Report the last applied offset, and how many records lie behind it."""
        with self._lock:
            state = self._partitions[partition]
            state.applied, state.lag = applied, lag

    def set_committed(self, partition: int, at: float) -> None:
        """Report when (epoch seconds) a partition last committed."""
        with self._lock:
            self._partitions[partition].committed_at = at

    def forget(self, partition: int) -> None:
        """Drop a partition that was given up, with the series of its flows."""
        with self._lock:
            flows = self._partitions.pop(partition, Partition()).flows
            self._flows.forget(flows)
            for labels in [labels for labels in self._raised if FlowKey(*labels[:2]) in flows]:
                del self._raised[labels]

    def collect(self) -> Iterator[Metric]:
        """Work the metrics out, for the registry."""
        # Only the copying is done under the lock, so the engine hardly waits for a scrape.
        with self._lock:
            names = {k: v for p in self._partitions.values() for k, v in p.names.items()}
            own, rest = self._flows.split()
            small = [
                *self._process(),
                *self._alerts(),
                self._flows.errors(),
                *partition_metrics.families(self._partitions),
                *forecast_metrics.families(self._partitions),
            ]
        yield from small
        yield from flow_metrics.families(own, rest, names)

    def _process(self) -> Iterator[Metric]:
        build = {"version": version("cogentai"), "python_version": platform.python_version()}
        yield InfoMetricFamily("cogentai_build", "What runs here.", value=build)
        closed = "Windows of flows that were closed and judged."
        yield CounterMetricFamily("cogentai_windows_closed", closed, value=self._windows)
        letters = CounterMetricFamily(
            "cogentai_dead_letters", "Input that was put aside.", labels=("reason",)
        )
        for reason, number in self._dead_letters.items():
            letters.add_metric((reason,), number)
        yield letters

    def _alerts(self) -> Iterator[Metric]:
        labels = ("tenant", "flow_id", "signal", "severity")
        raised = CounterMetricFamily("cogentai_alerts", "Alerts raised.", labels=labels)
        for values, number in self._raised.items():
            raised.add_metric(values, number)
        yield raised
        firing = GaugeMetricFamily("cogentai_alerts_firing", "Alerts that fire.", labels=labels)
        # Keyed by id: an alert about a collector is raised in every partition it feeds.
        open_ = {id_: a for p in self._partitions.values() for id_, a in p.firing.items()}
        for values, number in Counter(open_.values()).items():
            firing.add_metric(values, number)
        yield firing


def _histogram(name: str, text: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(f"cogentai_{name}_duration_seconds", text, buckets=_BUCKETS, registry=registry)
