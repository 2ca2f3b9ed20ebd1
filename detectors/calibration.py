"""One scale for every detector: how rare a piece of evidence is for this flow.

Each channel (a kind of evidence of a flow) follows its own 99 % quantile ``u`` and its mean excess
``mx`` over it, and takes the tail beyond as exponential. A calibrated score ``c`` is then -log10
of the share of windows with more evidence: 2 at the quantile, and an alarm at the threshold.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Ints
from detectors.state import FlowState, Rows, column

WARM_UP: Final = 2880
"""Windows (two days) before anything is emitted."""
RESTART: Final = 11520
"""Window (day 8) at which the scale forgets the transients of the first week."""
BOOST: Final = 2880
"""Windows after the start and after the restart in which a wide tail is followed faster."""
FIRST_DAY: Final = 4320
DAY: Final = 1440
STOP: Final = 5.0
"""Nothing is learned from windows above this, or faults would teach the scale to be blind."""
LEAST_U: Final = 0.2
LEAST_MX: Final = 0.45
LOG10_E: Final = 0.4343

# Measured: threshold, false alarms a flow-week (detection notes, mean of three simulated seeds)
SWEEP: Final = ((4.5, 1.84), (5.0, 1.09), (5.5, 0.76), (6.0, 0.64), (7.0, 0.45))


def threshold(alerts_per_flow_week: float) -> float:
    """The calibrated score that keeps to a budget of false alarms.

    Straight lines in the logarithm of the budget between measured points, and beyond them.

    Raises
    ------
    ValueError
        The budget is not positive.

    Examples
    --------
    >>> round(threshold(1.09), 2), round(threshold(0.45), 2), round(threshold(0.2), 1)
    (5.0, 7.0, 9.3)
    """
    if not alerts_per_flow_week > 0:
        raise ValueError(f"alerts_per_flow_week must be above 0, not {alerts_per_flow_week}")
    budgets = [-float(np.log(budget)) for _, budget in SWEEP]
    wanted = -float(np.log(alerts_per_flow_week))
    left = min(max(bisect_right(budgets, wanted) - 1, 0), len(SWEEP) - 2)
    (start, _), (end, _) = SWEEP[left : left + 2]
    return start + (wanted - budgets[left]) / (budgets[left + 1] - budgets[left]) * (end - start)


class Calibration(FlowState):
    """The scale of several channels of many flows (detection notes, one rule for all).

    Parameters
    ----------
    channels
        How many kinds of evidence are calibrated side by side, each on its own.
    """

    age: NDArray[np.int64]
    u: Floats
    mx: Floats
    last: Floats
    daily: NDArray[np.float32]
    wait: NDArray[np.int16]
    """Windows before anything is emitted."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.age = column(0, channels, dtype=np.int64)
        self.u = column(1.0, channels)
        self.mx = column(LEAST_MX, channels)
        self.last = column(0.0, channels)
        self.daily = column(0.0, 5, channels, dtype=np.float32)
        self.wait = column(WARM_UP, channels, dtype=np.int16)
        super().__init__()

    def step(self, rows: Rows, evidence: Floats, known: Bools) -> Floats:
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
        age, u, mx, last = self.age[:, at], self.u[:, at], self.mx[:, at], self.last[:, at]
        held, s = evidence < 0, np.maximum(evidence, 0)
        renewed = known & (age == RESTART)
        if renewed.any():
            u, mx = self._restarted(rows, renewed, u, mx)
        c = rarity(s, u, mx)
        score = np.where(held, last, c)
        learn = known & ~((age > WARM_UP) & (c > STOP) & ~_settling(age))
        u, mx = _learned(s, u, mx, age, learn)
        emitted: Floats = np.where(known & (age > self.wait[:, at]), score, 0.0)
        self._note_daily(rows, age, s, known)
        self.u[:, at], self.mx[:, at] = u, mx
        self.last[:, at] = np.where(known, score, last)
        self.age[:, at] = age + known
        return emitted

    def severity(self, rows: Rows, evidence: Floats) -> Floats:
        """Rarity that also grades ordinary evidence: 0 for none, 2 at the 99 % quantile."""
        u, mx = self.u[:, rows.at], self.mx[:, rows.at]
        graded: Floats = np.where(evidence > u, rarity(evidence, u, mx), 2 * evidence / u)
        return graded

    def limit(self, rows: Rows, channel: int, score: float) -> Floats:
        """The raw evidence at which ``channel`` reaches a calibrated ``score``."""
        u, mx = self.u[channel, rows.at], self.mx[channel, rows.at]
        return u + (score - 2) * mx / LOG10_E

    def _restarted(
        self, rows: Rows, renewed: Bools, u: Floats, mx: Floats
    ) -> tuple[Floats, Floats]:
        typical = np.sort(self.daily[:, :, rows.at], axis=0)[2].astype(np.float64)
        lower_u = np.minimum(u, np.maximum(typical, 0.5))
        lower_mx = np.minimum(mx, np.maximum(LEAST_MX, typical / 2.5))
        return np.where(renewed, lower_u, u), np.where(renewed, lower_mx, mx)

    def _note_daily(self, rows: Rows, age: Ints, s: Floats, known: Bools) -> None:
        inside = known & (age >= FIRST_DAY) & (age < RESTART)
        if not inside.any():
            return
        channel = np.arange(self.channels)[:, None]
        day = (age - FIRST_DAY) // DAY
        capacity = self.daily.shape[-1]
        place = ((day * self.channels + channel) * capacity + rows.numbers)[inside]
        daily = self.daily.reshape(-1)
        daily[place] = np.maximum(daily[place], s[inside])


def rarity(s: Floats, u: Floats, mx: Floats) -> Floats:
    """-log10 of the tail probability beyond evidence ``s``, 0 below the quantile."""
    rare: Floats = np.where(s > u, 2 + LOG10_E * (s - u) / mx, 0.0)
    return rare


def _settling(age: Ints) -> Bools:
    return (age >= RESTART) & (age <= RESTART + BOOST)


def _learned(s: Floats, u: Floats, mx: Floats, age: Ints, learn: Bools) -> tuple[Floats, Floats]:
    since = np.where(age < RESTART, age, age - RESTART)
    wide = np.where(since <= BOOST, np.maximum(mx / LEAST_MX, 1), 1.0)
    gain = 4 * np.maximum(1 / (since + 20), 0.0005) * wide
    new_u = np.where(learn, np.maximum(u + gain * np.where(s > u, 0.99, -0.01), LEAST_U), u)
    rate = np.maximum(1 / (20 + 0.01 * since), 0.004)
    excess = np.minimum(s - new_u, 3 * mx)
    new_mx = np.maximum(mx + rate * (excess - mx), LEAST_MX)
    return new_u, np.where(learn & (s > new_u), new_mx, mx)
