"""The plan: every kind of fault, apart from each other, the first one early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from pipeline.simulator.faults import Fault, FaultKind
from pipeline.simulator.plan import FULL_HOURS, plan
from pipeline.simulator.retailer import FLOWS

START = datetime(2026, 3, 3, 8, tzinfo=UTC)
END = START + timedelta(hours=FULL_HOURS)


def drawn(seed: int, end: datetime = END) -> tuple[Fault, ...]:
    return plan(START, end, np.random.default_rng(seed))


SEEDS = pytest.mark.parametrize("seed", range(20))


@SEEDS
def test_every_kind_of_fault_happens(seed: int):
    assert {fault.kind for fault in drawn(seed)} == set(get_args(FaultKind))


@SEEDS
def test_the_first_fault_comes_within_half_an_hour(seed: int):
    first = drawn(seed)[0]
    assert timedelta(minutes=10) <= first.start - START <= timedelta(minutes=30)


@SEEDS
def test_each_fault_has_a_flow_to_itself_and_quiet_before_the_next(seed: int):
    faults = drawn(seed)
    assert len({fault.flow_id for fault in faults}) == len(faults)
    assert {fault.flow_id for fault in faults} <= {flow.flow_id for flow in FLOWS}
    assert all(one.end + timedelta(minutes=60) < two.start for one, two in pairwise(faults))


@SEEDS
def test_a_stopped_schedule_stops_before_its_run_is_due(seed: int):
    (payouts,) = (fault for fault in drawn(seed) if fault.flow_id.startswith("payouts"))
    due = datetime(2026, 3, 4, 2, 10, tzinfo=UTC)
    assert payouts.start < due < payouts.end


def test_a_seed_decides_the_plan():
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_short_live_part_keeps_only_the_faults_that_end_an_hour_before_it():
    faults = drawn(1, START + timedelta(hours=5))
    assert [fault.kind for fault in faults] == ["stop", "error burst"]


def test_faults_that_make_runs_fail_say_what_the_runs_say():
    for fault in drawn(1):
        assert bool(fault.error) == (fault.kind in {"error burst", "retry storm"})
