"""Windows that still take events, and how a closed one becomes columns for the detectors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Bools, Floats, Windows
from pipeline.engine.accumulator import (
    COLUMN,
    FIELDS,
    LARGEST,
    SCALE,
    SILENT,
    UNTOLD,
    Cells,
    Kind,
)
from pipeline.engine.flows import Flows, Rows

Sums = NDArray[np.int64]

_BITS = 30
"""Bits of a row in a key: a window number (below 2**32) and a row are one number of 63 bits."""
_ROW = (1 << _BITS) - 1
_SILENT: Sums = np.array(SILENT, dtype=np.int64)


class MixedWindowError(ValueError):
    """A producer's own window and single events (or two windows) claim the same minute."""


class OpenWindows:
    """The open windows of every flow, by window number and row.

    Each is a line of one matrix of sums. Lines that are free hold what a silent window holds.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._line: dict[int, int] = {}
        self._free: list[int] = []
        self._sums: Sums = np.zeros((0, len(FIELDS)), dtype=np.int64)
        self._given: Bools = np.zeros(0, dtype=bool)

    def at(self, number: int, row: int, kind: Kind) -> Cells:
        """Return the open window of a flow, begun if need be; to be written to at once.

        Raises
        ------
        MixedWindowError
            If the window is already counted in the other way, or already given as a whole.
        """
        line = self._line.get(number << _BITS | row)
        if line is None:
            line = self._begin(number << _BITS | row)
            if kind == "window":
                self._given[line], self._sums[line] = True, UNTOLD
        elif kind == "window" or self._given[line]:
            counted = "given as a whole" if self._given[line] else "counted from events"
            raise MixedWindowError(f"this window of the flow is already {counted}")
        return self._cells[line * len(FIELDS) : (line + 1) * len(FIELDS)]

    def lines(self, numbers: Rows, rows: Rows) -> Rows | None:
        """Return lines for `add`, of windows begun if need be; None if one is given as a whole."""
        keys, which = np.unique(numbers << _BITS | rows, return_inverse=True)
        known = keys.tolist()
        for key in [key for key in known if key not in self._line]:
            self._begin(key)
        lines = np.array(list(map(self._line.__getitem__, known)), dtype=np.int64)
        return None if self._given[lines].any() else lines[which]

    def add(self, lines: Rows, columns: int | Rows, amounts: int | Rows) -> None:
        """Add to sums, line by line; a line may come several times."""
        np.add.at(self._sums.reshape(-1), lines * len(FIELDS) + columns, amounts)

    def _begin(self, key: int) -> int:
        if not self._free:
            self._extend(max(2 * len(self._sums), 64))
        line = self._line[key] = self._free.pop()
        return line

    def _extend(self, size: int) -> None:
        have = len(self._sums)
        self._sums = np.concatenate([self._sums, np.tile(_SILENT, (size - have, 1))])
        self._given = np.concatenate([self._given, np.zeros(size - have, dtype=bool)])
        self._cells = self._sums.reshape(-1).data
        self._free += range(size - 1, have - 1, -1)

    def close(self, number: int, rows: Rows) -> Sums:
        """Take the windows of some flows out; return their sums, shape (rows, fields)."""
        sums = np.tile(_SILENT, (len(rows), 1))
        if not self._line:
            return sums
        keys = (number << _BITS | rows).tolist()
        lines = np.array([self._line.pop(key, -1) for key in keys], dtype=np.int64)
        sums[lines >= 0] = self._taken(lines[lines >= 0])
        return sums

    def _taken(self, lines: Rows) -> Sums:
        """Free some lines; return what they held."""
        sums: Sums = np.minimum(self._sums[lines], LARGEST)
        self._sums[lines], self._given[lines] = SILENT, False
        self._free += lines.tolist()
        return sums

    def earliest(self, rows: Rows, otherwise: int) -> int:
        """Return the number of the first window that some flows have open."""
        here = set(rows.tolist())
        numbers = (key >> _BITS for key in self._line if key & _ROW in here)
        return min(numbers, default=otherwise)

    def __len__(self) -> int:
        return len(self._line)

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        keys = sorted(self._line)
        lines = [self._line[key] for key in keys]
        return {
            "keys": np.array(keys, dtype=np.int64),
            "sums": np.minimum(self._sums[lines], LARGEST),
            "given": self._given[lines],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._reset()
        for key in state["keys"].tolist():
            self._begin(key)
        lines = list(self._line.values())
        self._sums[lines], self._given[lines] = state["sums"], state["given"]


def moved_windows(state: Mapping[str, Any], moved: Mapping[int, int]) -> dict[str, Any]:
    """Return the state of the windows of some rows alone, under the numbers they get."""
    numbers, rows = state["keys"] >> _BITS, state["keys"] & _ROW
    mine = np.isin(rows, list(moved))
    new = np.array([moved[row] for row in rows[mine].tolist()], dtype=np.int64)
    keys = numbers[mine] << _BITS | new
    return {"keys": keys, "sums": state["sums"][mine], "given": state["given"][mine]}


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

    by_runs = flows.reports_runs[rows]
    by_records = by_runs & flows.reports_records[rows]
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
