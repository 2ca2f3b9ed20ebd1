"""Tracks: what was observed and expected of each flow over time, gathered from closed windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats, Ints
from pipeline.engine.emissions import ClosedWindow, FlowKey
from schemas.signals import SignalName

COUNTED: frozenset[SignalName] = frozenset(
    {"volume", "records", "errors", "partial", "warnings", "retries", "missing", "duplicates"}
)
"""Signals that add up over windows; of the others a stretch of windows has a mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One signal of one flow. All arrays have shape (windows,); times are epoch seconds."""

    flow: FlowKey
    signal: SignalName
    times: Floats
    observed: Floats
    expected: Floats
    lower: Floats
    upper: Floats

    def coarse(self, seconds: int) -> Track:
        """Return it in stretches of so many seconds.

        Counts are added, and the distances of the bounds from what is expected with them: in
        quadrature, as those of independent windows. Anything else is averaged. NaN is skipped.

        Examples
        --------
        >>> ones = np.ones(4)
        >>> track = Track(FlowKey("acme", "orders"), "volume", 60.0 * np.arange(4), ones, ones,
        ...               ones - 1, ones + 2)
        >>> halves = track.coarse(120)
        >>> halves.times, halves.observed, halves.upper
        (array([ 0., 120.]), array([2., 2.]), array([4.83, 4.83]))
        """
        stretch, place = np.unique(self.times // seconds, return_inverse=True)
        group = _Groups(len(stretch), place)
        times = stretch * seconds
        if self.signal not in COUNTED:
            means = map(group.mean, (self.observed, self.expected, self.lower, self.upper))
            return Track(self.flow, self.signal, times, *means)
        expected = group.total(self.expected)
        below = np.sqrt(group.total((self.expected - self.lower) ** 2))
        above = np.sqrt(group.total((self.upper - self.expected) ** 2))
        return Track(
            self.flow,
            self.signal,
            times,
            group.total(self.observed),
            expected,
            np.maximum(expected - below, 0.0),
            expected + above,
        )


class _Groups(NamedTuple):
    """Which of ``length`` groups each entry belongs to."""

    length: int
    place: NDArray[np.intp]

    def total(self, values: Floats) -> Floats:
        """Add what is known of each group; NaN if nothing is."""
        known = ~np.isnan(values)
        sums = np.bincount(self.place[known], values[known], self.length)
        return np.where(self.known(values) > 0, sums, np.nan)

    def mean(self, values: Floats) -> Floats:
        """Average what is known of each group; NaN if nothing is."""
        return self.total(values) / np.maximum(self.known(values), 1)

    def known(self, values: Floats) -> Ints:
        """Count what is known of each group."""
        return np.bincount(self.place[~np.isnan(values)], minlength=self.length)


class Recorder:
    """Gathers closed windows, and gives them back as tracks."""

    def __init__(self, signals: Iterable[SignalName]) -> None:
        self._signals = tuple(signals)
        self._rows: Mapping[tuple[FlowKey, SignalName], list[tuple[float, ...]]] = defaultdict(list)

    def add(self, closed: ClosedWindow) -> None:
        """Remember one closed window."""
        for signal in self._signals:
            if (verdict := closed.verdicts.get(signal)) is None:
                continue
            columns = (verdict.observed, verdict.expected, verdict.lower, verdict.upper)
            for flow, *row in zip(closed.flows, *(c.tolist() for c in columns), strict=True):
                self._rows[flow, signal].append((closed.start, *row))

    def tracks(self) -> dict[tuple[FlowKey, SignalName], Track]:
        """Return every track recorded so far."""
        return {
            (flow, signal): Track(flow, signal, *np.array(rows, float).T)
            for (flow, signal), rows in self._rows.items()
        }
