"""The open window of one flow: integer sums of what has happened in it so far.

Integers add up the same in any grouping, so the result cannot depend on where a batch ends.
Durations are summed as fixed-point natural logs of milliseconds, and squares of these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def log_units(milliseconds: float) -> int:
    """Return a duration as fixed-point log-milliseconds.

    >>> log_units(1.0), round(log_units(math.e) / SCALE, 6)
    (0, 1.0)
    """
    return round(math.log(max(milliseconds, SHORTEST_MS)) * SCALE)


class Accumulator:
    """Sums over one window of one flow.

    ``kind`` is ``events`` or ``window``: a window that was counted by its producer and single
    events of the same minute are never added up.
    """

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
    __slots__ = ("kind", *FIELDS)

    kind: Kind
    started: int
    succeeded: int
    failed: int
    partial: int
    cancelled: int
    warnings: int
    retries: int
    duration_n: int
    duration_sum: int
    duration_squares: int
    wait_n: int
    wait_sum: int
    wait_squares: int
    records_in: int
    records_out: int
    records_failed: int
    missing: int
    duplicates: int
    bytes: int
    depth: int
    oldest_age_s: int

    def __init__(self, kind: Kind) -> None:
        for name in self.FIELDS:
            setattr(self, name, 0)
        self.kind = kind
        self.missing = self.duplicates = self.depth = self.oldest_age_s = UNKNOWN
        if kind == "window":
            self.started = self.records_in = self.warnings = self.retries = UNKNOWN

    def took(self, milliseconds: float) -> None:
        """Add the duration of one run."""
        units = log_units(milliseconds)
        self.duration_n += 1
        self.duration_sum += units
        self.duration_squares += units * units // SCALE

    def waited(self, milliseconds: float) -> None:
        """Add the time one run spent in the queue."""
        units = log_units(milliseconds)
        self.wait_n += 1
        self.wait_sum += units
        self.wait_squares += units * units // SCALE

    def values(self) -> list[int]:
        """Return every sum, in the order of ``FIELDS``."""
        return [min(getattr(self, name), LARGEST) for name in self.FIELDS]

    @classmethod
    def of(cls, kind: Kind, values: Sequence[int]) -> Accumulator:
        """Make one from its values."""
        made = cls.__new__(cls)
        made.kind = kind
        for name, value in zip(cls.FIELDS, values, strict=True):
            setattr(made, name, value)
        return made


SILENT = tuple(Accumulator("events").values())
"""The sums of a window in which nothing was heard of a flow."""

COLUMN = {name: i for i, name in enumerate(Accumulator.FIELDS)}
"""Where each sum stands in a row of a matrix of closed windows."""
