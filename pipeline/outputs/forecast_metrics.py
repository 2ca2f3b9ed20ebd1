"""Metrics of failure forecasts: whether the probabilities of a partition keep what they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from detectors.columns import Floats
from detectors.reliability import EDGES, Reliability
from pipeline.outputs.partition_metrics import Partition

_NUMBERS: tuple[tuple[str, str, Callable[[Reliability], float]], ...] = (
    ("calibration_error_ratio", "By how much forecasts were wrong, on average over bins.",
     lambda reliability: reliability.calibration_error),
    ("brier_score", "Mean squared error of forecasts.",
     lambda reliability: reliability.brier),
    ("base_rate_ratio", "Share of forecasts that a failure followed.",
     lambda reliability: reliability.base_rate),
)  # fmt: skip

_TABLE: tuple[tuple[str, str, Callable[[Reliability], Floats]], ...] = (
    ("made", "Forecasts, by least probability; older ones fade.",
     lambda reliability: reliability.forecasts),
    ("promised", "Failures to be expected after them.",
     lambda reliability: reliability.promised),
    ("happened", "Failures that came.",
     lambda reliability: reliability.happened),
)  # fmt: skip


def families(partitions: Mapping[int, Partition]) -> Iterator[Metric]:
    """Yield the metrics of partitions; what is unknown yet has no sample."""
    known = {str(n): p.reliability for n, p in partitions.items() if p.reliability is not None}
    for name, text, value in _NUMBERS:
        family = GaugeMetricFamily(f"cogentai_failure_{name}", text, labels=("partition",))
        for number, reliability in known.items():
            if not np.isnan(result := value(reliability)):
                family.add_metric((number,), result)
        yield family
    for name, text, column in _TABLE:
        labels = ("partition", "from")
        family = GaugeMetricFamily(f"cogentai_failure_forecasts_{name}", text, labels=labels)
        for number, reliability in known.items():
            for edge, count in zip(EDGES.tolist(), column(reliability).tolist(), strict=True):
                family.add_metric((number, f"{edge:g}"), count)
        yield family
