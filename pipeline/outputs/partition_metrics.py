"""Metrics of the partitions a process looks after: counters, watermarks and positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from detectors.reliability import Reliability
from pipeline.engine.emissions import FlowKey
from pipeline.outputs.flow_metrics import OTHER

TOTALS: Mapping[str, tuple[str, str | None]] = {
    "events": ("Events read.", "type"),
    "events_late": ("Events of windows that had closed, not applied.", None),
    "events_duplicate": ("Events seen before, not applied.", None),
}
"""The engine's own counters: what each counts, and the label that splits it, if one does."""

MAX_COLLECTORS = 100
"""Collectors name themselves, so their number is not ours to trust."""

AlertLabels = tuple[str, str, str, str]
"""Tenant, flow, signal and severity."""


@dataclass(slots=True)
class Partition:
    """What was last reported of one partition."""

    flows: set[FlowKey] = field(default_factory=set)
    names: dict[FlowKey, str] = field(default_factory=dict)
    firing: dict[str, AlertLabels] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    raised: dict[tuple[str, str, str], float] = field(default_factory=dict)
    watermarks: dict[str, float] = field(default_factory=dict)
    reliability: Reliability | None = None
    applied: int | None = None
    lag: int | None = None
    committed_at: float | None = None


def families(partitions: Mapping[int, Partition]) -> Iterator[Metric]:
    """Yield the metrics of partitions."""
    for name, (text, split) in TOTALS.items():
        yield _totals(partitions, name, text, split)
    yield _watermarks(partitions)
    yield _raised(partitions)
    applied = {number: partition.applied for number, partition in partitions.items()}
    yield _position("applied_offset", "Last offset whose outputs are durable.", applied)
    lag = {number: partition.lag for number, partition in partitions.items()}
    yield _position("lag_records", "Records that lie behind the applied offset.", lag)
    committed = {number: partition.committed_at for number, partition in partitions.items()}
    yield _position("last_commit_timestamp_seconds", "When it last committed.", committed)


def _totals(partitions: Mapping[int, Partition], name: str, text: str, split: str | None) -> Metric:
    labels = ("partition", split) if split else ("partition",)
    family = CounterMetricFamily(f"cogentai_{name}", text, labels=labels)
    for number, partition in partitions.items():
        for key, total in partition.totals.items():
            known, _, value = key.partition("/")
            if known == name:
                family.add_metric((str(number), value)[: len(labels)], total)
    return family


def _watermarks(partitions: Mapping[int, Partition]) -> Metric:
    slowest: dict[str, float] = {}
    for partition in partitions.values():
        for collector, mark in partition.watermarks.items():
            full = len(slowest) >= MAX_COLLECTORS and collector not in slowest
            label = OTHER.flow_id if full else collector
            slowest[label] = min(mark, slowest.get(label, mark))
    family = GaugeMetricFamily(
        "cogentai_watermark_timestamp_seconds",
        "Up to when a collector has told all, in the partition where it is furthest behind.",
        labels=("collector",),
    )
    for collector, mark in slowest.items():
        family.add_metric((collector,), mark)
    return family


def _raised(partitions: Mapping[int, Partition]) -> Metric:
    """Only those that are raised; flows beyond the cap share the series of the furthest of them."""
    family = GaugeMetricFamily(
        "cogentai_threshold_raised_ratio",
        "By how much verdicts have raised the threshold of a signal.",
        labels=("tenant", "flow_id", "signal"),
    )
    furthest: dict[tuple[str, str, str], float] = {}
    for partition in partitions.values():
        for labels, raised in partition.raised.items():
            furthest[labels] = max(raised, furthest.get(labels, 0.0))
    for labels, raised in furthest.items():
        family.add_metric(labels, raised)
    return family


def _position(name: str, text: str, values: Mapping[int, float | None]) -> Metric:
    family = GaugeMetricFamily(f"cogentai_partition_{name}", text, labels=("partition",))
    for number, value in values.items():
        if value is not None:
            family.add_metric((str(number),), value)
    return family
