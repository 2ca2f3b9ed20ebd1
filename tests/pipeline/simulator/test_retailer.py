"""The retailer: a dozen flows, each with its rhythm and schedule."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.simulator.failures import failure_summary
from pipeline.simulator.retailer import FLOWS, OFFICE, SHOP, WAREHOUSE, Cadence, Rhythm

MONDAY = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) // 60
DAY = np.arange(MONDAY, MONDAY + 1440)
SATURDAY = DAY + 5 * 1440


def test_there_are_a_dozen_flows_each_with_an_id_and_a_name_of_its_own():
    assert len(FLOWS) == 12
    assert len({flow.flow_id for flow in FLOWS}) == len({flow.name for flow in FLOWS}) == 12


def test_a_flow_is_named_after_the_systems_it_joins():
    for flow in FLOWS:
        assert flow.name.endswith(f": {flow.source} to {flow.target}")


def test_every_target_system_has_its_own_way_to_fail():
    texts = {failure_summary(flow.target, np.random.default_rng(1)) for flow in FLOWS}
    assert all(texts)
    with pytest.raises(KeyError):
        failure_summary("Fax", np.random.default_rng(1))


@pytest.mark.parametrize("rhythm", [SHOP, WAREHOUSE, OFFICE])
def test_a_rhythm_has_mean_one_over_a_weekday_and_never_falls_to_nothing(rhythm: Rhythm):
    day = rhythm.at(DAY)
    assert day.mean() == pytest.approx(1.0)
    assert 0.02 < day.min() < 0.35


def test_a_shop_is_busiest_at_lunch_and_in_the_evening():
    hours = SHOP.at(DAY).reshape(24, 60).mean(axis=1)
    assert hours[[12, 20]].min() > hours[[9, 16, 23]].max() > 3 * hours[3]


def test_the_weekend_is_the_weekday_times_a_factor():
    np.testing.assert_allclose(OFFICE.at(SATURDAY), OFFICE.weekend * OFFICE.at(DAY))


def test_a_rhythm_runs_on_over_midnight_without_a_jump():
    late = Rhythm(peaks=((23.5, 1.0, 1.0),), night_floor=0.1, weekend=1.0)
    before, after = late.at(np.array([MONDAY + 1439, MONDAY + 1440]))
    assert before == pytest.approx(after, rel=0.02)


@pytest.mark.parametrize(
    ("cadence", "ticks"),
    [
        (Cadence(every=5), 288),
        (Cadence(every=15), 96),
        (Cadence(every=60, offset=5), 24),
        (Cadence(every=1440, offset=130), 1),
    ],
)
def test_a_cadence_ticks_as_often_as_it_says(cadence: Cadence, ticks: int):
    assert len(cadence.ticks(DAY)) == ticks


def test_a_nightly_cadence_ticks_at_its_time_of_the_day():
    (tick,) = Cadence(every=1440, offset=130).ticks(DAY)
    assert datetime.fromtimestamp(60 * tick, UTC).strftime("%H:%M") == "02:10"
