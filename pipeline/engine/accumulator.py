"""The open window of one flow: integer sums of what has happened in it so far.

Integers add up the same in any grouping, so the result cannot depend on where a batch ends.
Durations are summed as fixed-point natural logs of milliseconds, and squares of these.
"""

from __future__ import annotations

import math
from typing import Literal

SCALE = 1 << 20
"""Units of a log-millisecond: a resolution of one in a million of the duration itself."""

SHORTEST_MS = 1e-3
"""Durations below a microsecond are taken for one: zero has no logarithm."""

LARGEST = 1 << 62
"""Sums stop here rather than overflow a 64-bit column: only a hostile producer gets this far."""

UNKNOWN = -1
"""What a count holds that nobody has told: unknown, which is not zero."""

Kind = Literal["events", "window"]
"""A window that was counted by its producer and single events are never added up."""

Cells = memoryview
"""The sums of one window: as many 64-bit integers as there are fields, in their order."""

FIELDS = (
    "started",
    "succeeded",
    "failed",
    "partial",
    "cancelled",
    "warnings",
    "retries",
    "duration_n",
    "duration_sum",
    "duration_squares",
    "wait_n",
    "wait_sum",
    "wait_squares",
    "records_in",
    "records_out",
    "records_failed",
    "missing",
    "duplicates",
    "bytes",
    "depth",
    "oldest_age_s",
)
"""What is summed up, column by column."""

COLUMN = {name: i for i, name in enumerate(FIELDS)}
"""Where each sum stands in a row of a matrix of windows."""

(
    STARTED,
    SUCCEEDED,
    FAILED,
    PARTIAL,
    CANCELLED,
    WARNINGS,
    RETRIES,
    DURATION,
    _,
    _,
    WAIT,
    _,
    _,
    RECORDS_IN,
    RECORDS_OUT,
    RECORDS_FAILED,
    MISSING,
    DUPLICATES,
    BYTES,
    DEPTH,
    OLDEST_AGE_S,
) = range(len(FIELDS))
"""The same as numbers; of durations and waits it is the first of three (number, sum, squares)."""


def _begun(*unknown: str) -> tuple[int, ...]:
    return tuple(UNKNOWN if name in unknown else 0 for name in FIELDS)


SILENT = _begun("missing", "duplicates", "depth", "oldest_age_s")
"""The sums of a window in which nothing was heard of a flow."""

UNTOLD = _begun(
    *("missing", "duplicates", "depth", "oldest_age_s"),
    *("started", "records_in", "warnings", "retries"),
)
"""The sums of a window that its producer counts, before it has told anything."""


def log_units(milliseconds: float) -> int:
    """Return a duration as fixed-point log-milliseconds.

    >>> log_units(1.0), round(log_units(math.e) / SCALE, 6)
    (0, 1.0)
    """
    return round(math.log(max(milliseconds, SHORTEST_MS)) * SCALE)


def add_log(window: Cells, first: int, milliseconds: float) -> None:
    """Add a duration to the three sums from column ``first`` on (``DURATION`` or ``WAIT``)."""
    units = log_units(milliseconds)
    window[first] += 1
    window[first + 1] += units
    window[first + 2] += units * units // SCALE
