"""Trade: steady flows of a shop, every third with a 15-minute batch (detection notes, 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.retail.activity import Profile
from benchmarks.retail.arrivals import Stream
from benchmarks.retail.assemble import Frame, Plant, assemble
from benchmarks.retail.faults import CLASSIC
from benchmarks.retail.noise import Rng, wander
from benchmarks.retail.rhythm import by_day, every, growth, levelled, two_humps
from benchmarks.retail.world import DAY, MINUTES, WARM_UP, WEEK, World
from detectors.columns import Floats

FLOWS = 20


def trade(seed: int, per_day: float, minutes: int = MINUTES) -> World:
    """Make the world: two peak-trade days that nobody announced come after the warm-up."""
    frame = Frame("trade", seed, minutes, per_day, kinds=tuple(CLASSIC), nuisances=False)
    peaks = frame.dice().choice(np.arange(WARM_UP // DAY + 1, MINUTES // DAY), 2, replace=False)
    plants = [_plant(i, minutes, peaks.tolist(), frame.dice(i)) for i in range(FLOWS)]
    return assemble(frame, plants)


def _plant(i: int, minutes: int, peaks: Sequence[int], rng: Rng) -> Plant:
    batch = i % 3 == 0
    rate = 10 ** rng.uniform(-0.2, 2.6)
    rhythm = _rhythm(rng) * (_batch(rng) if batch else 1.0)
    expected = levelled(rhythm)[np.arange(minutes) % WEEK] * rate
    peak = float(expected.max())
    expected *= np.exp(wander(minutes, rng)) * growth(minutes, rng.uniform(-0.1, 0.4))
    for day in peaks:
        expected *= _peak_day(day, rng.uniform(1.6, 2.5), minutes)
    profile = Profile(
        log_ms=rng.uniform(5.5, 8.0),
        sd=rng.uniform(0.4, 0.8),
        errors=rng.uniform(0.003, 0.007),
        missing=rng.uniform(0.005, 0.02),
        waiting=0.0,  # the notes' backlog is only what service falls short by
    )
    stream = Stream(expected, peak, rng.uniform(15, 150))
    return Plant(f"trade-{i:02}", "batch15" if batch else "steady", profile, stream)


def _rhythm(rng: Rng) -> Floats:
    """Two humps a day over an overnight floor, with factors for weekdays and weekends."""
    weekdays, weekend = rng.uniform(0.9, 1.1, 5), rng.uniform(0.6, 1.3, 2)
    return two_humps(rng) * by_day(np.concatenate([weekdays, weekend]))


def _batch(rng: Rng) -> Floats:
    times = rng.uniform(3, 8)
    return 1 + (times - 1) * every(int(rng.integers(15)), 15, np.arange(WEEK))


def _peak_day(day: int, factor: float, minutes: int) -> Floats:
    """Rise and fall over one day from 6:00 to midnight."""
    hour = np.arange(minutes) / 60 - 24 * day
    open_ = np.clip((hour - 6) / 18, 0, 1)
    swell: Floats = 1 + (factor - 1) * np.sqrt(np.sin(np.pi * open_).clip(0))
    return swell
