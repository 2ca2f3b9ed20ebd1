"""Windows that still take events, and how a closed one becomes columns for the detectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Floats, Windows
from pipeline.engine.accumulator import COLUMN, SCALE, SILENT, Accumulator, Kind
from pipeline.engine.flows import Flows, Rows

Sums = NDArray[np.int64]


class MixedWindowError(ValueError):
    """A producer's own window and single events (or two windows) claim the same minute."""


class OpenWindows:
    """The open windows of every flow, by window number and row."""

    def __init__(self) -> None:
        self._open: dict[int, dict[int, Accumulator]] = {}

    def at(self, number: int, row: int, kind: Kind) -> Accumulator:
        """Return the open window of a flow, begun if need be.

        Raises
        ------
        MixedWindowError
            If the window is already counted in the other way, or already given as a whole.
        """
        by_row = self._open.get(number)
        if by_row is None:
            by_row = self._open[number] = {}
        window = by_row.get(row)
        if window is None:
            window = by_row[row] = Accumulator(kind)
        elif kind == "window" or window.kind != kind:
            counted = "given as a whole" if window.kind == "window" else "counted from events"
            raise MixedWindowError(f"this window of the flow is already {counted}")
        return window

    def close(self, number: int, rows: Rows) -> Sums:
        """Take the windows of some flows out; return their sums, shape (rows, fields)."""
        sums = np.tile(np.array(SILENT, dtype=np.int64), (len(rows), 1))
        by_row = self._open.get(number)
        if by_row:
            for i, row in enumerate(rows.tolist()):
                window = by_row.pop(row, None)
                if window is not None:
                    sums[i] = window.values()
            if not by_row:
                del self._open[number]
        return sums

    def earliest(self, rows: Rows, otherwise: int) -> int:
        """Return the number of the first window that some flows have open."""
        here = set(rows.tolist())
        numbers = (number for number, by_row in self._open.items() if not here.isdisjoint(by_row))
        return min(numbers, default=otherwise)

    def __len__(self) -> int:
        return sum(len(by_row) for by_row in self._open.values())

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "open": [
                [number, row, window.kind, window.values()]
                for number, by_row in sorted(self._open.items())
                for row, window in sorted(by_row.items())
            ]
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._open = {}
        for number, row, kind, values in state["open"]:
            self._open.setdefault(number, {})[row] = Accumulator.of(kind, values)


LEAST_WAIT = math.log(1_000)
"""Waits of less than a second are no wait; below that their logarithm would be mostly noise."""


def columns(sums: Sums, rows: Rows, flows: Flows, overdue: Floats) -> Windows:
    """Turn the sums of closed windows into what the detectors read."""

    def known(name: str) -> Floats:
        return np.maximum(sums[:, COLUMN[name]], 0).astype(np.float64)

    def told(name: str) -> Floats:
        values = sums[:, COLUMN[name]]
        return np.where(values >= 0, values, np.nan).astype(np.float64)

    def mean_log(total: str, count: str) -> Floats:
        n = sums[:, COLUMN[count]]
        unit = np.where(n > 0, n * SCALE, 1).astype(np.float64)
        return np.where(n > 0, sums[:, COLUMN[total]] / unit, np.nan)

    here = rows.tolist()
    by_runs = np.array([flows.reports_runs[row] for row in here], dtype=bool)
    by_records = by_runs & np.array([flows.reports_records[row] for row in here], dtype=bool)
    checked = np.where(sums[:, COLUMN["missing"]] >= 0, told("records_in"), np.nan)
    return Windows(
        volume=np.where(by_runs, told("started"), told("records_in")),
        finished=known("succeeded") + known("failed") + known("partial"),
        failed=known("failed"),
        partial=known("partial"),
        warnings=told("warnings"),
        retries=told("retries"),
        records=np.where(by_records, told("records_in"), np.nan),
        checked=checked,
        missing=told("missing"),
        duplicates=told("duplicates"),
        duration_count=known("duration_n"),
        duration_log=mean_log("duration_sum", "duration_n"),
        wait_count=known("wait_n"),
        wait_log=np.maximum(mean_log("wait_sum", "wait_n"), LEAST_WAIT),
        queue_depth=told("depth"),
        overdue=overdue,
    )
