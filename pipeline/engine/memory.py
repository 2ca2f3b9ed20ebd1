"""What an alert quotes besides its evidence: the flow's last day, and its latest error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools
from pipeline.engine.accumulator import SCALE
from pipeline.engine.queueing import Queue, queue_of
from pipeline.engine.rolling import WINDOWS, Rolling
from pipeline.engine.wording import count, duration, plural
from schemas.signals import SignalName


@dataclass(frozen=True, slots=True)
class Memory:
    """Recent sums and errors of a partition's flows, as of window ``number``."""

    rolling: Rolling
    number: int
    last_error: Mapping[int, tuple[str, str]]
    learning: Callable[[NDArray[np.int64]], Bools]

    def total(self, row: int, signal: SignalName, span: int) -> float:
        """Return what a counted signal is a part of, over its span in windows; NaN if nothing."""
        sums = self.rolling.over_windows(row, self.number, min(span, WINDOWS))
        if signal in ("errors", "partial", "warnings"):
            return sums["succeeded"] + sums["failed"] + sums["partial"]
        if signal == "retries":
            return sums["started"]
        if signal in ("missing", "duplicates"):
            return sums["records_in"]
        return math.nan

    def queue(self, row: int) -> Queue:
        """Look at a flow's queue."""
        return queue_of(self.rolling, row, self.number, self.rolling.seconds / 60)

    def recently(self, row: int) -> str:
        """Say what a flow has done in the last 24 hours, and what it complained of last."""
        day = self.rolling.over_hours(row, self.number, 24)
        runs, n = day["started"], day["duration_n"]
        words = f"In the last 24 hours: {count(runs)} {plural('run', runs)}"
        words += f", {count(day['failed'])} failed"
        if n:
            words += f", {duration(math.exp(day['duration_sum'] / (n * SCALE)))} on average"
        if row in self.last_error:
            run_id, message = self.last_error[row]
            words += f'. Latest error (run {run_id}): "{message}"'
        if self.learning(np.array([row]))[0]:
            words += ". The flow is new and its ways are still being learned"
        return f"{words}."
