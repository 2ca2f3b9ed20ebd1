"""Peers: what a team would use instead, over the same worlds.

All see what an engineer would give them: 5-minute counts of runs, failed runs and incomplete
records, the mean log duration, and the depth of the queue. A flow's score is the highest of its
series; every peer's threshold is chosen in hindsight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from river.anomaly import HalfSpaceTrees
from scipy.signal import lfilter

from benchmarks.retail.onsets import Scores
from benchmarks.retail.world import DAY, WEEK, World
from detectors.columns import Floats

SPAN: Final = 5
"""Minutes that a peer sees at a time."""
FEW: Final = 4
"""Flows, evenly picked, that half-space trees are run on: a point takes 60 microseconds or more."""
LEAST: Final = 1e-9


def series(world: World, flow: int) -> Floats:
    """Return what peers see of one flow, shape (series, minutes); NaN where there is nothing."""
    column = {name: world.columns[name][:, flow] for name in world.columns}

    def recent(name: str) -> Floats:
        return _recent(np.nan_to_num(column[name]))

    runs = recent("volume")
    logs = _recent(np.nan_to_num(column["duration_log"] * column["volume"]))
    share = np.sqrt((recent("failed") + 0.5) / (recent("finished") + 10))
    incomplete = np.sqrt((recent("missing") + 0.5) / (recent("records") + 10))
    latency = np.where(runs > 0, logs / np.maximum(runs, 1), np.nan)
    depth = np.log1p(recent("queue_depth"))
    return np.stack([np.log1p(runs), share, incomplete, latency, depth])


def _recent(minutes: Floats) -> Floats:
    total = np.cumsum(minutes)
    total[SPAN:] -= total[:-SPAN].copy()
    return total


def ewma(seen: Floats) -> Scores:
    """Score by distance from an exponential mean over a day, in standard deviations."""
    filled = _filled(seen)
    mean = _ewma(filled)
    spread = np.sqrt(_ewma((filled - mean) ** 2))
    return _highest(np.abs(filled[:, 1:] - mean[:, :-1]) / (spread[:, :-1] + 1e-3))


def three_sigma(seen: Floats) -> Scores:
    """Score by distance from the mean of the last 24 hours, in thirds of three sigma."""
    filled = _filled(seen)
    mean, square = _mean(filled), _mean(filled**2)
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    return _highest(np.abs(filled[:, 1:] - mean[:, :-1]) / (3 * spread[:, :-1] + 1e-3))


def last_week(seen: Floats) -> Scores:
    """Score by the change from the same time last week, in its usual size."""
    if seen.shape[1] <= WEEK:
        return np.zeros(seen.shape[1], np.float32)
    filled = _filled(seen)
    change = np.abs(filled[:, WEEK:] - filled[:, :-WEEK])
    usual = _ewma(change)
    score = change[:, 1:] / (usual[:, :-1] + 1e-3)
    return np.concatenate([np.zeros(WEEK, np.float32), _highest(score)])


def half_space_trees(seen: Floats) -> Scores:
    """Score by river's half-space trees, over inputs scaled to what was seen so far."""
    filled = _filled(seen)
    low = np.minimum.accumulate(filled, axis=1)
    high = np.maximum.accumulate(filled, axis=1)
    scaled = (filled - low) / np.maximum(high - low, LEAST)
    trees = HalfSpaceTrees(n_trees=25, height=8, window_size=250, seed=1)
    scores = np.zeros(filled.shape[1], np.float32)
    for minute, values in enumerate(scaled.T.tolist()):
        point = dict(enumerate(values))
        scores[minute] = trees.score_one(point)
        trees.learn_one(point)
    return scores


PEERS: Final[Mapping[str, Callable[[Floats], Scores]]] = {
    "EWMA z": ewma,
    "mean + 3 sigma, 24 h": three_sigma,
    "same time last week": last_week,
    "half-space trees": half_space_trees,
}


def watched(name: str, world: World) -> World:
    """Return the part of a world that a peer is run on: all of it, or some flows if it is slow."""
    flows = list(range(len(world.flows)))
    slow = PEERS[name] is half_space_trees and len(flows) > FEW
    return world.only(flows[:: len(flows) // FEW][:FEW]) if slow else world


def compare(name: str, world: World) -> Scores:
    """Return the scores of a peer, shape (minutes, flows)."""
    flows = range(len(world.flows))
    return np.stack([PEERS[name](series(world, flow)) for flow in flows], axis=1)


def _filled(seen: Floats) -> Floats:
    """Carry the last known value on over what is unknown; zero before the first."""
    known = ~np.isnan(seen)
    last = np.maximum.accumulate(np.where(known, np.arange(seen.shape[1]), 0), axis=1)
    return np.nan_to_num(np.take_along_axis(seen, last, axis=1))


def _ewma(values: Floats) -> Floats:
    rate = 1 / DAY
    start = values[:, :1] * (1 - rate)
    mean: Floats = lfilter([rate], [1, rate - 1], values, axis=1, zi=start)[0]
    return mean


def _mean(values: Floats) -> Floats:
    """Return the running mean of the last day; of what there is before."""
    total = np.cumsum(values, axis=1)
    total[:, DAY:] -= total[:, :-DAY].copy()
    mean: Floats = total / np.minimum(np.arange(1, values.shape[1] + 1), DAY)
    return mean


def _highest(scores: Floats) -> Scores:
    """Return the highest of all series, with a zero for the first minute, which has no past."""
    highest = np.concatenate([[0.0], scores.max(axis=0)])
    return highest.astype(np.float32)
