"""How many: counts judged against the flow's rhythm, its current level and its own dispersion.

Serves run volume (too many, too few) and queue depth (too many).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import cusum
from detectors.calibration import WARM_UP
from detectors.columns import Floats, Ints, Verdict
from detectors.deviance import SPANS, deviance_residual, spread, tail_evidence
from detectors.outlook import NOTHING, Outlook, Scaling, weekend
from detectors.seasonality import Expectation, Seasonality
from detectors.sliding import SlidingSums
from detectors.state import FlowState, Rows, column

SHIFT: Final = 5
"""Windows by which a sharp edge may come early or late (detection notes)."""
DECAY: Final = 0.99
"""What is left of the level after a window (detection notes)."""
SPAN: Final = np.array(SPANS)[:, None]
START: Final = SPAN + 120
"""Age from which a span is judged."""
UNBOUNDED: Final = 1e8
"""Expectations above this stand for "nobody knows how many": the sums cap them at 1e9."""


class Counts(NamedTuple):
    """One window of counts as judged, each per row; the last four per span and row.

    ``expected`` and its bounds are of the window; ``risen`` and ``fallen`` are cumulative sums;
    ``seen``, ``foreseen`` and the residual ``z`` are of each span, ``alpha`` its dispersion.
    """

    observed: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    risen: Floats
    fallen: Floats
    seen: Floats
    foreseen: Floats
    z: Floats
    alpha: Floats

    def evidence(self) -> Floats:
        """Raw evidence of four channels: too many, too few, and the same by cumulative sum."""
        beyond = tail_evidence(np.stack([self.z.max(axis=0), -self.z.min(axis=0)]))
        return np.concatenate([beyond, cusum.evidence(np.stack([self.risen, self.fallen]))])

    def verdict(self, score: Floats, evidence: Floats) -> Verdict:
        """The verdict, from scores and evidence of some of the channels, in their order.

        With one channel only "too many" is judged, with four all of them.
        """
        many = np.arange(len(self.observed))
        # among scores of 0 the stronger raw tail speaks
        channel = np.where(score.max(axis=0) > 0, score.argmax(axis=0), evidence[:2].argmax(axis=0))
        high = channel % 2 == 0
        tail = np.where(high, self.z, -self.z).argmax(axis=0)
        place = np.where(channel < 2, tail, len(SPANS) - 1)
        return Verdict(
            observed=self.observed,
            expected=self.expected,
            lower=self.lower,
            upper=self.upper,
            score=score.max(axis=0),
            evidence=evidence[np.minimum(channel % 2, len(evidence) - 1), many],
            high=high,
            span=np.array(SPANS)[place],
            span_observed=self.seen[place, many],
            span_expected=self.foreseen[place, many],
        )


class Volume(FlowState):
    """Counts of many flows, one window at a time (detection notes, volume).

    Parameters
    ----------
    window_seconds
        Length of a window. The constants count windows, and were measured with 60 seconds.
    """

    age: Ints = column(0, dtype=np.int64)
    alpha: Floats = column(0.05, len(SPANS))
    level: Floats = column(0.0)
    levels: NDArray[np.float32] = column(0.0, max(SPANS) + 1, dtype=np.float32)
    risen: Floats = column(0.0)
    fallen: Floats = column(0.0)

    def __init__(self, window_seconds: int = 60) -> None:
        super().__init__()
        self.seasonality = Seasonality(window_seconds)
        self.counts = SlidingSums(1, SPANS)
        self.expectations = SlidingSums(3, SPANS, ends=(0, SHIFT, 2 * SHIFT))

    def step(
        self, rows: Rows, count: Floats, minute: Ints, ahead: Ints, outlook: Outlook = NOTHING
    ) -> Counts:
        """Judge one window of these rows, then learn from it.

        ``minute`` is its local minute of the week, ``ahead`` that of the window 5 later.
        """
        level = self.level[rows.at].copy()
        self.seasonality.close(rows, minute, self.alpha[1, rows.at])
        sums = self._look_ahead(rows, ahead, outlook.ahead)
        self._push(rows, count)
        judged = self._judge(rows, count, sums)
        self._learn_dispersion(rows, judged, outlook.now)
        self._learn_level(rows, count, *outlook.hurried(rows, count, Expectation(*sums[:, 1, 0])))
        self._learn_season(rows, minute, np.stack([count, level]), outlook.now)
        self.age[rows.at] += 1
        return judged

    def skip(self, rows: Rows, ahead: Ints, outlook: Outlook = NOTHING) -> None:
        """Pass over a window nobody watched: it is taken to have been as expected."""
        base = self._look_ahead(rows, ahead, outlook.ahead)[0, 1, 0]
        self._push(rows, base * np.exp(DECAY * self.level[rows.at]))
        self.level[rows.at] *= DECAY

    def look_again(
        self, rows: Rows, minutes: Sequence[Ints], told: Sequence[Scaling | None]
    ) -> None:
        """Expect anew what was expected of the latest windows, oldest first, by what is told now.

        There are as many of them as `expectations` are deep, the last of them five ahead. The
        cumulative sums begin anew.
        """
        for minute, scaling in zip(minutes, told, strict=True):
            self._look_ahead(rows, minute, scaling)
        self.risen[rows.at] = self.fallen[rows.at] = 0

    def explain(self, rows: Rows, low: Floats, high: Floats) -> None:
        """Take out of the level what turns out to have been foretold, between two log-factors."""
        level, levels = self.level[rows.at], self.levels[:, rows.at]
        self.level[rows.at] = level - np.clip(level, low, high)
        self.levels[:, rows.at] = levels - np.clip(levels, low, high)

    def relearn(self, rows: Rows, *, pattern: bool) -> None:
        """Doubt what the tables say: the ``pattern`` of the day too, or only how many come."""
        self.seasonality.relearn(rows, pattern=pattern)
        self.risen[rows.at] = self.fallen[rows.at] = 0

    def _look_ahead(self, rows: Rows, ahead: Ints, told: Scaling | None) -> Floats:
        """Sums of the expectations (base, high, low) by shift (5, 0, -5), span and row."""
        expected = self.seasonality.expected(rows, ahead)
        if told is not None:
            quiet = told.quiet.any()
            other = self.seasonality.expected(rows, weekend(ahead)) if quiet else expected
            expected = told.applied(rows, expected, other)
        self.expectations.push(rows, np.stack(expected))
        return self.expectations.over(rows)

    def _push(self, rows: Rows, count: Floats) -> None:
        self.counts.push(rows, count[None])
        place = self.counts.head[rows.at] * self.levels.shape[-1] + rows.numbers
        self.levels.reshape(-1)[place] = self.level[rows.at]

    def _level_at_start(self, rows: Rows) -> Floats:
        """Factor by which the level lifts each span, known before the span began."""
        entry = (self.counts.head[rows.at] - SPAN + 1) % len(self.levels)
        levels = self.levels.reshape(-1).take(entry * self.levels.shape[-1] + rows.numbers)
        factor: Floats = np.exp(levels.astype(np.float64) * DECAY ** (SPAN / 2))
        return factor

    def _judge(self, rows: Rows, count: Floats, sums: Floats) -> Counts:
        alpha = self.alpha[:, rows.at].copy()
        factor = self._level_at_start(rows)
        X = self.counts.over(rows)[0, 0]
        high, low = factor * sums[1].max(axis=0), factor * sums[2].min(axis=0)
        z = deviance_residual(X, np.where(high < X, high, low), alpha)
        outside = ((high < X) | (low > X)) & (self.age[rows.at] >= START)
        z = np.where(outside, z, 0.0)
        self._accumulate(rows, z[SPANS.index(15)])
        base, upper, lower = factor[0] * sums[:, 1, 0]
        return Counts(
            observed=count,
            expected=base,
            lower=np.maximum(lower - 3 * spread(lower, alpha[0]), 0),
            upper=np.where(upper < UNBOUNDED, upper + 3 * spread(upper, alpha[0]), np.nan),
            risen=self.risen[rows.at].copy(),
            fallen=self.fallen[rows.at].copy(),
            seen=X,
            foreseen=factor * sums[0, 1],
            z=z,
            alpha=alpha,
        )

    def _accumulate(self, rows: Rows, z: Floats) -> None:
        at = rows.at
        self.risen[at] = cusum.accumulate(self.risen[at], np.maximum(z, 0))
        self.fallen[at] = cusum.accumulate(self.fallen[at], np.maximum(-z, 0))

    def _learn_dispersion(self, rows: Rows, judged: Counts, told: Scaling | None) -> None:
        """Drive the median absolute residual of each span to that of a normal one."""
        L, alpha = judged.foreseen, judged.alpha
        q = np.abs(judged.seen - L) / np.maximum(spread(L, alpha), 1e-6)
        step = np.where(q > 0.6745, np.exp(0.0015), np.exp(-0.0015))
        learn = (self.age[rows.at] >= START) & (L > 2)
        if told is not None:  # a factor is a guess, and its error no dispersion
            learn &= told.plain(rows)
        self.alpha[:, rows.at] = np.where(learn, np.clip(alpha * step, 1e-4, 2), alpha)

    def _learn_season(self, rows: Rows, minute: Ints, seen: Floats, told: Scaling | None) -> None:
        """Show the tables the count as it would have been without what was foretold.

        Where that is not known they see nothing, except of a flow too young to be judged: it has
        nothing better. ``seen`` is the count, and the level on entering the window.
        """
        if told is not None:
            known = told.known[rows.at] | (self.age[rows.at] < WARM_UP)
            seen = np.stack([seen[0] / told.base[rows.at], seen[1]])[:, known]
            rows, minute = rows.only(known), minute[known]
        self.seasonality.observe(rows, minute, *seen)

    def _learn_level(
        self, rows: Rows, count: Floats, expected: Expectation, haste: Floats | float
    ) -> None:
        """Follow departures from what the slot did before; within that nothing is learned."""
        faded = DECAY * self.level[rows.at]
        base, high, low = np.stack(expected) * np.exp(faded)
        above = np.clip((count - high) / (high + 1), 0, 1)
        below = np.clip((count - low) / (low + 1), -1, 0)
        gain = haste * np.minimum(0.12, 0.02 / np.sqrt(1 / (base + 1) + self.alpha[0, rows.at]))
        self.level[rows.at] = np.clip(faded + gain * (above + below), -1.5, 1.5)
