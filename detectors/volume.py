"""How many: counts judged against the flow's rhythm, its current level and its own dispersion.

Serves run volume (too many, too few) and queue depth (too many).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import cusum
from detectors.calibration import WARM_UP
from detectors.columns import Bools, Floats, Ints, Reals, Singles
from detectors.counts import Counts
from detectors.deviance import deviance_residual, deviation, tail_evidence
from detectors.outlook import NOTHING, Outlook, Scaling, weekend
from detectors.ring import Ring
from detectors.seasonality import Expectation, Seasonality
from detectors.sliding import SlidingSums
from detectors.state import FlowState, Rows, column
from detectors.strays import Strays
from detectors.width import Width

SPANS: Final = (1, 2, 5, 15, 60)
"""Minutes over which counts are judged: from a single one, which real traffic needs, to an hour,
without which sparse flows are not seen (detection notes; two and five minutes instead of three for
the incidents of real counts of 15 to 70 a minute)."""
HANDICAP: Final = 0.7
"""Evidence a span must give beyond what a span a tenth as long must: over longer spans the level
wanders, which evidence of counts knows nothing of. Between .6 and .8 nothing changes; without it
recall at one false alarm a week is .02 to .03 lower on sparse real counts and in simulated worlds
(development runs)."""
BUSY: Final = 8.0
"""Expected count of a window from which on a single one that strays can wait (detection notes)."""
USUAL: Final = 3.0
"""Standard deviations up to which a stray window counts at once: one window in a thousand."""
DRIFT_SPAN: Final = 15
"""Minutes of the residual that the cumulative sums add up."""
QUEUE: Final = 60
"""Seconds by which a schedule's runs may come late: a queue is emptied twice a minute. Of wider
windows that is a small part."""
SHIFT: Final = 5
"""Minutes by which a sharp edge may come early or late (detection notes)."""
DECAY: Final = 0.99
"""What is left of the level after a minute (detection notes)."""
GAIN: Final = 0.02
MOST_GAIN: Final = 0.12
"""How fast the level follows in a minute (detection notes)."""
START: Final = 120
"""Minutes before a span is judged, besides its own length."""
DISPERSION_STEP: Final = 0.0015
"""Step in a minute of the logarithm of the dispersion (detection notes)."""
EXPECTED: Final = (0, 1, 1, 1, 2, 2, 2, 1, 2)
"""Sums of what is expected: the best guess, and the bounds also `SHIFT` earlier and later, and a
window on (`NEXT`), of which only what enters and leaves is read."""
BASE, HIGH, LOW, NEXT = 0, slice(1, 4), slice(4, 7), slice(7, 9)
IN_TIME: Final = [0, 2, 5]
"""Of each of the three the sum that is not shifted."""
UNBOUNDED: Final = 1e7
"""Expectations above this stand for "nobody knows how many": the sums cap them at 1e8."""


def lookahead(width: Width) -> int:
    """How many windows ahead the tables are read (tables only: no data of the future)."""
    return SHIFT * 60 // width.seconds


def spans_of(width: Width) -> Ints:
    """Spans in windows, rising; where windows are wider than most of `SPANS`, one and three.

    >>> spans_of(Width(60)), spans_of(Width(300)), spans_of(Width(3600))
    (array([ 1,  2,  5, 15, 60]), array([ 1,  3, 12]), array([1, 3]))
    """
    spans = {width.windows(minutes) for minutes in SPANS}
    return np.array(sorted(spans if len(spans) > 1 else {1, 3}))


class Volume(FlowState):
    """Counts of many flows, one window at a time (detection notes, volume).

    Parameters
    ----------
    width
        Of a window.
    series
        How many counts of each flow are judged, each for itself.
    """

    age: NDArray[np.int32] = column(0, dtype=np.int32)
    alpha: Singles
    level: Singles = column(0.0, dtype=np.float32)
    risen: Singles = column(0.0, dtype=np.float32)
    fallen: Singles = column(0.0, dtype=np.float32)

    def __init__(self, width: Width, series: int = 1) -> None:
        self.spans = spans_of(width)
        self.alpha = column(0.05, len(self.spans), dtype=np.float32)
        super().__init__(series)
        spans, shift = self.spans.tolist(), lookahead(width)
        self.seasonality = Seasonality(width)
        self.strays = Strays(width)
        self.counts = SlidingSums([0], spans)
        self.levels = Ring(spans[-1] + 1, 0, self.spans - 1, np.float16)
        ends = (shift, *(late * shift for late in (0, 1, 2) * 2), *[max(shift - 1, 0)] * 2)
        self._queues = width.seconds <= QUEUE
        self.expectations = SlidingSums(EXPECTED, spans, ends, coarse=True)
        self._warm_up = width.windows(WARM_UP)
        self._drift_span = int(np.searchsorted(self.spans, width.windows(DRIFT_SPAN)))
        self._start = self.spans[:, None] + width.windows(START, least=24)
        self._decay = DECAY**width.minutes
        self._fading = (self._decay ** (self.spans / 2))[:, None]
        self._handicap = HANDICAP * np.log10(self.spans)[:, None]
        self._gain, self._most_gain = np.sqrt(width.minutes) * np.array([GAIN, MOST_GAIN])
        step = min(DISPERSION_STEP * width.minutes, 0.02)
        self._wider, self._narrower = np.exp(step), np.exp(-step)

    def step(
        self,
        rows: Rows,
        count: Floats,
        when: tuple[Ints, Ints],
        patient: Bools,
        outlook: Outlook = NOTHING,
    ) -> Counts:
        """Judge one window of these rows, then learn from it.

        Parameters
        ----------
        when
            Its local minute of the week, and that of the window `lookahead` later.
        patient
            Which rows tell of more than counts: where trouble comes with a stray window, errors or
            durations tell. Counts alone are judged by every window, as real ones need it.
        """
        minute, ahead = when
        level = self.level[rows.at].copy()
        self.seasonality.close(rows, minute, self.alpha[1, rows.at])
        sums, edges = self._look_ahead(rows, ahead, outlook.ahead)
        self._note_stray(rows, count, sums[IN_TIME, 0], patient)
        self._push(rows, count)
        judged = self._judge(rows, count, sums, edges)
        self._learn_dispersion(rows, judged, outlook.now)
        self._learn_level(
            rows, count, *outlook.hurried(rows, count, Expectation(*sums[IN_TIME, 0]))
        )
        self._learn_season(rows, minute, (count, level), outlook.now)
        self.age[rows.at] += 1
        return judged

    def skip(self, rows: Rows, ahead: Ints, outlook: Outlook = NOTHING) -> None:
        """Pass over a window nobody watched: it is taken to have been as expected."""
        base = self._look_ahead(rows, ahead, outlook.ahead)[0][BASE, 0]
        self._push(rows, base * np.exp(self._decay * self.level[rows.at]))
        self.strays.skip(rows)
        self.level[rows.at] *= self._decay

    def look_again(
        self, rows: Rows, minutes: Sequence[Ints], told: Sequence[Scaling | None]
    ) -> None:
        """Expect anew what was expected of the latest windows, oldest first, by what is told now.

        There are as many of them as `expectations` are deep, the last of them `lookahead` ahead.
        The cumulative sums begin anew.
        """
        for minute, scaling in zip(minutes, told, strict=True):
            self._look_ahead(rows, minute, scaling)
        self.risen[rows.at] = self.fallen[rows.at] = 0

    def explain(self, rows: Rows, low: Floats, high: Floats) -> None:
        """Take out of the level what turns out to have been foretold, between two log-factors."""
        for levels in (self.level, self.levels.values):
            held = levels[..., rows.at]
            levels[..., rows.at] = held - held.clip(low, high)

    def relearn(self, rows: Rows, *, pattern: bool) -> None:
        """Doubt what the tables say: the ``pattern`` of the day too, or only how many come."""
        self.seasonality.relearn(rows, pattern=pattern)
        self.risen[rows.at] = self.fallen[rows.at] = 0

    def _look_ahead(
        self, rows: Rows, ahead: Ints, told: Scaling | None
    ) -> tuple[Floats, tuple[Floats, Floats]]:
        """Sums of `EXPECTED`, by span and row, and what may have come late over their edges.

        That is what was due just before each span began, beyond what was due a minute later, and
        what is due in its newest minute, beyond what is in the next.
        """
        expected = self.seasonality.expected(rows, ahead)
        if told is not None:
            quiet = told.quiet.any()
            other = self.seasonality.expected(rows, weekend(ahead)) if quiet else expected
            expected = told.applied(rows, expected, other)
        moved = self.expectations.push(rows, np.array(expected))
        late = np.maximum(moved[IN_TIME[1:]] - moved[NEXT], 0) * self._queues
        return self.expectations.over(rows), (late[0, 1:], late[1, :1])

    def _note_stray(self, rows: Rows, count: Floats, expected: Floats, patient: Bools) -> None:
        alpha = self.alpha[0, rows.at]
        base, high, low = expected * np.exp(self.level[rows.at] * self._fading[0])
        least, most = low - USUAL * deviation(low, alpha), high + USUAL * deviation(high, alpha)
        self.strays.note(rows, count, np.array([least, most]), patient & (base >= BUSY))

    def _push(self, rows: Rows, count: Floats) -> None:
        self.counts.push(rows, count[None])
        self.levels.push(rows, self.level[None, rows.at])

    def _level_at_start(self, rows: Rows) -> Floats:
        """Factor by which the level lifts each span, known before the span began."""
        factor: Floats = np.exp(self.levels.read(rows).astype(np.float64) * self._fading)
        return factor

    def _judge(
        self, rows: Rows, count: Floats, sums: Floats, edges: tuple[Floats, Floats]
    ) -> Counts:
        alpha = self.alpha[:, rows.at].copy()
        factor = self._level_at_start(rows)
        seen = self.counts.over(rows)[0]
        X = seen - self.strays.excess_over(rows, self.spans)
        least = np.maximum(sums[LOW].min(axis=0) - edges[1], 0)
        bound = X.clip(factor * least, factor * (sums[HIGH].max(axis=0) + edges[0]))
        judged = (bound != X) & (self.age[rows.at] >= self._start)
        z = deviance_residual(X, bound, alpha) * judged
        self._accumulate(rows, z[self._drift_span])
        base, upper, lower = factor[0] * sums[IN_TIME, 0]
        return Counts(
            observed=count,
            expected=base,
            lower=np.maximum(lower - 3 * deviation(lower, alpha[0]), 0),
            upper=np.where(upper < UNBOUNDED, upper + 3 * deviation(upper, alpha[0]), np.nan),
            risen=self.risen[rows.at].copy(),
            fallen=self.fallen[rows.at].copy(),
            seen=seen,
            foreseen=factor * sums[BASE],
            tail=self._tail(z),
            alpha=alpha,
            spans=self.spans,
        )

    def _tail(self, z: Floats) -> Floats:
        """Evidence of each span, with the sign of its residual."""
        evidence = np.maximum(tail_evidence(np.abs(z)) - self._handicap, 0)
        return np.copysign(evidence, z)

    def _accumulate(self, rows: Rows, z: Floats) -> None:
        at = rows.at
        self.risen[at] = cusum.accumulate(self.risen[at], np.maximum(z, 0))
        self.fallen[at] = cusum.accumulate(self.fallen[at], np.maximum(-z, 0))

    def _learn_dispersion(self, rows: Rows, judged: Counts, told: Scaling | None) -> None:
        """Drive the median absolute residual of each span to that of a normal one."""
        L, alpha = judged.foreseen, judged.alpha
        beyond = (judged.seen - L) ** 2 > 0.6745**2 * (L + alpha * L**2)
        step = np.where(beyond, self._wider, self._narrower)
        learn = (self.age[rows.at] >= self._start) & (L > 2)
        if told is not None:  # a factor is a guess, and its error no dispersion
            learn &= told.plain(rows)
        self.alpha[:, rows.at] = np.where(learn, (alpha * step).clip(1e-4, 2), alpha)

    def _learn_season(
        self, rows: Rows, minute: Ints, seen: tuple[Floats, Reals], told: Scaling | None
    ) -> None:
        """Show the tables the count as it would have been without what was foretold.

        Where that is not known they see nothing, except of a flow too young to be judged: it has
        nothing better. ``seen`` is the count, and the level on entering the window.
        """
        if told is not None:
            known = told.known[rows.at] | (self.age[rows.at] < self._warm_up)
            seen = (seen[0] / told.base[rows.at])[known], seen[1][known]
            rows, minute = rows.only(known), minute[known]
        self.seasonality.observe(rows, minute, *seen)

    def _learn_level(
        self, rows: Rows, count: Floats, expected: Expectation, haste: Floats | float
    ) -> None:
        """Follow departures from what the slot did before; within that nothing is learned."""
        faded = self._decay * self.level[rows.at]
        base, high, low = np.array(expected) * np.exp(faded)
        above = ((count - high) / (high + 1)).clip(0, 1)
        below = ((count - low) / (low + 1)).clip(-1, 0)
        noise = np.sqrt(1 / (base + 1) + self.alpha[0, rows.at])
        gain = haste * np.minimum(self._most_gain, self._gain / noise)
        self.level[rows.at] = (faded + gain * (above + below)).clip(-1.5, 1.5)
