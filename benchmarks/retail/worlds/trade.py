"""Trade: steady flows of a shop, every third with a 15-minute batch (detection notes, 4.1)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.retail.activity import Profile
from benchmarks.retail.arrivals import Stream
from benchmarks.retail.assemble import Plant, World, assemble
from benchmarks.retail.faults import CLASSIC, Kind
from benchmarks.retail.noise import Rng, dice, wander
from benchmarks.retail.rhythm import by_day, every, growth, hump, levelled
from benchmarks.retail.world import DAY, MINUTES, WARM_UP, WEEK
from detectors.columns import Floats

FLOWS = 20


def trade(
    seed: int, per_day: float, minutes: int = MINUTES, kinds: Mapping[str, Kind] = CLASSIC
) -> World:
    """Make the world: two peak-trade days that nobody announced come after the warm-up."""
    rng = dice("trade", seed)
    peaks = np.sort(rng.choice(np.arange(WARM_UP // DAY + 1, MINUTES // DAY), 2, replace=False))
    plants = [_plant(i, minutes, peaks.tolist(), dice("trade", seed, i)) for i in range(FLOWS)]
    return assemble("trade", seed, plants, minutes=minutes, kinds=kinds, per_day=per_day)


def _plant(i: int, minutes: int, peaks: list[int], rng: Rng) -> Plant:
    batch = i % 3 == 0
    rate = 10 ** rng.uniform(-0.2, 2.6)
    week = np.arange(minutes) % WEEK
    expected = levelled(_rhythm(rng) * (_batch(rng) if batch else 1.0))[week] * rate
    peak = float(expected.max())
    expected *= np.exp(wander(minutes, rng)) * growth(minutes, rng.uniform(-0.1, 0.4))
    for day in peaks:
        expected *= _peak_day(day, rng.uniform(1.6, 2.5), minutes)
    profile = Profile(
        log_ms=rng.uniform(5.5, 8.0),
        sd=rng.uniform(0.4, 0.8),
        errors=rng.uniform(0.003, 0.007),
        missing=rng.uniform(0.005, 0.02),
    )
    stream = Stream(expected, peak, rng.uniform(15, 150))
    return Plant(f"trade-{i:02}", "batch15" if batch else "steady", profile, stream)


def _rhythm(rng: Rng) -> Floats:
    """Two humps a day over an overnight floor, with factors for weekdays and weekends."""
    day = rng.uniform(0.08, 0.25) + hump(rng.uniform(11, 14), 2.5)
    day += rng.uniform(0.5, 1.0) * hump(rng.uniform(19, 21), 2.0)
    weekdays, weekend = rng.uniform(0.9, 1.1, 5), rng.uniform(0.6, 1.3, 2)
    return day * by_day(np.concatenate([weekdays, weekend]))


def _batch(rng: Rng) -> Floats:
    times = rng.uniform(3, 8)
    return 1 + (times - 1) * every(int(rng.integers(15)), 15, np.arange(WEEK))


def _peak_day(day: int, factor: float, minutes: int) -> Floats:
    """Rise and fall over one day from 6:00 to midnight."""
    hour = np.arange(minutes) / 60 - 24 * day
    open_ = np.clip((hour - 6) / 18, 0, 1)
    swell: Floats = 1 + (factor - 1) * np.sqrt(np.sin(np.pi * open_).clip(0))
    return swell
