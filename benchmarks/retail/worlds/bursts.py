"""Bursts: on/off webhooks, orders of several events, promotions, catching up, syncs, EDI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.retail.arrivals import Stream
from benchmarks.retail.assemble import Frame, Plant, assemble
from benchmarks.retail.cron import Cron, jitter, ticks
from benchmarks.retail.noise import Rng, switching, wander
from benchmarks.retail.rhythm import by_day, hump, levelled, two_humps
from benchmarks.retail.world import DAY, MINUTES, World, minutes_of_week
from benchmarks.retail.worlds.clockwork import informed
from detectors.columns import Floats, Ints

TIMEZONE = "Europe/Paris"


def bursts(seed: int, per_day: float, minutes: int = MINUTES) -> World:
    """Make the world of 20 flows."""
    frame = Frame("bursts", seed, minutes, per_day, timezone=TIMEZONE)
    local = minutes_of_week(TIMEZONE, minutes)
    makers: list[Callable[[str, Ints, Rng], Plant]] = []
    makers += [_webhook] * 4 + [_orders] * 4 + [_promoted] * 3
    makers += [_catching_up] * 3 + [_four_hourly] * 3 + [_edi] * 3
    return assemble(
        frame, [make(f"bursts-{i:02}", local, frame.dice(i)) for i, make in enumerate(makers)]
    )


def _webhook(name: str, local: Ints, rng: Rng) -> Plant:
    """Nothing for a while, then a stretch of calls; more of them by day."""
    often = levelled(0.2 + two_humps(rng))[local]
    on = switching(often / rng.uniform(40, 150), 1 / rng.uniform(8, 40), rng)
    return Plant(name, "webhook", informed(rng), _stream(on, 10 ** rng.uniform(0.3, 1.8), rng))


def _orders(name: str, local: Ints, rng: Rng) -> Plant:
    """Each order makes several events, and promotions multiply them."""
    plant = _promoted(name, local, rng)
    assert isinstance(plant.arrivals, Stream)
    clustered = plant.arrivals._replace(cluster=rng.uniform(2, 6), dispersion=60.0)
    return replace(plant, shape="orders", arrivals=clustered)


def _promoted(name: str, local: Ints, rng: Rng) -> Plant:
    rhythm = levelled(0.1 + two_humps(rng))[local]
    promotions = _promotions(len(local), rng)
    for start, end, factor in promotions:
        rhythm[start:end] *= _swell(end - start, factor)
    stream = _stream(rhythm, 10 ** rng.uniform(0, 2.3), rng)
    announced = [promotion for promotion in promotions if rng.random() < 0.5]
    return Plant(name, "promoted", informed(rng), stream, announced=announced)


def _promotions(minutes: int, rng: Rng) -> Sequence[tuple[int, int, float]]:
    """Draw one promotion a week, on average: some hours with two to four times the usual."""
    days = np.flatnonzero(rng.random(minutes // DAY) < 1 / 7)
    starts = days * DAY + rng.choice([540, 600, 720, 1080], len(days))
    ends = np.minimum(starts + rng.integers(120, 480, len(days)), minutes)
    return list(
        zip(starts.tolist(), ends.tolist(), rng.uniform(2, 4, len(days)).tolist(), strict=True)
    )


def _swell(length: int, factor: float) -> Floats:
    """Rise within a quarter of an hour, and die away to the end."""
    rises = np.minimum(np.arange(1, length + 1) / 15, 1)
    swell: Floats = 1 + (factor - 1) * rises * np.linspace(1, 0.4, length)
    return swell


def _catching_up(name: str, local: Ints, rng: Rng) -> Plant:
    """Look in at odd times, and take all that has come since."""
    gaps = 2 + rng.geometric(1 / rng.uniform(3, 12), len(local))
    closed = np.ones(len(local))
    closed[np.cumsum(gaps)[np.cumsum(gaps) < len(local)]] = 0.0
    rhythm = levelled(0.2 + two_humps(rng))[local]
    stream = _stream(rhythm, 10 ** rng.uniform(0.3, 2), rng)
    return Plant(name, "catching up", informed(rng), stream._replace(closed=closed))


def _four_hourly(name: str, local: Ints, rng: Rng) -> Plant:
    due = ticks(local, 240, int(rng.integers(240)))
    work = levelled(0.5 + two_humps(rng))[local] * np.exp(wander(len(local), rng))
    pages = float(rng.choice([1.0, 1.0, 10 ** rng.uniform(1.3, 2.3)]))
    cron = Cron(due, jitter(len(due), 10, rng), work, pages)
    profile = informed(rng, records=max(10 ** rng.uniform(2, 3.5) / pages, 1), queued=pages > 1)
    return Plant(name, "four-hourly", profile, cron, promised=rng.random() < 0.5)


def _edi(name: str, local: Ints, rng: Rng) -> Plant:
    """Partners send their documents in one go, each at about its own times of the day."""
    expected = np.zeros(len(local))
    for _ in range(int(rng.integers(2, 5))):
        days = np.arange(len(local) // DAY)
        sends = days[(days % 7 < 5) | (rng.random() < 0.3)]
        at = sends * DAY + rng.integers(360, 1200) + rng.normal(0, 12, len(sends)).astype(int)
        length, documents = int(rng.integers(1, 5)), 10 ** rng.uniform(1.3, 2.3)
        for minute in at.clip(0, len(local) - 1).tolist():
            share = documents * rng.lognormal(0, 0.25) / length
            expected[minute : minute + length] += share
    expected += 0.01 * levelled(hump(12, 3) * by_day(np.ones(7)))[local]
    return Plant(name, "edi", informed(rng), Stream(expected, 60.0, 50.0))


def _stream(rhythm: Floats, rate: float, rng: Rng) -> Stream:
    expected = rhythm * np.exp(wander(len(rhythm), rng)) * rate
    return Stream(expected, float(np.quantile(expected, 0.99)), rng.uniform(15, 150))
