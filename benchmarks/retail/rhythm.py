"""Rhythms: how much there is to do at each minute of the local week."""

from __future__ import annotations

import numpy as np

from benchmarks.retail.noise import Rng
from benchmarks.retail.world import DAY, WEEK
from detectors.columns import Floats, Ints

MINUTE = np.arange(WEEK)


def hump(hour: float, width: float) -> Floats:
    """A bell around an hour of every day, over the minutes of a week.

    >>> hump(12, 2)[[0, 12 * 60, 14 * 60]].round(2).tolist()
    [0.0, 1.0, 0.61]
    """
    away = np.abs((MINUTE % DAY) / 60 - hour)
    bell: Floats = np.exp(-0.5 * (np.minimum(away, 24 - away) / width) ** 2)
    return bell


def two_humps(rng: Rng) -> Floats:
    """A day of trade: noon and evening, over an overnight floor."""
    day = rng.uniform(0.08, 0.25) + hump(rng.uniform(11, 14), 2.5)
    return day + rng.uniform(0.5, 1.0) * hump(rng.uniform(19, 21), 2.0)


def between(opens: float, closes: float) -> Floats:
    """1 from one hour to another of every day, else 0; over midnight if it closes first."""
    hour = (MINUTE % DAY) / 60
    inside = (hour >= opens) & (hour < closes)
    if closes < opens:
        inside = (hour >= opens) | (hour < closes)
    return inside.astype(np.float64)


def by_day(factors: Floats) -> Floats:
    """A factor for each day from Monday to Sunday, over the minutes of a week."""
    return np.repeat(factors, DAY)


def levelled(rhythm: Floats) -> Floats:
    """Scale a rhythm to a mean of 1."""
    scaled: Floats = rhythm / rhythm.mean()
    return scaled


def growth(minutes: int, whole: float) -> Floats:
    """A factor that rises from 1 to ``1 + whole`` at a steady rate."""
    factor: Floats = (1 + whole) ** (np.arange(minutes) / minutes)
    return factor


def every(minute_of_hour: int, period: int, minutes: Ints) -> Floats:
    """1 in the minutes that are ``minute_of_hour`` past a multiple of ``period``, else 0."""
    hits: Floats = (minutes % period == minute_of_hour % period).astype(np.float64)
    return hits
