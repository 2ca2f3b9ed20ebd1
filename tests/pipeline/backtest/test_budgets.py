from __future__ import annotations

import math
from pathlib import Path

import pytest

from detectors.calibration import threshold
from pipeline.backtest.budgets import Budgets
from pipeline.backtest.tally import Tally
from pipeline.engine.emissions import FlowKey
from pipeline.settings import EngineSettings
from pipeline.worker.backtest import EngineLog
from tests.make import MONDAY, window
from tests.pipeline.backtest.make import ORDERS, STOCK, closed
from tests.pipeline.replay.recording import bare, replayed, write

ENGINE = EngineSettings()


def minutes(budgets: Budgets, budget: float) -> list[int]:
    return [(onset.start - MONDAY) // 60 for onset in budgets.onsets[budget]]


def test_a_score_is_measured_by_the_threshold_of_each_budget():
    budgets = Budgets(ENGINE, [0.25, 2])
    strict, generous = (threshold(b) / threshold(1.0) for b in (0.25, 2))
    for minute, score in ((100, generous + 0.01), (200, 1.01), (300, strict + 0.01)):
        budgets.add(closed(minute, volume=score))

    assert minutes(budgets, 2) == [100, 200, 300]
    assert minutes(budgets, 1) == [200, 300]
    assert minutes(budgets, 0.25) == [300]


def test_an_alert_goes_on_until_calm_has_lasted():
    budgets = Budgets(ENGINE, [])
    for minute in (0, 30, 60, 91):
        budgets.add(closed(minute, volume=1.5))

    assert minutes(budgets, 1) == [0, 91]


def test_lateness_by_a_schedule_counts_at_every_budget():
    budgets = Budgets(ENGINE, [0.05])
    budgets.add(closed(0, volume=0.0, silence=1.2, overdue=3))

    assert minutes(budgets, 0.05) == [0]


def test_slow_changes_cannot_be_counted_at_a_budget_far_below_the_engines_own():
    budgets = Budgets(ENGINE, [0.05, 0.5, 2])

    assert [b for b in budgets.budgets if budgets.cut_off(b)] == [0.05]


def test_the_strongest_signal_of_its_first_window_names_an_alert():
    budgets = Budgets(ENGINE, [])
    budgets.add(closed(0, [ORDERS, STOCK], volume=[1.1, 0.0], errors=[1.4, 2.0]))

    found = [(onset.flow, onset.signal) for onset in budgets.onsets[1]]
    assert found == [(ORDERS, "errors"), (STOCK, "errors")]


def test_windows_before_the_start_only_set_the_stage():
    budgets = Budgets(ENGINE, [], since=MONDAY + 60 * 10)
    budgets.add(closed(5, volume=1.5))
    budgets.add(closed(15, volume=1.5))
    budgets.add(closed(99, volume=1.5))

    assert minutes(budgets, 1) == [99]
    assert budgets.days(ORDERS) == pytest.approx(2 / 1440)


def test_a_flow_is_judged_from_when_it_is_old_enough():
    budgets = Budgets(ENGINE, [])
    for minute in range(20):
        budgets.add(closed(minute, learning=minute < 15, volume=0.0))

    assert budgets.weeks(ORDERS) == pytest.approx(5 / 10_080)
    assert budgets.days(ORDERS) == pytest.approx(20 / 1440)


def test_a_flow_that_comes_later_is_counted_from_then_on():
    budgets = Budgets(ENGINE, [])
    budgets.add(closed(0, [ORDERS], volume=1.5))
    budgets.add(closed(1, [STOCK, ORDERS], volume=[1.5, 1.5]))

    assert [onset.flow for onset in budgets.onsets[1]] == [ORDERS, STOCK]
    assert budgets.flows == [ORDERS, STOCK]


async def test_at_its_own_budget_the_count_is_the_engines_own(tmp_path: Path):
    """Spikes with failures, after three days of learning: near each other, and apart."""
    trouble = {4000, 4010, 4100, 4101, 4250}
    events = []
    for minute in range(4300):
        n = 30 + round(5 * math.sin(minute))
        started, failed = (3 * n, n) if minute in trouble else (n, int(minute % 17 == 0))
        runs = {"started": started, "succeeded": started - failed, "failed": failed}
        events.append(bare(window(MONDAY + 60 * minute, runs=runs)))
    budgets = Budgets(ENGINE, [0.5, 2])
    tally = Tally(budgets, lambda _: None)
    await replayed(write(tmp_path / "history.jsonl", events), EngineLog(ENGINE, tally.see))

    alerts = [
        (FlowKey(a.tenant, a.flow_id), a.starts_at.timestamp(), a.signal) for a in tally.alerts
    ]
    assert len(alerts) >= 2
    assert budgets.onsets[1] == alerts
    assert len(budgets.onsets[0.5]) <= len(alerts) <= len(budgets.onsets[2])
