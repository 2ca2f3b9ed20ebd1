"""Flows that fail, most of them after a while of symptoms; and symptoms that come to nothing.

After section 5 of the detection notes: 14 flows, 28 days, about 240 outages. Seven in ten have a
precursor of 10 to 55 minutes, a random subset of five symptoms; the others are sudden. Of all
episodes 35 % are decoys: fewer symptoms, milder, and no outage. Traffic follows section 4.1.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["foretold", "sudden", "decoy"]

DAY: Final = 1440
QUIET_DAYS: Final = 2
"""Nothing happens while detectors settle."""
SYMPTOMS: Final = ("latency", "retries", "errors", "backlog", "volume")
SHARES: Final[tuple[tuple[Kind, float], ...]] = (
    ("foretold", 0.7 * 0.65),
    ("sudden", 0.3 * 0.65),
    ("decoy", 0.35),
)
LEAST_GAP, MEAN_GAP = 180, 1170
"""Minutes between the episodes of a flow: at least, and what chance adds on average."""


class Episode(NamedTuple):
    """Symptoms from ``onset`` on, then (unless a decoy) an outage from ``start`` to ``end``."""

    flow: int
    kind: Kind
    onset: int
    start: int
    end: int


class World(NamedTuple):
    """Minute columns by name of `detectors.columns.Windows`, shape (minutes, flows), and truth."""

    columns: dict[str, Array]
    episodes: list[Episode]

    @property
    def outages(self) -> list[Episode]:
        """The episodes that ended in an outage."""
        return [episode for episode in self.episodes if episode.kind != "decoy"]


class Disturbance(NamedTuple):
    """What episodes do to the flows, arrays of shape (minutes, flows)."""

    latency: Array
    retries: Array
    errors: Array
    backlog: Array
    volume: Array
    broken: Array
    """Share of runs that fail in an outage."""
    stopped: Array
    """1 where no run starts."""


def world(seed: int, flows: int = 14, days: int = 28) -> World:
    """Simulate.

    >>> made = world(1, flows=2, days=4)
    >>> made.columns["volume"].shape, len(made.outages) < len(made.episodes)
    ((5760, 2), True)
    """
    rng = np.random.default_rng(seed)
    shape = (days * DAY, flows)
    disturbed = Disturbance._make(np.zeros((len(Disturbance._fields), *shape)))
    episodes = [e for flow in range(flows) for e in _episodes(rng, flow, shape[0], disturbed)]
    return World(_columns(rng, shape, disturbed), episodes)


def _episodes(rng: np.random.Generator, flow: int, minutes: int, to: Disturbance) -> list[Episode]:
    kinds, shares = zip(*SHARES, strict=True)
    found: list[Episode] = []
    at = QUIET_DAYS * DAY
    while True:
        onset = at + int(LEAST_GAP + rng.exponential(MEAN_GAP))
        kind: Kind = kinds[rng.choice(len(kinds), p=shares)]
        start = onset if kind == "sudden" else onset + int(rng.integers(10, 56))
        end = start if kind == "decoy" else start + int(rng.integers(10, 61))
        if end >= minutes:
            return found
        episode = Episode(flow, kind, onset, start, end)
        if kind != "sudden":
            _symptoms(rng, episode, to)
        if kind != "decoy":
            _outage(rng, episode, to)
        found.append(episode)
        at = end


def _symptoms(rng: np.random.Generator, episode: Episode, to: Disturbance) -> None:
    """A precursor has two to five symptoms, a decoy one or two of 30 to 70 % of the strength."""
    decoy = episode.kind == "decoy"
    number = int(rng.integers(1, 3)) if decoy else int(rng.integers(2, 6))
    chosen = rng.choice(SYMPTOMS, number, replace=False)
    length = episode.start - episode.onset
    grown = np.minimum(1, np.arange(1, length + 1) / (rng.uniform(0.2, 0.6) * length))
    grown *= rng.uniform(0.3, 0.7) if decoy else 1.0
    span = slice(episode.onset, episode.start), episode.flow
    strength = {
        "latency": rng.uniform(0.25, 0.9),  # of the logarithm: 1.3 to 2.5 times as long
        "retries": rng.uniform(0.04, 0.15),
        "errors": rng.uniform(0.02, 0.08),
        "backlog": rng.uniform(0.05, 0.3),  # of the runs of a minute, each minute
        "volume": np.log(rng.uniform(1.3, 2.0)),
    }
    for symptom in chosen.tolist():
        getattr(to, symptom)[span] = grown * strength[symptom]


def _outage(rng: np.random.Generator, episode: Episode, to: Disturbance) -> None:
    """Two in three fail 60 to 100 % of their runs, the third stops."""
    span = slice(episode.start, episode.end), episode.flow
    if rng.random() < 2 / 3:
        to.broken[span] = rng.uniform(0.6, 1.0)
    else:
        to.stopped[span] = 1


def _columns(
    rng: np.random.Generator, shape: tuple[int, int], disturbed: Disturbance
) -> dict[str, Array]:
    usual = _rate(rng, shape)
    rate = np.where(disturbed.stopped > 0, 0.0, usual * np.exp(disturbed.volume))
    k = rng.uniform(15, 150, shape[1])
    n = rng.poisson(rate * rng.gamma(k, 1 / k, shape)).astype(np.int64)
    errors = rng.uniform(0.003, 0.007, shape[1]) + disturbed.errors
    depth = rng.poisson(0.5 * usual + _queue(usual * disturbed.backlog)).astype(float)
    load = usual / usual.mean(axis=0)
    slow = 0.3 * load**1.5 + _wander(rng, shape, 0.9, 0.03) + disturbed.latency
    waited = rng.uniform(5, 7, shape[1]) + np.log1p(depth / np.maximum(usual, 0.5))
    volume = n.astype(float)
    return {
        "volume": volume,
        "records": volume,
        "checked": volume,
        "finished": volume,
        "failed": _part(rng, n, np.maximum(errors, disturbed.broken)),
        "partial": _part(rng, n, rng.uniform(0.003, 0.01, shape[1]) + disturbed.errors),
        "warnings": _part(rng, n, np.broadcast_to(rng.uniform(0.01, 0.03, shape[1]), shape)),
        "retries": _part(rng, n, rng.uniform(0.01, 0.03, shape[1]) + disturbed.retries),
        "duplicates": _part(rng, n, np.broadcast_to(rng.uniform(0.0005, 0.003, shape[1]), shape)),
        "missing": _part(rng, n, np.broadcast_to(rng.uniform(0.005, 0.02, shape[1]), shape)),
        "duration_count": volume,
        "duration_log": _mean_log(rng, n, rng.uniform(5, 8, shape[1]) + slow),
        "wait_count": volume,
        "wait_log": _mean_log(rng, n, waited),
        "queue_depth": depth,
    }


def _rate(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Two to two hundred runs a minute on average: two humps a day, quiet nights and weekends."""
    minutes, flows = shape
    hour = np.arange(minutes)[:, None] / 60 % 24
    peaks = rng.uniform([9, 18], [12, 21], (flows, 2))
    humps = np.exp(-(((hour - peaks[:, 0]) / 3) ** 2)) + np.exp(
        -(((hour - peaks[:, 1]) / 2.5) ** 2)
    )
    day = np.arange(minutes)[:, None] // DAY % 7
    weekly = np.where(day >= 5, rng.uniform(0.5, 1.2, flows), 1.0)
    shape_of_day = (rng.uniform(0.15, 0.3, flows) + humps) * weekly
    mean = 10 ** rng.uniform(0.3, 2.3, flows)
    level = np.exp(_wander(rng, shape, 0.985, 0.02))
    return np.asarray(mean * shape_of_day / shape_of_day.mean(axis=0) * level)


def _wander(rng: np.random.Generator, shape: tuple[int, int], keep: float, sd: float) -> Array:
    """A first-order autoregressive process."""
    wandering = rng.normal(0, sd, shape)
    for minute in range(1, len(wandering)):
        wandering[minute] += keep * wandering[minute - 1]
    return wandering


def _queue(growth: Array) -> Array:
    """Grow while there is growth, then drain by a fifth a minute."""
    waiting = growth.copy()
    for minute in range(1, len(waiting)):
        waiting[minute] += np.where(growth[minute] > 0, 1.0, 0.8) * waiting[minute - 1]
    return waiting


def _part(rng: np.random.Generator, n: NDArray[np.int64], share: Array) -> Array:
    return rng.binomial(n, share).astype(float)


def _mean_log(rng: np.random.Generator, n: NDArray[np.int64], mean: Array) -> Array:
    """Mean of ``n`` logarithms of times; NaN without any."""
    some = np.maximum(n, 1)
    return np.where(n > 0, mean + rng.normal(size=n.shape) * 0.6 / np.sqrt(some), np.nan)
