"""Metrics as an observer of partitions at work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pipeline.engine.emissions import Emission
from pipeline.outputs.metrics import EngineMetrics
from pipeline.worker.partition import Partition

_SPLIT = "events."


class MetricsObserver:
    """Hands what partitions commit, and where they stand, to the metrics of this process."""

    def __init__(self, metrics: EngineMetrics, clock: Callable[[], float] = time.time) -> None:
        self._metrics = metrics
        self._clock = clock

    def observe(self, partition: int, emissions: Sequence[Emission]) -> None:
        """Count what was committed."""
        self._metrics.observe(partition, emissions)

    def opened(self, partition: Partition) -> None:
        """Report the alerts that fire already, which the engine will not repeat."""
        self._metrics.set_firing(partition.number, partition.engine.firing())
        self._metrics.open_seconds.observe(partition.open_seconds)
        self._metrics.replay_seconds.observe(partition.replay_seconds)
        self._report(partition)

    def progress(self, partition: Partition) -> None:
        """Report a commit, and where it leaves the partition."""
        self._metrics.commit_seconds.observe(partition.commit_seconds)
        self._metrics.set_committed(partition.number, self._clock())
        self._report(partition)

    def _report(self, partition: Partition) -> None:
        """Report the engine's counters, its collectors, and how far it has read."""
        number, engine = partition.number, partition.engine
        totals = {
            f"events/{name.removeprefix(_SPLIT)}": n
            for name, n in engine.totals.items()
            if name.startswith(_SPLIT)
        }
        totals["events_late"] = engine.totals["late"]
        totals["events_duplicate"] = engine.totals["duplicate"]
        self._metrics.set_totals(number, totals)
        running = {n: c for n, c in engine.watermarks.collectors.items() if not c.finished}
        self._metrics.set_watermarks(number, {n: float(c.watermark) for n, c in running.items()})
        names = zip(engine.flows.keys, engine.flows.names, strict=True)
        self._metrics.set_names(number, {key: name for key, name in names if name is not None})
        self._metrics.set_raised(number, engine.raised_thresholds())
        self._metrics.set_reliability(number, engine.reliability)
        if partition.applied is not None:
            self._metrics.set_position(number, partition.applied, partition.lag)

    def forget(self, partition: int) -> None:
        """Drop a partition that was given up."""
        self._metrics.forget(partition)
