"""What an alert quotes besides its evidence: the flow's last day, and its latest error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.engine.accumulator import SCALE
from pipeline.engine.explain import count, duration, plural
from pipeline.engine.rolling import WINDOWS, Rolling
from schemas.signals import SignalName


@dataclass(frozen=True, slots=True)
class Memory:
    """Recent sums and errors of a partition's flows, as of window ``number``."""

    rolling: Rolling
    number: int
    last_error: Mapping[int, tuple[str, str]]

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
        return f"{words}."
