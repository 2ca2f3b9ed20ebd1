"""Activity: what the runs of a flow were like, given how many came and under what conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.retail.arrivals import Arrivals
from benchmarks.retail.conditions import Conditions
from benchmarks.retail.noise import Rng, rounded, scattered, some, wander
from detectors.columns import Floats, Ints
from pipeline.engine.accumulator import SCALE

SHORTEST_WAIT = math.ceil(math.log(1000) * SCALE) / SCALE
"""Queues are looked at every second at most: no wait is shorter."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a flow is like when nothing is wrong.

    Attributes
    ----------
    records
        Records of a run, on average; 1 means that every run has exactly one.
    log_ms, sd, load_effect
        Mean and spread of the log duration (ms) of runs, and what full load adds to it.
    errors, missing
        Shares of the runs that fail, and of the records that lack attributes.
    partial, warnings, retries
        Shares of the runs that end in part, warn, or repeat another; 0 if the flow has no such.
    duplicates
        Share of the records whose key came before; NaN if nobody counts them.
    wait_log
        Mean log wait in the queue (ms); NaN if unknown.
    waiting
        Share of a minute's runs that still wait at its end, as queues are served every half
        minute; NaN if nobody tells the depth of the queue.
    """

    records: float = 1.0
    log_ms: float = 6.0
    sd: float = 0.6
    load_effect: float = 0.8
    errors: float = 0.005
    missing: float = 0.01
    partial: float = 0.0
    warnings: float = 0.0
    retries: float = 0.0
    duplicates: float = np.nan
    wait_log: float = np.nan
    waiting: float = 0.25  # as in pipeline.simulator.traffic


def activity(profile: Profile, arrivals: Arrivals, c: Conditions, rng: Rng) -> dict[str, Floats]:
    """Draw every column of one flow but ``overdue``; each has shape (minutes,)."""
    came = arrivals.draw(c, rng)
    copied = came + rounded(came * c.copies, rng)
    retries = rng.poisson(copied * profile.retries) + rounded(copied * c.repeats, rng)
    runs = copied + retries
    load = arrivals.load(runs, c)
    failed = some(runs, profile.errors + c.errors, rng)
    records = _records(profile.records, runs, arrivals.size(c), rng)
    columns = {
        "volume": runs,
        "finished": runs,
        "failed": failed,
        "partial": _some(runs - failed, profile.partial, c.partial, rng),
        "warnings": _some(runs, profile.warnings, c.warnings, rng),
        "retries": retries,
        "records": records,
        "checked": records,
        "missing": _some(records, profile.missing, c.missing, rng),
        "duplicates": _some(records, profile.duplicates, c.duplicates, rng),
        "duration_count": runs,
        "duration_log": _mean_log(profile.log_ms + c.slower, profile, runs, load, rng),
        "wait_count": np.where(np.isnan(profile.wait_log), 0, runs),
        "wait_log": np.maximum(
            _mean_log(profile.wait_log + c.longer_wait, profile, runs, load, rng), SHORTEST_WAIT
        ),
        "queue_depth": _queue(profile.waiting, came, arrivals.service(c), rng),
    }
    return {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}


def _some(of: Ints, usual: float, more: Floats, rng: Rng) -> Floats:
    """Part of a count; all zero where there is no such thing, NaN where nobody counts it."""
    if not usual > 0:
        return np.full(len(of), usual)
    return some(of, usual + more, rng).astype(np.float64)


def _records(each: float, runs: Ints, size: Floats, rng: Rng) -> Ints:
    """One a run; or the first of each run, and others by how much there is to do."""
    return runs if each == 1 else runs + scattered((each - 1) * size * runs, 50.0, rng)


def _mean_log(log_ms: Floats, profile: Profile, runs: Ints, load: Floats, rng: Rng) -> Floats:
    """Mean of a minute's log durations (detection notes, section 4.1); NaN without any.

    It is kept to the resolution of the engine, so that both see the same.
    """
    n = np.maximum(runs, 1)
    mean = log_ms + profile.load_effect * load**1.5 + wander(len(runs), rng, 0.9, 0.03)
    mean += rng.normal(0.0, profile.sd, len(runs)) / np.sqrt(n)
    return np.where(runs > 0, np.rint(mean * SCALE) / SCALE, np.nan)


def _queue(waiting: float, arrivals: Ints, service: Floats, rng: Rng) -> Floats:
    """Runs waiting at the end of each minute: those the service fell short of, and the latest."""
    if np.isnan(waiting):
        return np.full(len(arrivals), np.nan)
    total = np.cumsum(arrivals - service)
    behind: Floats = np.rint(total - np.minimum(np.minimum.accumulate(total), 0.0))
    return behind + rng.binomial(arrivals, waiting)
