"""What else would have scored a series: simple rules, and a river model.

Each takes the values of one series (NaN where there is no row) and the number of windows a day, and
returns a score a window, from that window and those before it. A score has no scale of its own: a
threshold is chosen in hindsight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from river.anomaly import HalfSpaceTrees
from river.preprocessing import MinMaxScaler

from detectors.columns import Floats

Peer = Callable[[Floats, int], Floats]

LEAST: Final = 1e-9
"""Of a spread, so that a constant series divides by something."""


def ewma(values: Floats, per_day: int) -> Floats:
    """Distance from an exponentially weighted mean, in deviations weighted alike (an hour)."""
    rate = min(24 / per_day, 0.3)
    score = np.full(len(values), np.nan)
    mean, variance = float(values[~np.isnan(values)][0]), 0.0
    for i, x in enumerate(values.tolist()):
        if x == x:  # noqa: PLR0124 - not NaN
            gap = x - mean
            score[i] = abs(gap) / (variance**0.5 + LEAST) if i >= per_day else 0.0
            mean += rate * gap
            variance = (1 - rate) * (variance + rate * gap * gap)
    return score


def day_sigma(values: Floats, per_day: int) -> Floats:
    """Distance from the mean of the last 24 hours, in their standard deviations."""
    known = np.nan_to_num(values)
    sums = [_trailing(x, per_day) for x in (~np.isnan(values) * 1.0, known, known**2)]
    n = np.maximum(sums[0], 1)
    mean = sums[1] / n
    spread = np.sqrt(np.maximum(sums[2] / n - mean**2, 0))
    return _from_day(np.abs(values - mean) / (spread + LEAST), per_day, 1)


def last_week(values: Floats, per_day: int) -> Floats:
    """Change since the same time last week, in standard deviations of such changes over a week."""
    week = 7 * per_day
    change = np.full(len(values), np.nan)
    change[week:] = values[week:] - values[:-week]
    return _from_day(day_sigma(change, week), per_day, 8)


def same_minute(values: Floats, per_day: int) -> Floats:
    """Distance from the median of the same time on the last 7 days, in the day's typical size."""
    day = np.full((7 * per_day + len(values)), np.nan)
    day[7 * per_day :] = values
    before = np.stack([day[k * per_day : k * per_day + len(values)] for k in range(7)])
    some = ~np.isnan(before).all(axis=0)
    gap = np.full(len(values), np.nan)
    gap[some] = np.abs(values[some] - np.nanmedian(before[:, some], axis=0))
    known = ~np.isnan(gap)
    typical = _trailing(np.nan_to_num(gap), per_day) / np.maximum(
        _trailing(known * 1.0, per_day), 1
    )
    return _from_day(gap / (typical + LEAST), per_day, 8)


def half_space_trees(values: Floats, per_day: int) -> Floats:
    """Half-space trees of river on the value and its change, scaled to what was seen so far."""
    scale, trees = MinMaxScaler(), HalfSpaceTrees(window_size=per_day, seed=1)
    score = np.full(len(values), np.nan)
    before = 0.0
    for i, x in enumerate(values.tolist()):
        if x == x:  # noqa: PLR0124 - not NaN
            raw = {"x": x, "change": x - before}
            scale.learn_one(raw)
            scaled = scale.transform_one(raw)
            score[i] = trees.score_one(scaled)
            trees.learn_one(scaled)
            before = x
    return score


PEERS: Final[Mapping[str, Peer]] = {
    "same minute, 7 days": same_minute,
    "same time last week": last_week,
    "3 sigma, 24 h": day_sigma,
    "EWMA z": ewma,
    "river HST": half_space_trees,
}


def _trailing(values: Floats, windows: int) -> Floats:
    """Sums over the windows before each."""
    total = np.append(np.zeros(windows + 1), values.cumsum())
    sums: Floats = total[windows:-1] - total[: -windows - 1]
    return sums


def _from_day(score: Floats, per_day: int, day: int) -> Floats:
    score[: day * per_day] = np.nan
    return score
