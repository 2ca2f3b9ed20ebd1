"""One scale for every detector: how rare a piece of evidence is for this flow.

Each channel (a kind of evidence of a flow) follows its own 99 % quantile ``u`` and its mean excess
``mx`` over it, and takes the tail beyond as exponential. A calibrated score ``c`` is then -log10
of the share of windows with more evidence: 2 at the quantile, and an alarm at the threshold.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Ints, Singles
from detectors.state import FlowState, Rows, column
from detectors.width import Width

WARM_UP: Final = 2880
"""Minutes (two days) before anything is emitted."""
LEAST_WINDOWS: Final = 300
"""Windows without which no 99 % quantile is known: three of them lie beyond it."""
DAYS: Final = 5
"""Daily maxima, of days 4 to 8, from which the scale restarts on day 8 and forgets the transients
of the first week."""
STOP: Final = 5.0
"""Nothing is learned from windows above this, or faults would teach the scale to be blind."""
LEAST_U: Final = 0.2
LEAST_MX: Final = 0.45
LOG10_E: Final = 0.4343
LARGEST: Final = np.finfo(np.float16).max
"""The most that half precision holds; daily maxima beyond it are kept as it."""
BEYOND: Final = np.float32(0.01)
"""Share of windows beyond the quantile that is followed."""

HABIT: Final = 4.0
"""Episodes in a week up to which a kind of evidence is listened to in full."""
TIRED: Final = 0.3
"""How much more it takes for each further episode. What stands out every day is what this flow does
(development runs of ``clockwork``: recall .61 to .65 at one false alarm a flow-week, and a quarter
fewer false alarms at the fixed threshold)."""
PAUSE: Final = 30
"""Minutes of quiet between two episodes, as between two alerts."""
WEEK: Final = 10080

SWEEP: Final = np.array(
    [(3, 3.0), (3.5, 1.35), (4, 0.58), (4.5, 0.29), (5, 0.145), (5.5, 0.09), (6, 0.055), (7, 0.02)]
)
"""Calibrated score, and false alarms a week of one kind of evidence above it: the mean of all kinds
in simulated worlds with and without faults (development runs of ``trade`` and ``clockwork``). Real
counts lie within a third of it."""
USUAL_KINDS: Final = 6
"""Kinds of evidence of an ordinary flow: volume high and low, errors, missing, latency, backlog."""


def threshold(alerts_per_flow_week: float) -> float:
    """The calibrated score that keeps a flow of `USUAL_KINDS` of evidence to a budget.

    The budget of false alarms is shared evenly by the kinds; see `shared` for other flows. Straight
    lines in the logarithm of the share between measured points, and beyond them.

    Raises
    ------
    ValueError
        The budget is not positive.

    Examples
    --------
    >>> round(threshold(0.87), 2), round(threshold(0.12), 2)
    (5.0, 7.0)
    """
    if not alerts_per_flow_week > 0:
        raise ValueError(f"alerts_per_flow_week must be above 0, not {alerts_per_flow_week}")
    return float(_score_at(np.array([np.log(alerts_per_flow_week / USUAL_KINDS)]))[0])


def shared(threshold: float, kinds: Floats) -> Floats:
    """The threshold of flows with so many kinds of evidence, given that of an ordinary one.

    Examples
    --------
    >>> shared(5.0, np.array([2.0, 6.0, 12.0])).round(2)
    array([4.21, 5.  , 5.72])
    """
    share = np.interp(threshold, *_extended(SWEEP[:, 0], np.log(SWEEP[:, 1])))
    return _score_at(share + np.log(USUAL_KINDS / np.maximum(kinds, 1)))


def _score_at(log_rate: Floats) -> Floats:
    score, log_rates = _extended(SWEEP[:, 0], np.log(SWEEP[:, 1]))
    at: Floats = np.interp(-log_rate, -log_rates, score)
    return at


def _extended(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Lengthen a measured line far beyond both ends, as straight as there."""
    first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
    return (
        np.concatenate([[x[0] - 3], x, [x[-1] + 40]]),
        np.concatenate([[y[0] - 3 * first], y, [y[-1] + 40 * last]]),
    )


