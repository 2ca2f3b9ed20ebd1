"""Faults: each kind changes what it should, when it should, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.simulator.faults import Fault, FaultKind, afflict
from pipeline.simulator.retailer import FLOWS
from pipeline.simulator.traffic import Traffic, traffic

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
FIRST = int(NOON.timestamp()) // 60 - 240
MINUTES = np.arange(FIRST, FIRST + 600)
DURING, AFTER = slice(240, 300), slice(300, 330)
CALM = traffic(FLOWS[0], MINUTES, np.random.default_rng(1))

COUNTS = {"succeeded", "failed", "retries", "records_in", "records_out", "missing", "queue_depth"}
CHANGES: dict[FaultKind, tuple[float, set[str]]] = {
    "stop": (1.0, COUNTS),
    "drop": (0.5, COUNTS),
    "latency step": (2.0, {"duration_log"}),
    "latency creep": (3.0, {"duration_log"}),
    "error burst": (0.4, {"succeeded", "failed", "records_out"}),
    "retry storm": (2.0, COUNTS - {"queue_depth"}),
    "backlog": (0.5, COUNTS - {"failed"}),
}


def suffered(kind: FaultKind, start: datetime = NOON, minutes: int = 60) -> Traffic:
    fault = Fault(kind, FLOWS[0].flow_id, start, minutes, CHANGES[kind][0], "a test")
    return afflict(CALM, MINUTES, [fault], np.random.default_rng(2))


@pytest.mark.parametrize("kind", CHANGES)
def test_a_fault_changes_only_its_own_columns(kind: FaultKind):
    changed = {
        name
        for name, before, after in zip(Traffic._fields, CALM, suffered(kind), strict=True)
        if (before != after).any()
    }
    assert changed <= CHANGES[kind][1]
    assert changed >= CHANGES[kind][1] - {"missing", "retries"}


@pytest.mark.parametrize("kind", CHANGES)
def test_nothing_changes_outside_a_fault(kind: FaultKind):
    outside = np.ones(600, dtype=bool)
    outside[DURING] = False
    if kind == "backlog":
        outside[AFTER] = False  # what waited still has to run
    for before, after in zip(CALM, suffered(kind), strict=True):
        np.testing.assert_array_equal(before[outside], after[outside])


@pytest.mark.parametrize("kind", CHANGES)
def test_the_traffic_before_the_fault_is_not_touched(kind: FaultKind):
    before = [column.copy() for column in CALM]
    suffered(kind)
    for kept, column in zip(before, CALM, strict=True):
        np.testing.assert_array_equal(kept, column)


def test_a_stop_leaves_no_run():
    stopped = suffered("stop").part(DURING)
    assert all(not column.any() for column in (stopped.started, stopped.records_in))
    assert CALM.part(DURING).started.sum() > 500


def test_a_drop_leaves_the_share_that_is_not_dropped():
    left = suffered("drop").part(DURING).started.sum() / CALM.part(DURING).started.sum()
    assert left == pytest.approx(0.5, abs=0.05)


def test_a_latency_step_multiplies_durations_from_its_first_minute():
    longer = suffered("latency step").duration_log - CALM.duration_log
    np.testing.assert_allclose(longer[DURING], np.log(2))


def test_a_latency_creep_grows_to_its_factor():
    longer = (suffered("latency creep").duration_log - CALM.duration_log)[DURING]
    assert (np.diff(longer) > 0).all()
    assert longer[0] < 0.05
    assert longer[-1] == pytest.approx(np.log(3))


def test_an_error_burst_fails_runs_but_does_not_change_how_many_there_are():
    burst = suffered("error burst")
    np.testing.assert_array_equal(burst.started, CALM.started)
    failing = burst.part(DURING).failed.sum() / burst.part(DURING).started.sum()
    assert failing == pytest.approx(0.4, abs=0.05)


def test_a_retry_storm_adds_failing_retries():
    storm, calm = suffered("retry storm").part(DURING), CALM.part(DURING)
    added = storm.started.sum() - calm.started.sum()
    assert added == pytest.approx(2 * calm.started.sum(), rel=0.1)
    assert storm.retries.sum() - calm.retries.sum() == added
    assert storm.failed.sum() - calm.failed.sum() > 0.85 * added


def test_a_backlog_grows_while_it_lasts_and_drains_within_half_an_hour():
    depth = suffered("backlog").queue_depth - CALM.queue_depth
    assert (np.diff(depth[DURING]) >= 0).all()
    assert depth[299] > 200
    assert (np.diff(depth[AFTER]) <= 0).all()
    assert depth[329] == 0


def test_no_run_is_lost_in_a_backlog():
    assert suffered("backlog").started.sum() == CALM.started.sum()


def test_a_backlog_that_outlasts_the_world_is_still_waiting_at_its_end():
    late = suffered("backlog", NOON + timedelta(minutes=330))
    held = CALM.started.sum() - late.started.sum()
    assert held > 0
    assert late.queue_depth[-1] - CALM.queue_depth[-1] == held


def test_a_fault_that_began_before_the_first_minute_is_felt_from_there_on():
    early = suffered("stop", NOON - timedelta(minutes=270))
    assert early.started[:30].sum() == 0
    np.testing.assert_array_equal(early.started[30:], CALM.started[30:])
