"""A partition of busy and sparse flows, some of them new: counts, failures and durations a minute.

Flows are webhooks with the day's rhythm, steady ones, batches every quarter of an hour, and ones
that close at night; rates, failure shares, durations and dispersions differ from flow to flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Windows

DAY: Final = 1440
SHAPES: Final = ("webhook", "steady", "quarter-hourly", "office hours")

Floats = NDArray[np.float64]


class Trouble(NamedTuple):
    """What goes wrong with a flow, from one minute to another."""

    what: str
    flow: int
    start: int
    end: int


class Partition(NamedTuple):
    """What flows did in each minute; arrays of shape (minutes, flows), NaN before birth.

    ``born`` is the minute of each flow's first window.
    """

    shapes: Sequence[str]
    born: NDArray[np.int64]
    runs: Floats
    failed: Floats
    log_duration: Floats
    troubles: list[Trouble]

    def window(self, minute: int, rows: NDArray[np.int64]) -> Windows:
        """What the detectors read of one minute of some flows."""
        nothing = Windows(*np.full((len(Windows._fields), len(rows)), np.nan))
        runs = self.runs[minute, rows]
        return nothing._replace(
            volume=runs,
            finished=runs,
            failed=self.failed[minute, rows],
            duration_count=runs,
            duration_log=self.log_duration[minute, rows],
        )


def rates(shape: str, peak: float, minutes: int, rng: np.random.Generator) -> Floats:
    """Runs expected in each minute."""
    t = np.arange(minutes)
    hour = t % DAY / 60
    if shape == "webhook":
        busy = 0.35 + 0.65 * np.clip(np.sin((hour - 7) / 15 * np.pi), 0, 1) * (hour > 7)
    elif shape == "office hours":
        busy = ((hour >= 8) & (hour < 18) & (t // DAY % 7 < 5)).astype(np.float64)
    elif shape == "quarter-hourly":
        busy = (t % 15 == int(rng.integers(15))) * 5.0
    else:
        busy = np.ones(minutes)
    slow = np.cumsum(rng.normal(0, 0.01, minutes // 5 + 1)) * 0.5
    drift = np.exp(np.clip(np.repeat(slow, 5)[:minutes], -0.3, 0.3))
    return peak * busy * drift


def partition(
    minutes: int,
    born: NDArray[np.int64],
    peaks: Floats,
    rng: np.random.Generator,
    *,
    shapes: Sequence[str] = SHAPES,
) -> Partition:
    """Draw flows by their births and their peak rates a minute, their shapes in turn."""
    flows = len(born)
    shapes = [shapes[i % len(shapes)] for i in range(flows)]
    runs, failed, logs = np.full((3, minutes, flows), np.nan)
    for i, shape in enumerate(shapes):
        a = rng.uniform(0.02, 0.15)
        mean = rates(shape, peaks[i], minutes, rng) * rng.gamma(1 / a, a, minutes)
        n = rng.poisson(mean)
        share = np.exp(rng.normal(-4.2, 0.8)) * rng.gamma(2, 0.5, minutes)
        runs[:, i], failed[:, i] = n, rng.binomial(n, np.minimum(share, 1))
        typical, own = rng.normal(7, 1), rng.uniform(0.02, 0.1)
        noise = rng.normal(0, 1, minutes) * np.sqrt(own**2 + 0.3 / np.maximum(n, 1))
        logs[:, i] = np.where(n > 0, typical + noise, np.nan)
        runs[: born[i], i] = np.nan
    return Partition(shapes, born, runs, failed, logs, [])


def disturb(p: Partition, trouble: Trouble, rng: np.random.Generator) -> None:
    """Stop, halve or double a flow, let half of its runs fail, or have them take four times."""
    what, flow, start, end = trouble
    span = slice(start, end)
    if what == "stop":
        p.runs[span, flow] = p.failed[span, flow] = 0
        p.log_duration[span, flow] = np.nan
    elif what in {"thinned", "doubled"}:
        n = p.runs[span, flow].astype(np.int64)
        more = rng.poisson(n) if what == "doubled" else -rng.binomial(n, 0.5)
        p.runs[span, flow] += more
        p.failed[span, flow] = np.minimum(p.failed[span, flow], p.runs[span, flow])
        p.log_duration[span, flow][p.runs[span, flow] == 0] = np.nan
    elif what == "half fail":
        n = p.runs[span, flow].astype(np.int64)
        p.failed[span, flow] = np.maximum(p.failed[span, flow], rng.binomial(n, 0.5))
    else:
        p.log_duration[span, flow] += np.log(4)
    p.troubles.append(trouble)
