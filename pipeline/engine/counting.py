"""How each kind of event counts in the open window of its flow."""

from __future__ import annotations

from datetime import datetime

from pipeline.engine.accumulator import SCALE, UNKNOWN, Accumulator
from pipeline.engine.runs import Runs
from schemas.events import LogDuration
from schemas.structs import FlowRun, FlowWindow

_OUTCOME = {
    "success": "succeeded",
    "failure": "failed",
    "partial_success": "partial",
    "stopped": "cancelled",
}


def count_run(window: Accumulator, runs: Runs, flow: str, run: FlowRun, at: float) -> bool:
    """Count one seen state of a run; return whether it told anything new.

    A run first heard of at its end counts as started there too: volume is not lost because a
    collector looks seldom.
    """
    if run.state == "queued":
        return True
    if run.state == "running":
        if not runs.start(flow, run.run_id, at):
            return False
        _count_start(window, run)
        return True
    news, started = runs.end(flow, run.run_id)
    if not news:
        return False
    if started is None:
        _count_start(window, run)
    _count_end(window, run, at if started is None else started, at)
    return True


def _count_start(window: Accumulator, run: FlowRun) -> None:
    window.started += 1
    if run.retry_of_run_id is not None:
        window.retries += 1
    if run.queued_at is not None and run.started_at is not None:
        window.waited(_ms(run.queued_at, run.started_at))


def _count_end(window: Accumulator, run: FlowRun, started: float, at: float) -> None:
    outcome = _OUTCOME[run.state]
    setattr(window, outcome, getattr(window, outcome) + 1)
    if run.has_warnings:
        window.warnings += 1
    if run.duration_ms is not None:
        window.took(run.duration_ms)
    elif run.started_at is not None and run.finished_at is not None:
        window.took(_ms(run.started_at, run.finished_at))
    elif started < at:
        window.took((at - started) * 1000.0)
    window.records_in += run.records_in or 0
    window.records_out += run.records_out or 0
    window.records_failed += run.records_failed or 0
    window.bytes += run.payload_bytes or 0


def _ms(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0) * 1000.0


def count_window(window: Accumulator, given: FlowWindow) -> None:
    """Take over a window that its producer has counted."""
    runs, records, queue = given.runs, given.records, given.queue
    if runs is not None:
        outcomes = (runs.succeeded, runs.failed, runs.partial, runs.cancelled)
        window.succeeded, window.failed, window.partial, window.cancelled = (
            n or 0 for n in outcomes
        )
        ended = UNKNOWN if all(n is None for n in outcomes) else sum(n or 0 for n in outcomes)
        window.started = ended if runs.started is None else runs.started
    window.warnings, window.retries = _told(given.warnings), _told(given.retries)
    if given.duration is not None:
        sums = _log_sums(given.duration)
        window.duration_n, window.duration_sum, window.duration_squares = sums
    if given.queue_wait is not None:
        window.wait_n, window.wait_sum, window.wait_squares = _log_sums(given.queue_wait)
    if records is not None:
        window.records_in = _told(records.in_)
        window.missing = _told(records.missing_attributes)
        window.records_out, window.records_failed = records.out or 0, records.failed or 0
        window.duplicates = _told(records.duplicates)
    window.bytes = given.bytes or 0
    if queue is not None:
        window.depth = queue.depth
        window.oldest_age_s = UNKNOWN if queue.oldest_age_s is None else round(queue.oldest_age_s)


def _told(count: int | None) -> int:
    return UNKNOWN if count is None else count


def _log_sums(logs: LogDuration) -> tuple[int, int, int]:
    mean = round(logs.mean_log_ms * SCALE)
    squares = round((logs.var_log_ms + logs.mean_log_ms**2) * SCALE)
    return logs.count, mean * logs.count, squares * logs.count
