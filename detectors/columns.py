"""What detectors are fed and what they answer: columns, one entry a flow.

Every array has shape ``(rows,)`` and dtype float64 unless said otherwise. NaN means unknown, which
is not zero: a flow whose producer never reports queue depth has NaN there and is not judged on it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Reals = Floats | Singles
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Windows(NamedTuple):
    """One closed window of several flows.

    Attributes
    ----------
    volume
        Runs started; for a flow that reports records but no runs, records in.
    finished, failed
        Runs that ended, and those of them that failed.
    partial, warnings, retries
        Runs that ended in part, warnings, retried runs.
    records
        Records in; NaN for a flow of which only they are known (they are its volume then).
    checked, missing
        Records whose attributes were checked, and those of them that lacked some.
    duplicates
        Records in whose key had come before.
    duration_count, duration_log
        Runs with a known duration, and the mean of its natural log in ms (NaN without any).
    wait_count, wait_log
        The same for the wait in the queue.
    queue_depth
        Runs waiting at the end of the window; NaN if unknown.
    overdue
        Minutes by which the oldest run that a schedule promised is late beyond its tolerance, at
        the end of the window: 0 if none is; NaN if no schedule is known.
    """

    volume: Floats
    finished: Floats
    failed: Floats
    partial: Floats
    warnings: Floats
    retries: Floats
    records: Floats
    checked: Floats
    missing: Floats
    duplicates: Floats
    duration_count: Floats
    duration_log: Floats
    wait_count: Floats
    wait_log: Floats
    queue_depth: Floats
    overdue: Floats


class Verdict(NamedTuple):
    """One signal of several flows in one window.

    Attributes
    ----------
    observed, expected, lower, upper
        Of the window itself, in the signal's unit; NaN where nothing was observed. ``lower`` and
        ``upper`` bound what is ordinary for a single window.
    score
        Above 1 is anomalous.
    evidence
        The uncalibrated strength behind the score, -log10 of a tail probability: what the failure
        score builds on.
    high
        Whether the score speaks of too much (True) or too little (False).
    span
        Length in windows of the span that carried the score (int64).
    span_observed, span_expected
        The same quantities over that span, for words such as "12 in 15 minutes instead of 160".
    """

    observed: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    evidence: Floats
    high: Bools
    span: Ints
    span_observed: Floats
    span_expected: Floats


def or_zero(column: Floats) -> Floats:
    """The column with 0 for what is unknown.

    >>> or_zero(np.array([1.0, np.nan]))
    array([1., 0.])
    """
    return np.where(np.isnan(column), 0.0, column)


def unknown(rows: int) -> Verdict:
    """Give the verdict on what was not observed: no score."""
    nothing, zero = np.full(rows, np.nan), np.zeros(rows)
    high, span = np.ones(rows, np.bool_), np.ones(rows, np.int64)
    return Verdict(nothing, nothing, nothing, nothing, zero, zero, high, span, nothing, nothing)


def stronger(one: Verdict, other: Verdict) -> Verdict:
    """Of two verdicts on the same rows the one with the higher score, row by row."""
    second = other.score > one.score
    if not second.any():
        return one
    return Verdict(*(np.where(second, b, a) for a, b in zip(one, other, strict=True)))


def spread(some: NDArray[Any], of: Bools, blank: float) -> NDArray[Any]:
    """Make a column of some rows, those where ``of`` is true, one of all; ``blank`` elsewhere."""
    whole = np.full((*some.shape[:-1], len(of)), blank, some.dtype)
    whole[..., of] = some
    return whole


def spread_out(verdict: Verdict, of: Bools) -> Verdict:
    """Make a verdict of some rows, those where ``of`` is true, one of all; unknown elsewhere."""
    blank = (column[0] for column in unknown(1))
    return Verdict(*(spread(column, of, b) for column, b in zip(verdict, blank, strict=True)))


def one_of(verdict: Verdict, series: int, each: int) -> Verdict:
    """The verdict on one of several series ``each`` flow has side by side."""
    return Verdict._make(column[series::each] for column in verdict)
