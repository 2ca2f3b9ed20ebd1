from __future__ import annotations

import json
import math
from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.accumulator import (
    COLUMN,
    DURATION,
    FIELDS,
    SCALE,
    SILENT,
    UNKNOWN,
    UNTOLD,
    add_log,
    log_units,
)
from pipeline.engine.counting import count_run, count_window
from pipeline.engine.runs import Runs
from schemas.decode import decode_event
from tests.make import MONDAY, iso, run, window


class Counted:
    """The sums of a window, by name."""

    def __init__(self, begun: Sequence[int]) -> None:
        self.cells = memoryview(array("q", begun))

    def __getattr__(self, name: str) -> int:
        return self.cells[COLUMN[name]]


def counted(*events: dict, at: float = MONDAY) -> Counted:
    window, runs = Counted(SILENT), Runs(3600)
    for event in events:
        count_run(window.cells, runs, 0, decode_event(json.dumps(event).encode()).data, at)
    return window


def given_window(**data: object) -> Counted:
    made = Counted(UNTOLD)
    count_window(made.cells, decode_event(json.dumps(window(MONDAY, **data)).encode()).data)
    return made


def test_a_run_seen_running_and_ended_counts_once_as_started_and_once_as_ended() -> None:
    w = counted(run(MONDAY, "running", run_id="r"), run(MONDAY, "success", run_id="r"))
    assert (w.started, w.succeeded, w.failed) == (1, 1, 0)


def test_a_run_first_seen_at_its_end_counts_as_started_too() -> None:
    assert counted(run(MONDAY, "failure")).started == 1


@pytest.mark.parametrize(
    ("state", "field"),
    [
        ("success", "succeeded"),
        ("failure", "failed"),
        ("partial_success", "partial"),
        ("stopped", "cancelled"),
    ],
)
def test_each_outcome_has_its_count(state: str, field: str) -> None:
    assert getattr(counted(run(MONDAY, state)), field) == 1


def test_a_queued_run_has_not_started() -> None:
    assert counted(run(MONDAY, "queued")).started == 0


def test_a_run_that_ends_twice_keeps_its_first_outcome() -> None:
    w = counted(run(MONDAY, "success", run_id="r"), run(MONDAY, "failure", run_id="r"))
    assert (w.succeeded, w.failed, w.started) == (1, 0, 1)


def test_a_retry_and_a_warning_are_counted() -> None:
    w = counted(run(MONDAY, "success", retry_of_run_id="r0", has_warnings=True))
    assert (w.retries, w.warnings) == (1, 1)


def test_the_duration_given_counts_before_the_one_from_timestamps() -> None:
    times = {"started_at": iso(MONDAY), "finished_at": iso(MONDAY + 10)}
    assert counted(run(MONDAY, duration_ms=100, **times)).duration_sum == log_units(100)
    assert counted(run(MONDAY, **times)).duration_sum == log_units(10_000)


def test_without_either_the_duration_runs_from_the_state_running() -> None:
    window, runs = Counted(SILENT), Runs(3600)
    for at, state in ((MONDAY, "running"), (MONDAY + 2, "success")):
        data = decode_event(json.dumps(run(at, state, run_id="r")).encode()).data
        count_run(window.cells, runs, 0, data, at)
    assert window.duration_sum == log_units(2000)


def test_the_wait_in_the_queue_is_taken_at_the_start() -> None:
    w = counted(run(MONDAY, "running", queued_at=iso(MONDAY - 30), started_at=iso(MONDAY)))
    assert (w.wait_n, w.wait_sum) == (1, log_units(30_000))


def test_a_clock_that_runs_backwards_makes_no_negative_duration() -> None:
    w = counted(run(MONDAY, started_at=iso(MONDAY + 5), finished_at=iso(MONDAY)))
    assert (w.duration_n, w.duration_sum) == (1, log_units(0))


def test_a_window_keeps_unknown_apart_from_zero() -> None:
    w = given_window(runs={"started": 0})
    assert (w.started, w.records_in, w.missing, w.depth) == (0, UNKNOWN, UNKNOWN, UNKNOWN)


def test_runs_started_are_those_that_ended_where_only_outcomes_are_given() -> None:
    assert (
        given_window(runs={"succeeded": 5, "failed": 1, "partial": 1, "cancelled": 1}).started == 8
    )


def test_a_window_without_runs_says_nothing_of_them() -> None:
    assert given_window(records={"in": 4}).started == UNKNOWN


def test_a_window_carries_the_sums_its_means_stand_for() -> None:
    w = given_window(duration={"count": 10, "mean_log_ms": 6.0, "var_log_ms": 0.5})
    assert w.duration_n == 10
    assert w.duration_sum == 60 * SCALE
    assert w.duration_squares / SCALE == pytest.approx(10 * 36.5)


def test_the_largest_window_allowed_fits_a_64_bit_column() -> None:
    extreme = {"count": 10**9, "mean_log_ms": 30.0, "var_log_ms": 1000.0}
    sums = given_window(duration=extreme, queue_wait=extreme, bytes=10**12)
    assert sums.duration_squares > 10**18  # and an array of 64 bits has taken it


@given(st.lists(st.floats(0.01, 1e7), min_size=1, max_size=30), st.integers(0, 30))
def test_sums_do_not_depend_on_how_events_are_grouped(durations: list[float], cut: int) -> None:
    def add(values: list[float]) -> list[int]:
        window = Counted(SILENT)
        for value in values:
            add_log(window.cells, DURATION, value)
        return window.cells[DURATION : DURATION + 3].tolist()

    parts = zip(add(durations[:cut]), add(durations[cut:]), strict=True)
    assert [a + b for a, b in parts] == add(durations)


@given(st.floats(1e-3, 1e12))
def test_a_duration_survives_fixed_point_to_a_millionth(milliseconds: float) -> None:
    assert math.exp(log_units(milliseconds) / SCALE) == pytest.approx(milliseconds, rel=1e-6)


def test_silence_is_no_runs_and_nothing_known_of_the_queue() -> None:
    silent = dict(zip(FIELDS, SILENT, strict=True))
    assert (silent["started"], silent["records_in"], silent["depth"]) == (0, 0, UNKNOWN)
