from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.real.petshop import Component, Scenario, read
from benchmarks.real.series import Series
from tests.benchmarks.real.corpus import MONDAY, iso, table

SECONDS = 300
END = MONDAY + 100 * SECONDS


def component(**peaks: float) -> Component:
    """Two hundred windows of silence, but for latency: ``component(w120=3.0)``."""
    score = np.zeros(200)
    for window, value in peaks.items():
        score[int(window[1:])] = value
    series = Series("PetSite", MONDAY, SECONDS, {"volume": np.ones(200)})
    return Component(series, {"volume": np.zeros(200), "latency": score})


def scenario(*components: Component) -> Scenario:
    start = MONDAY + 120 * SECONDS + 70  # within window 120
    fault = {"start": iso(start), "end": iso(start + 600), "settled": iso(start + 1000)}
    return Scenario("high_traffic", components, END, [fault])


def found(*components: Component, signal: str = "latency") -> tuple[bool, int]:
    outcome = scenario(*components).outcome(signal, np.array([1.0]))
    return bool(outcome.found[0, 0]), int(outcome.normal[0])


@pytest.mark.parametrize("window", ["w120", "w122"])
def test_an_issue_is_found_by_an_onset_in_a_window_that_it_touches(window: str):
    assert found(component(**{window: 2.0})) == (True, 0)


@pytest.mark.parametrize("window", ["w119", "w123"])
def test_an_issue_is_not_found_before_or_after_it(window: str):
    assert found(component(**{window: 2.0})) == (False, 0)


def test_any_component_will_do():
    assert found(component(), component(w121=2.0)) == (True, 0)


def test_false_alarms_are_those_of_the_normal_hours_at_all_components():
    assert found(component(w50=2.0), component(w60=2.0), component(w150=2.0)) == (False, 2)


def test_onsets_between_issues_are_told_apart_but_for_the_first_hour_and_while_settling():
    peaks = component(w105=2.0, w115=2.0, w123=2.0, w150=2.0)

    assert scenario(peaks).outcome("latency", np.array([1.0])).between.tolist() == [2]


def test_an_issue_is_found_by_the_signal_that_shows_it():
    assert found(component(w121=2.0), signal="volume") == (False, 0)
    assert found(component(w121=2.0), signal="any") == (True, 0)


def test_the_listed_components_are_read_as_the_columns_of_the_detectors(tmp_path: Path):
    heading = "timestamp,requests,errors,latency_mean_ms,label"
    rows = [f"{iso(MONDAY)},10,2,100.0,0", f"{iso(MONDAY + SECONDS)},0,,,0"]
    table(tmp_path / "PetSite.csv", heading, rows)
    table(tmp_path / "DynamoDB_AWS__DynamoDB.csv", heading, rows)
    (tmp_path / "faults.json").write_text(json.dumps({}))

    (series,) = read(tmp_path)
    columns = series.columns
    assert series.name == "PetSite"
    np.testing.assert_array_equal(columns["volume"], [10, 0])
    np.testing.assert_array_equal(columns["failed"], [2, 0])
    np.testing.assert_array_equal(columns["duration_count"], [10, 0])
    np.testing.assert_allclose(columns["duration_log"], [np.log(100), np.nan])
