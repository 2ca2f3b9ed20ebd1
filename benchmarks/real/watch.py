"""Real series through the engine's detectors, all of them rows of one bank."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.real.series import Series
from detectors.bank import FlowBank
from detectors.channels import SIGNALS
from detectors.columns import Floats, Ints, Windows
from schemas.signals import SignalName

AHEAD = 5
"""Windows the detectors look ahead in their tables, as in the engine."""
MONDAY = 4 * 86_400
"""The first Monday of the epoch, in its seconds."""

Scores = Mapping[SignalName, Floats]


def watch(
    series: Sequence[Series], threshold: float, tell: Callable[[float], None] = lambda _: None
) -> list[Scores]:
    """Score series of one window width by calendar time; return the scores of each by signal.

    A series is a row of the bank from its first window to its last. A window of which nothing is
    known is passed over, and its score is NaN.

    Parameters
    ----------
    series
        Their columns are named as those of `detectors.columns.Windows`.
    threshold
        Calibrated score at which a score is 1.
    tell
        Told now and then what share is done.
    """
    seconds, start = series[0].seconds, min(s.start for s in series)
    places = [slice((s.start - start) // seconds, (s.end - start) // seconds) for s in series]
    columns = np.full((len(Windows._fields), max(p.stop for p in places), len(series)), np.nan)
    for row, (one, place) in enumerate(zip(series, places, strict=True)):
        for name, values in one.columns.items():
            columns[Windows._fields.index(name), place, row] = values
    known = ~np.isnan(columns).all(axis=0)
    bank = FlowBank(threshold=threshold, window_seconds=seconds)
    bank.grow(len(series))
    scores = {name: np.full(known.shape, np.nan) for name in SIGNALS}
    for i, window in enumerate(known):
        at = start + i * seconds
        alive = [place.start <= i < place.stop for place in places]
        missed = np.flatnonzero(alive & ~window)
        if len(missed):
            bank.skip(missed, *_minutes(at, seconds, len(missed)))
        rows = np.flatnonzero(window)
        if len(rows):
            now = Windows(*columns[:, i, rows])
            for name, verdict in bank.step(rows, *_minutes(at, seconds, len(rows)), now).items():
                scores[name][i, rows] = verdict.score
        if i % 1000 == 0:
            tell(i / len(known))
    return [
        {name: score[place, row] for name, score in scores.items()}
        for row, place in enumerate(places)
    ]


def loudest(scores: Scores) -> Floats:
    """The highest score of all signals, NaN where nobody watched."""
    highest: Floats = np.fmax.reduce(list(scores.values()))
    return highest


def _minutes(at: int, seconds: int, rows: int) -> tuple[Ints, Ints]:
    """Minute of the week of a window, and of the one that is looked ahead to."""
    now, ahead = ((at + s - MONDAY) // 60 % 10_080 for s in (0, AHEAD * seconds))
    return np.full(rows, now), np.full(rows, ahead)
