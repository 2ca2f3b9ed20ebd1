"""A single flow as a river estimator: a bank of one row, scored and taught window by window."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from river.base import AnomalyDetector  # type: ignore[attr-defined,unused-ignore]

from detectors.bank import FlowBank
from detectors.columns import Windows
from detectors.volume import lookahead
from detectors.width import Width
from schemas.signals import SignalName

WEEK = 7 * 1440


class DetectorInputError(ValueError):
    """What a detector was given cannot be judged. Names the field."""


class FlowDetector(AnomalyDetector):  # type: ignore[misc,unused-ignore] # river is untyped
    """One signal of one flow, window by window.

    Parameters
    ----------
    threshold
        Calibrated score at which the signal is anomalous: its score is then 1.
    window_seconds
        Length of a window.
    """

    signal: ClassVar[SignalName]
    reads: ClassVar[tuple[str, ...]]
    """Columns of :class:`~detectors.columns.Windows` that an observation must have."""

    def __init__(self, threshold: float = 5.0, window_seconds: int = 60) -> None:
        self.threshold = threshold
        self.window_seconds = window_seconds
        self._bank = FlowBank(threshold=threshold, window_seconds=window_seconds)
        self._bank.grow(1)
        self._ahead = lookahead(Width(window_seconds)) * window_seconds // 60
        self._scored: tuple[Mapping[str, float], FlowBank] | None = None

    def score_one(self, x: Mapping[str, float]) -> float:
        """Return how anomalous a window is (above 1: anomalous), without learning from it.

        Parameters
        ----------
        x
            ``minute`` (local minute of the week, 0 = Monday 00:00) and the columns in ``reads``.

        Raises
        ------
        DetectorInputError
            If a field is missing, not finite, or out of range.
        """
        after = copy.deepcopy(self._bank)
        verdict = after.step(*_as_arrays(x, self.reads, self._ahead))[self.signal]
        self._scored = (dict(x), after)
        return float(verdict.score[0])

    def learn_one(self, x: Mapping[str, float]) -> None:
        """Learn from a window; see :meth:`score_one`."""
        if self._scored is not None and self._scored[0] == dict(x):
            self._bank = self._scored[1]
        else:
            self._bank.step(*_as_arrays(x, self.reads, self._ahead))
        self._scored = None

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Everything remembered, as arrays by name."""
        return {name: array.copy() for name, array in self._bank.state().items()}

    def restore(self, state: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Take up a state again; what follows is the same to the bit."""
        self._bank.restore(state)
        self._scored = None


def _as_arrays(
    x: Mapping[str, float], reads: tuple[str, ...], ahead: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], Windows]:
    minute = _number(x, "minute")
    if not 0 <= minute < WEEK:
        raise DetectorInputError(f"minute must lie in the week, 0 to {WEEK - 1}")
    columns = {name: np.full(1, np.nan) for name in Windows._fields}
    columns["duration_count"] = columns["wait_count"] = np.zeros(1)
    for name in reads:
        if name.endswith("_log") and columns[name.replace("_log", "_count")][0] == 0:
            continue  # no runs, so no mean
        value = _number(x, name)
        if value < 0 and not name.endswith("_log"):
            raise DetectorInputError(f"{name} must not be negative")
        columns[name] = np.array([value])
    now = np.array([int(minute)])
    return np.zeros(1, np.int64), now, (now + ahead) % WEEK, Windows(**columns)


def _number(x: Mapping[str, float], name: str) -> float:
    if name not in x:
        raise DetectorInputError(f"{name} is required")
    value = float(x[name])
    if not math.isfinite(value):
        raise DetectorInputError(f"{name} must be finite")
    return value
