"""How each kind of event counts in the open window of its flow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pipeline.engine.accumulator import (
    BYTES,
    CANCELLED,
    DEPTH,
    DUPLICATES,
    DURATION,
    FAILED,
    MISSING,
    OLDEST_AGE_S,
    PARTIAL,
    RECORDS_FAILED,
    RECORDS_IN,
    RECORDS_OUT,
    RETRIES,
    SCALE,
    STARTED,
    SUCCEEDED,
    UNKNOWN,
    WAIT,
    WARNINGS,
    Cells,
    add_log,
)
from pipeline.engine.runs import Runs
from schemas.events import LogDuration
from schemas.structs import FlowRun, FlowWindow

OUTCOME: Mapping[str, int] = {
    "success": SUCCEEDED,
    "failure": FAILED,
    "partial_success": PARTIAL,
    "stopped": CANCELLED,
}
"""Where each state in which a run ends is counted."""

AMOUNTS: Mapping[str, int] = {
    "records_in": RECORDS_IN,
    "records_out": RECORDS_OUT,
    "records_failed": RECORDS_FAILED,
    "payload_bytes": BYTES,
}
"""What a run that has ended says it moved, and where that is summed up."""


def count_run(window: Cells, runs: Runs, row: int, run: FlowRun, at: float) -> bool:
    """Count one seen state of a run; return whether it told anything new.

    A run first heard of at its end counts as started there too: volume is not lost because a
    collector looks seldom.
    """
    if run.state == "queued":
        return True
    if run.state == "running":
        if not runs.start(row, run.run_id, at):
            return False
        _count_start(window, run)
        return True
    news, started = runs.end(row, run.run_id)
    if not news:
        return False
    if started is None:
        _count_start(window, run)
    _count_end(window, run, started, at)
    return True


def _count_start(window: Cells, run: FlowRun) -> None:
    window[STARTED] += 1
    if run.retry_of_run_id is not None:
        window[RETRIES] += 1
    waited = wait_of(run)
    if waited is not None:
        add_log(window, WAIT, waited)


def _count_end(window: Cells, run: FlowRun, started: float | None, at: float) -> None:
    window[OUTCOME[run.state]] += 1
    if run.has_warnings:
        window[WARNINGS] += 1
    took = duration_of(run, started, at)
    if took is not None:
        add_log(window, DURATION, took)
    window[RECORDS_IN] += run.records_in or 0
    window[RECORDS_OUT] += run.records_out or 0
    window[RECORDS_FAILED] += run.records_failed or 0
    window[BYTES] += run.payload_bytes or 0


def wait_of(run: FlowRun) -> float | None:
    """Return milliseconds that a run spent in the queue, if it says so."""
    if run.queued_at is None or run.started_at is None:
        return None
    return _ms(run.queued_at, run.started_at)


def duration_of(run: FlowRun, started: float | None, at: float) -> float | None:
    """Return milliseconds that a run took: as it says itself, or else from its states.

    ``started`` and ``at`` are when its states running (None if it was not) and ended were seen.
    """
    if run.duration_ms is not None:
        return run.duration_ms
    if run.started_at is not None and run.finished_at is not None:
        return _ms(run.started_at, run.finished_at)
    return (at - started) * 1000.0 if started is not None and started < at else None


def _ms(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0) * 1000.0


def count_window(window: Cells, given: FlowWindow) -> None:
    """Take over a window that its producer has counted."""
    runs, records, queue = given.runs, given.records, given.queue
    if runs is not None:
        outcomes = (runs.succeeded, runs.failed, runs.partial, runs.cancelled)
        for column, n in zip((SUCCEEDED, FAILED, PARTIAL, CANCELLED), outcomes, strict=True):
            window[column] = n or 0
        ended = UNKNOWN if all(n is None for n in outcomes) else sum(n or 0 for n in outcomes)
        window[STARTED] = ended if runs.started is None else runs.started
    window[WARNINGS], window[RETRIES] = _told(given.warnings), _told(given.retries)
    if given.duration is not None:
        _take_logs(window, DURATION, given.duration)
    if given.queue_wait is not None:
        _take_logs(window, WAIT, given.queue_wait)
    if records is not None:
        window[RECORDS_IN] = _told(records.in_)
        window[MISSING] = _told(records.missing_attributes)
        window[RECORDS_OUT], window[RECORDS_FAILED] = records.out or 0, records.failed or 0
        window[DUPLICATES] = _told(records.duplicates)
    window[BYTES] = given.bytes or 0
    if queue is not None:
        take_depth(window, queue.depth, queue.oldest_age_s)


def take_depth(window: Cells, depth: int, oldest_age_s: float | None) -> None:
    """Note how long the flow's queue is; the last word in a window counts."""
    window[DEPTH] = depth
    window[OLDEST_AGE_S] = UNKNOWN if oldest_age_s is None else round(oldest_age_s)


def _told(count: int | None) -> int:
    return UNKNOWN if count is None else count


def _take_logs(window: Cells, first: int, logs: LogDuration) -> None:
    mean = round(logs.mean_log_ms * SCALE)
    squares = round((logs.var_log_ms + logs.mean_log_ms**2) * SCALE)
    window[first] = logs.count
    window[first + 1] = mean * logs.count
    window[first + 2] = squares * logs.count