class Calibration(FlowState):
    """The scale of several channels of many flows (detection notes, one rule for all).

    Parameters
    ----------
    channels
        How many kinds of evidence are calibrated side by side, each on its own.
    width
        Of a window.

    Attributes
    ----------
    voiced
        Whether a channel ever gave evidence, shape (channels, flows).
    warm_up
        Windows before anything is emitted, unless another has lent its scale.
    restart
        Windows after which the scale begins anew, and is settled soon.
    """

    age: NDArray[np.int32]
    u: Singles
    mx: Singles
    last: Singles
    daily: NDArray[np.float16]
    episodes: Singles
    calm: NDArray[np.uint16]
    voiced: NDArray[np.bool_]
    wait: NDArray[np.int16]
    """Windows before anything is emitted."""

    def __init__(self, channels: int, width: Width) -> None:
        self.channels = channels
        self.age = column(0, channels, dtype=np.int32)
        self.u = column(1.0, channels, dtype=np.float32)
        self.mx = column(LEAST_MX, channels, dtype=np.float32)
        self.last = column(0.0, channels, dtype=np.float32)
        self.daily = column(0.0, DAYS, channels, dtype=np.float16)
        self.episodes = column(0.0, channels, dtype=np.float32)
        self.calm = column(0, channels, dtype=np.uint16)
        self.voiced = column(0, channels, dtype=np.bool_)
        self.warm_up = width.windows(WARM_UP, least=LEAST_WINDOWS)
        self.wait = column(self.warm_up, channels, dtype=np.int16)
        super().__init__()
        self.restart = 4 * self.warm_up
        self._first_day = self.restart // 8 * 3
        self._day = self.restart // 8
        self._pause = width.windows(PAUSE)
        self._fade = np.float32(np.exp(-1 / width.windows(WEEK)))

    def step(self, rows: Rows, evidence: Floats, known: Bools) -> Singles:
        """Score, then learn from, one window.

        Parameters
        ----------
        rows
            The flows.
        evidence
            Raw evidence, shape (channels, rows); -1 holds: the last score is given again, and 0
            is learned.
        known
            Where there is evidence at all; elsewhere the score is 0 and nothing changes.

        Returns
        -------
        Calibrated scores, shape (channels, rows).
        """
        at = rows.at
        age, u, mx = self.age[:, at], self.u[:, at], self.mx[:, at]
        held, s = evidence < 0, evidence.astype(np.float32).clip(0, np.inf)
        renewed = known & (age == self.restart)
        if renewed.any():
            u, mx = self._restarted(rows, renewed, u, mx)
        ready = known & (age > self.wait[:, at])
        rare = rarity(s, u, mx)
        c = rare / _tiredness(self.episodes[:, at])
        self._note_episodes(rows, ready & (c > STOP))
        score = np.where(held, self.last[:, at], c)
        learn = known & ~((age > self.warm_up) & (rare > STOP) & ~self._settling(age))
        u, mx = self._learned(s, u, mx, age, learn)
        self._note_daily(rows, age, s, known)
        self.u[:, at], self.mx[:, at] = u, mx
        self.last[:, at] = np.where(known, score, self.last[:, at])
        self.age[:, at] = age + known
        self.voiced[:, at] |= known & (s > 0)
        return score * ready

    def limit(self, rows: Rows, channels: Ints, score: Floats) -> Floats:
        """Raw evidence at which ``channels`` reach a calibrated score, shape (channels, rows)."""
        u, mx = self.u[:, rows.at][channels], self.mx[:, rows.at][channels]
        rare = score * _tiredness(self.episodes[:, rows.at][channels])
        raw: Floats = u + (rare - 2) * mx / LOG10_E
        return raw

    def _note_episodes(self, rows: Rows, hot: Bools) -> None:
        at = rows.at
        calm = self.calm[:, at]
        begun = hot & (calm >= self._pause)
        self.episodes[:, at] = self.episodes[:, at] * self._fade + begun
        self.calm[:, at] = np.minimum(calm + 1, self._pause) * ~hot

    def _restarted(
        self, rows: Rows, renewed: Bools, u: Singles, mx: Singles
    ) -> tuple[Singles, Singles]:
        typical = np.sort(self.daily[:, :, rows.at], axis=0)[DAYS // 2].astype(np.float32)
        lower_u = np.minimum(u, np.maximum(typical, 0.5))
        lower_mx = np.minimum(mx, np.maximum(LEAST_MX, typical / 2.5))
        return np.where(renewed, lower_u, u), np.where(renewed, lower_mx, mx)

    def _note_daily(self, rows: Rows, age: NDArray[np.int32], s: Singles, known: Bools) -> None:
        inside = known & (age >= self._first_day) & (age < self.restart)
        if not inside.any():
            return
        channel = np.arange(self.channels)[:, None]
        day = np.minimum((age - self._first_day) // self._day, DAYS - 1)
        capacity = self.daily.shape[-1]
        place = ((day * self.channels + channel) * capacity + rows.numbers)[inside]
        daily = self.daily.reshape(-1)
        daily[place] = np.maximum(daily[place], np.minimum(s[inside], LARGEST))

    def _settling(self, age: NDArray[np.int32]) -> Bools:
        """A wide tail is followed faster after the start and after the restart."""
        return (age >= self.restart) & (age <= self.restart + self.warm_up)

    def _learned(
        self, s: Singles, u: Singles, mx: Singles, age: NDArray[np.int32], learn: Bools
    ) -> tuple[Singles, Singles]:
        since = (age - self.restart * (age >= self.restart)).astype(np.float32)
        wide = 1 + (mx / LEAST_MX - 1).clip(0, np.inf) * (since <= self.warm_up)
        gain = (4 / (since + 20)).clip(0.002, np.inf) * wide * learn
        u = (u + gain * ((s > u) - BEYOND)).clip(LEAST_U, np.inf)
        mx = mx.copy()
        over = np.flatnonzero(learn & (s > u))
        scale = mx.take(over)
        excess = np.minimum(s.take(over) - u.take(over), 3 * scale)
        rate = np.maximum(1 / (20 + 0.01 * since.take(over)), 0.004)
        mx.put(over, np.maximum(scale + rate * (excess - scale), LEAST_MX))
        return u, mx


def _tiredness(episodes: Singles) -> Singles:
    """By how much a channel is divided that has been above the stop too often of late."""
    tired: Singles = np.asarray(1 + TIRED * (episodes - HABIT).clip(0, np.inf), np.float32)
    return tired


def rarity(s: Singles, u: Singles, mx: Singles) -> Singles:
    """-log10 of the tail probability beyond evidence ``s``, 0 below the quantile."""
    rare: Singles = (2 + LOG10_E * (s - u) / mx) * (s > u)
    return rare
