"""Whether probabilities keep what they promise: a reliability table, ECE and Brier score.

Sources: Murphy and Winkler, "Reliability of subjective probability forecasts" (1977); Brier (1950);
expected calibration error as in Naeini et al. (2015), over unequal bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats

EDGES: Final = np.array([0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5])
"""Where bins begin. Finer below, where most forecasts of a rare event lie."""
LATEST: Final = 100_000
"""Five days of a hundred flows."""


class Reliability:
    """How often what was forecast came true, by how probable it was said to be.

    Parameters
    ----------
    latest
        Forecasts remembered: with so many in the table all counts are halved.

    Examples
    --------
    >>> table = Reliability()
    >>> table.add(np.array([0.04, 0.04, 0.6]), np.array([False, False, True]))
    >>> table.forecasts[4].item(), table.promised[4].item(), table.happened[4].item()
    (2.0, 0.08, 0.0)
    >>> round(table.calibration_error, 4), round(table.brier, 4), round(table.base_rate, 4)
    (0.16, 0.0544, 0.3333)
    """

    def __init__(self, latest: int = LATEST) -> None:
        self._latest = latest
        self._table: Floats = np.zeros((4, len(EDGES)))

    @property
    def forecasts(self) -> Floats:
        """Forecasts in each bin."""
        return np.array(self._table[0])

    @property
    def promised(self) -> Floats:
        """Sum of their probabilities: how many failures were to be expected."""
        return np.array(self._table[1])

    @property
    def happened(self) -> Floats:
        """How many there were."""
        return np.array(self._table[2])

    @property
    def base_rate(self) -> float:
        """Share of forecasts that a failure followed; NaN before the first."""
        return _ratio(self.happened, self.forecasts)

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: by how much the probabilities are wrong, on average."""
        return _ratio(np.abs(self.promised - self.happened), self.forecasts)

    @property
    def brier(self) -> float:
        """Mean squared error of the probabilities."""
        return _ratio(self._table[3], self.forecasts)

    def add(self, probability: Floats, failed: Bools) -> None:
        """Enter what was forecast once it is known what followed."""
        bins = np.searchsorted(EDGES, probability, side="right") - 1
        missed = (probability - failed) ** 2
        for row, weights in enumerate((np.ones(len(bins)), probability, failed, missed)):
            self._table[row] += np.bincount(bins, weights, len(EDGES))
        if self.forecasts.sum() >= self._latest:
            self._table /= 2

    def copy(self) -> Reliability:
        """Return one with the same table, that stays as it is."""
        copied = Reliability()
        copied.restore(self.state())
        return copied

    def state(self) -> dict[str, NDArray[Any]]:
        """The table, as an array."""
        return {"table": self._table.copy()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` gave."""
        self._table = state["table"].copy()


def _ratio(part: Floats, whole: Floats) -> float:
    total = whole.sum()
    return float(part.sum() / total) if total else float("nan")
