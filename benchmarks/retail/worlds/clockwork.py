"""Clockwork: cron batches, night and office flows with sharp edges, trickles, rough noise.

The retailer lives in London, whose clocks go forward on day 27; batches of the night run in UTC.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.retail.activity import Profile
from benchmarks.retail.arrivals import Stream
from benchmarks.retail.assemble import Frame, Plant, assemble
from benchmarks.retail.cron import Cron, jitter, ticks
from benchmarks.retail.noise import Rng, rough, wander
from benchmarks.retail.rhythm import between, by_day, growth, levelled, two_humps
from benchmarks.retail.world import MINUTES, World, minutes_of_week
from detectors.columns import Floats, Ints

TIMEZONE = "Europe/London"
OFFICE_DAYS = np.array([1.0, 1.0, 1.0, 1.0, 0.9, 0.0, 0.0])


def clockwork(seed: int, per_day: float, minutes: int = MINUTES) -> World:
    """Make the world of 20 flows."""
    frame = Frame("clockwork", seed, minutes, per_day, timezone=TIMEZONE)
    local = minutes_of_week(TIMEZONE, minutes)
    makers: list[Callable[[str, Ints, Rng], Plant]] = []
    makers += [_cron5] * 3 + [_cron15] * 3 + [_hourly] * 2 + [_hourly_pages] * 2
    makers += [_night] * 2 + [_nightly] + [_office] * 3 + [_trickle] * 2 + [_rough] * 2
    plants = [maker(f"clockwork-{i:02}", local, frame.dice(i)) for i, maker in enumerate(makers)]
    return assemble(frame, plants)


def informed(rng: Rng, *, records: float = 1.0, queued: bool = True) -> Profile:
    """Draw what a flow is like that tells everything the platform knows."""
    return Profile(
        records=records,
        log_ms=rng.uniform(5.5, 9.0),
        sd=rng.uniform(0.4, 0.8),
        errors=rng.uniform(0.003, 0.01),
        missing=rng.uniform(0.003, 0.02),
        partial=rng.uniform(0.001, 0.01),
        warnings=rng.uniform(0.01, 0.05),
        retries=rng.uniform(0.002, 0.01),
        duplicates=rng.uniform(0.001, 0.01),
        wait_log=rng.uniform(7.5, 9.5),  # 2 to 13 seconds
        waiting=0.25 if queued else np.nan,
    )


def _work(local: Ints, rng: Rng) -> Floats:
    """How much a schedule finds to do: by the time of day, wandering."""
    rhythm = levelled(0.5 + two_humps(rng))
    work: Floats = rhythm[local] * np.exp(wander(len(local), rng, 0.995, 0.015))
    return work


def _cron(local: Ints, period: int, late: int, pages: float, rng: Rng) -> Cron:
    due = ticks(local, period, int(rng.integers(period)))
    return Cron(due, jitter(len(due), late, rng), _work(local, rng), pages)


def _cron5(name: str, local: Ints, rng: Rng) -> Plant:
    cron = _cron(local, 5, 1, 1.0, rng)
    own = informed(rng, records=rng.uniform(5, 80), queued=False)
    return Plant(name, "cron5", own, cron, promised=rng.random() < 0.5)


def _cron15(name: str, local: Ints, rng: Rng) -> Plant:
    cron = _cron(local, 15, 3, float(rng.choice([1.0, 20.0, 60.0])), rng)
    own = informed(rng, records=max(rng.uniform(10, 200) / cron.pages, 1), queued=cron.pages > 1)
    return Plant(name, "cron15", own, cron, promised=rng.random() < 0.5)


def _hourly(name: str, local: Ints, rng: Rng) -> Plant:
    cron = _cron(local, 60, 6, 1.0, rng)
    own = informed(rng, records=10 ** rng.uniform(2, 3.3), queued=False)
    return Plant(name, "hourly", own, cron, promised=rng.random() < 0.5)


def _hourly_pages(name: str, local: Ints, rng: Rng) -> Plant:
    cron = _cron(local, 60, 4, 10 ** rng.uniform(1.3, 2.6), rng)
    return Plant(name, "hourly pages", informed(rng), cron, promised=rng.random() < 0.5)


def _night(name: str, local: Ints, rng: Rng) -> Plant:
    """Run only for some hours of the night, by the clock of the server."""
    opens = rng.uniform(0, 2)
    week = between(opens, opens + rng.uniform(2, 4))
    utc = np.arange(len(local)) % len(week)
    return Plant(name, "night", informed(rng), _stream(week[utc], 10 ** rng.uniform(1, 2.2), rng))


def _nightly(name: str, local: Ints, rng: Rng) -> Plant:
    """One large run a night, by the clock of the server."""
    due = ticks(np.arange(len(local)), 1440, int(rng.integers(60, 240)))
    cron = Cron(due, jitter(len(due), 5, rng), _work(local, rng))
    own = informed(rng, records=10 ** rng.uniform(3, 4.3), queued=False)
    return Plant(name, "nightly", own, cron, promised=True)


def _office(name: str, local: Ints, rng: Rng) -> Plant:
    """Run in office hours, which begin and end on the minute."""
    week = between(rng.choice([8, 8.5, 9]), rng.choice([17, 17.5, 18])) * by_day(OFFICE_DAYS)
    week += rng.choice([0.0, 0.003])  # somebody works late
    return Plant(
        name, "office", informed(rng), _stream(week[local], 10 ** rng.uniform(0.7, 2), rng)
    )


def _trickle(name: str, local: Ints, rng: Rng) -> Plant:
    rhythm = levelled(0.3 + two_humps(rng))[local]
    return Plant(
        name, "trickle", informed(rng), _stream(rhythm, 10 ** rng.uniform(-1.3, -0.3), rng)
    )


def _rough(name: str, local: Ints, rng: Rng) -> Plant:
    """Steady on the whole, but minutes differ much, and some stand out."""
    rhythm = levelled(0.2 + two_humps(rng))[local] * rough(len(local), rng)
    return Plant(name, "rough", informed(rng), _stream(rhythm, 10 ** rng.uniform(0.8, 2.3), rng))


def _stream(rhythm: Floats, rate: float, rng: Rng) -> Stream:
    """Runs of so many a minute in the hours the rhythm knows, with a wandering, growing level."""
    level = np.exp(wander(len(rhythm), rng)) * growth(len(rhythm), rng.uniform(-0.1, 0.3))
    return Stream(rhythm * level * rate, float(rhythm.max()) * rate, rng.uniform(15, 150))
