"""What the companies of the stand-in did, however and whenever one asks."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.past import MINUTE, Past

from .conftest import START

NOON = round(1000 * START.timestamp())
HOUR = 60 * MINUTE


@pytest.fixture(scope="module")
def past() -> Past:
    past = Company.draw(START, history_hours=0.5, live_hours=4.0).past
    past.reach(NOON + 4 * HOUR)
    return past


def test_runs_are_in_order_and_no_id_comes_twice(past: Past):
    started = [run.started for run in past.runs]
    assert started == sorted(started)
    assert len(past.by_id) == len(past.runs) > 20_000


def test_every_run_waits_then_runs_then_ends(past: Past):
    assert all(run.queued <= run.started <= run.finished for run in past.runs)


def test_every_outcome_occurs(past: Past):
    assert Counter(run.outcome for run in past.runs).keys() == {2, 3, 4, 5}


def test_or_only_those_of_the_scenario(past: Past):
    plain = Past(past.scenario, mixed=False)
    plain.reach(NOON + HOUR)
    assert {run.outcome for run in plain.runs} == {2, 3}
    assert not any(run.warned for run in plain.runs)


def test_however_it_is_asked_for_it_is_the_same(past: Past):
    again = Company.draw(START, history_hours=0.5, live_hours=4.0).past
    for now in range(NOON - HOUR, NOON + 4 * HOUR, 17_000):
        again.reach(now)
    assert again.runs == past.runs[: len(again.runs)]


def test_a_retry_names_a_run_that_failed_before_it(past: Past):
    retries = [run for run in past.runs if run.retry_of]
    assert retries
    for retry in retries:
        origin = past.by_id[retry.retry_of]
        assert origin.outcome != 2
        assert (retry.trigger, retry.flow.id) == ("Retry", origin.flow.id)


def test_nothing_happens_after_the_end(past: Past):
    runs = len(past.runs)
    past.reach(NOON + 9 * HOUR)
    assert len(past.runs) == runs


def test_the_queue_at_the_end_of_a_minute_is_as_deep_as_it_was_drawn():
    past = Company.draw(START, history_hours=0.5, live_hours=1.0).past
    for minute in range(10, 80):
        now = NOON - HOUR // 2 + (minute + 1) * MINUTE - 1
        past.reach(now)
        waiting = Counter(job.flow.profile.flow_id for job in past.queue(now))
        for flow, traffic in zip(past.flows.values(), past.scenario.traffic, strict=True):
            assert waiting[flow.profile.flow_id] == traffic.queue_depth[minute]


def test_a_backlog_shows_in_the_queue_and_is_worked_off():
    company = Company.draw(START, history_hours=0.5, live_hours=14.0)
    past = company.past
    [backlog] = [fault for fault in past.scenario.faults if fault.kind == "backlog"]
    peak = round(1000 * backlog.end.timestamp()) - 1
    past.reach(peak)
    held = [job for job in past.queue(peak) if job.flow.profile.flow_id == backlog.flow_id]
    past.reach(peak + HOUR)
    left = [job for job in past.queue(peak + HOUR) if job in held]
    assert len(held) > 100
    assert left == []


def test_a_business_key_comes_in_as_its_run_starts_and_goes_out_as_it_ends(past: Past):
    passed = list(past.tracked(NOON, NOON + 10 * MINUTE))
    assert [one.at for one in passed] == sorted(one.at for one in passed)
    assert {one.direction for one in passed} == {"Receive", "Send"}
    for one in passed:
        assert one.at == (one.run.started if one.direction == "Receive" else one.run.finished)


def test_companies_share_no_id():
    pasts = [
        Company.draw(START, number=n, history_hours=0.1, live_hours=1.0).past for n in range(2)
    ]
    for past in pasts:
        past.reach(NOON)
    first, second = pasts
    assert not first.by_id.keys() & second.by_id.keys()
    assert not first.flows.keys() & second.flows.keys()


def test_so_many_runs_a_minute_as_were_asked_for():
    past = Company.draw(START, history_hours=0.1, live_hours=1.0, runs_per_minute=500).past
    past.reach(NOON + 20 * MINUTE)
    first_quarter = len(past.started(NOON, NOON + 15 * MINUTE)) / 15
    assert np.isclose(first_quarter, 500, rtol=0.1)
