"""Traffic: what a flow does when nothing is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.simulator.retailer import FLOWS, FlowProfile
from pipeline.simulator.traffic import Traffic, traffic

TUESDAY = int(datetime(2026, 3, 3, tzinfo=UTC).timestamp()) // 60
TWO_WEEKS = np.arange(TUESDAY, TUESDAY + 14 * 1440)
BY_ID = {flow.flow_id: flow for flow in FLOWS}
ORDERS = BY_ID["orders-shopify-netsuite"]
PRICES = BY_ID["prices-netsuite-shopify"]
PAYOUTS = BY_ID["payouts-shopify-netsuite"]


def drawn(profile: FlowProfile, seed: int = 1) -> Traffic:
    return traffic(profile, TWO_WEEKS, np.random.default_rng(seed))


def test_the_same_seed_draws_the_same_traffic():
    for one, two in zip(drawn(ORDERS), drawn(ORDERS), strict=True):
        np.testing.assert_array_equal(one, two)


def test_another_seed_draws_other_traffic():
    assert (drawn(ORDERS).started != drawn(ORDERS, seed=2).started).any()


@pytest.mark.parametrize("profile", FLOWS, ids=lambda profile: profile.flow_id)
def test_counts_hang_together(profile: FlowProfile):
    flow = drawn(profile)
    assert (flow.started >= flow.failed).all()
    assert (flow.started >= flow.retries).all()
    assert (flow.records_in >= flow.records_out).all()
    assert (flow.records_in >= flow.started).all()
    assert (flow.records_in >= flow.missing).all()
    assert all((column >= 0).all() for column in flow if column.dtype == np.int64)
    assert np.isfinite(flow.duration_log).all()


@pytest.mark.parametrize("profile", FLOWS, ids=lambda profile: profile.flow_id)
def test_weekdays_have_about_the_mean_that_the_profile_names(profile: FlowProfile):
    days = drawn(profile).started.reshape(14, 1440).sum(axis=1)
    weekdays = days[[0, 1, 2, 3, 6, 7, 8, 9, 10, 13]]  # the first day is a Tuesday
    assert weekdays.mean() == pytest.approx(profile.runs_a_day, rel=0.1)


def test_webhook_minutes_vary_more_than_poisson():
    noon = drawn(ORDERS).started.reshape(14, 1440)[:, 700:760]
    within = noon.var(axis=1).mean()
    assert 1.1 * noon.mean() < within < 2.5 * noon.mean()


def test_scheduled_runs_start_on_their_tick_or_a_minute_later():
    flow = drawn(PRICES)
    hourly = (flow.started - flow.retries).reshape(-1, 60)
    assert hourly[:, 5:7].sum() == hourly.sum()
    late = (hourly[:, 6] > 0).mean()
    assert 0.03 < late < 0.2


def test_every_tick_brings_a_run():
    assert (drawn(PRICES).started.reshape(-1, 60).sum(axis=1) >= 1).all()
    assert (drawn(PAYOUTS).started.reshape(-1, 1440).sum(axis=1) == 1).all()


def test_runs_take_longer_under_load():
    flow, load = drawn(ORDERS), ORDERS.rhythm.at(TWO_WEEKS)
    busy, idle = load > np.quantile(load, 0.9), load < np.quantile(load, 0.1)
    assert flow.duration_log[busy].mean() > flow.duration_log[idle].mean() + 0.1


def test_failures_stay_near_the_error_rate():
    flow = drawn(ORDERS)
    rate = flow.failed.sum() / flow.started.sum()
    assert rate == pytest.approx(ORDERS.error_rate, rel=0.25)
