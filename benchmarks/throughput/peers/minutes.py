"""The statistics that every peer keeps of a flow's minute: what the engine counts of these events.

Runs, failed runs, the sum of the logarithms of durations, and that of their squares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from benchmarks.throughput.peers.task import minute_of

Minute = list[float]
"""Number of the minute, then the four sums."""


def of_run(event: Mapping[str, Any]) -> tuple[str, Minute]:
    """Return the flow of a run, and what it adds to a minute."""
    data = event["data"]
    took = log(data["duration_ms"])
    flow = f"{event['tenant']}:{data['flow_id']}"
    return flow, [minute_of(event), 1, data["state"] == "failure", took, took * took]


def closed(minute: Sequence[float]) -> dict[str, float]:
    """Return a minute as it is published."""
    names = ("minute", "runs", "failed", "log_duration", "log_duration_squared")
    return dict(zip(names, minute, strict=True))
