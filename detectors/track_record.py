"""What became of warnings: how far ahead they came, how often true, and which level is right.

The level from which a probability warns is learned from the warnings themselves, so that false
ones keep to a budget: each false warning raises it by a step, and time lowers it by as many steps
as there were false warnings to spend. So it settles where the two balance (Robbins and Monro,
1951; as adaptive conformal inference does with coverage, Gibbs and Candès, 2021). No hindsight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats, Ints
from detectors.state import FlowState, Rows, column

STEP: Final = 0.05
"""Of the logit of the level, for a false warning: as a rule it stays within a third of its odds."""
START: Final = 0.15
"""Level to begin with; one false warning a flow-week led to .2 (benchmarks/forecast, two seeds)."""
LOWEST, HIGHEST = 0.1, 0.95
"""Warnings of which nine in ten are false help nobody, however seldom they come."""
OUTCOMES: Final = 50
"""Latest warnings remembered, of all flows together."""
PATIENCE: Final = 3
"""Horizons after which a warning that still stands was false."""
NONE: Final = -1
NOT_FAILED: Final = -1


class TrackRecord(FlowState):
    """The open warning of each flow, and what came of the latest ones.

    Parameters
    ----------
    false_per_window
        Budget: false warnings of a flow in one window.
    horizon, grace
        Windows within which a failure must follow the last warning window, and by how much later
        it may become known.
    """

    since: NDArray[np.int32] = column(NONE, dtype=np.int32)
    """Windows since the open warning began."""
    quiet: NDArray[np.int32] = column(0, dtype=np.int32)
    """Windows since it was last above the level."""

    def __init__(self, false_per_window: float, horizon: int, grace: int) -> None:
        super().__init__()
        self._budget = false_per_window
        self._horizon, self._grace = horizon, grace
        self._logit = _logit(START)
        self._leads = np.zeros(0)

    @property
    def level(self) -> float:
        """The probability above which a flow is warned of."""
        return float(1 / (1 + np.exp(-self._logit)))

    @property
    def lead(self) -> float:
        """Windows from warning to failure, as a rule (median); NaN before the first true one."""
        true = self._leads[self._leads >= 0]
        return float(np.median(true)) if len(true) else float("nan")

    @property
    def confidence(self) -> float:
        """Share of the latest warnings that came true; NaN before the first."""
        return float((self._leads >= 0).mean()) if len(self._leads) else float("nan")

    def watch(self, rows: Rows, score: Floats, began: Ints) -> None:
        """Take in one window.

        Parameters
        ----------
        rows, score
            Flows, and what is forecast of each: above 1 warns, NaN where nothing is said.
        began
            Windows since the failure began, of flows just found to fail; else `NOT_FAILED`.
        """
        at = rows.at
        above = score > 1
        quiet = np.where(above, 0, self.quiet[at] + 1)
        since, failed = self.since[at], began != NOT_FAILED
        since = np.where(since != NONE, since + 1, np.where(above, 0, NONE))
        stale = (quiet > self._horizon + self._grace) | (since > PATIENCE * self._horizon)
        false = (since != NONE) & ~failed & stale
        true = failed & (since > began)
        self._settle((since - began)[true], int(false.sum()), int((~np.isnan(score)).sum()))
        self.since[at] = np.where(failed | false, NONE, since)
        self.quiet[at] = quiet

    def _settle(self, leads: Ints, false: int, watched: int) -> None:
        came = np.concatenate([self._leads, leads, np.full(false, NONE)])
        self._leads = came[-OUTCOMES:]
        logit = self._logit + STEP * (false - self._budget * watched)
        self._logit = min(max(logit, _logit(LOWEST)), _logit(HIGHEST))

    def pooled(self) -> dict[str, NDArray[Any]]:
        """What is remembered of all flows together, as arrays."""
        return {"logit": np.array([self._logit]), "leads": self._leads.copy()}

    def take_up(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `pooled` gave."""
        self._logit, self._leads = float(state["logit"][0]), state["leads"].copy()


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
