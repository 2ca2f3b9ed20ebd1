"""What becomes of warnings, and the level that follows from it."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.state import Rows
from detectors.track_record import HIGHEST, LOWEST, NOT_FAILED, OUTCOMES, START, TrackRecord

ROW = Rows.of(np.array([0]))
HORIZON, GRACE = 30, 15


@pytest.fixture
def record() -> TrackRecord:
    record = TrackRecord(1 / 10_080, HORIZON, GRACE)
    record.reserve(1)
    return record


def spend(record: TrackRecord, windows: int, probability: float, began: int = NOT_FAILED) -> None:
    """Some windows with one forecast; in the last a failure may be found. NaN is not judged."""
    for window in range(windows):
        found = began if window == windows - 1 else NOT_FAILED
        record.watch(ROW, np.array([probability]) / record.level, np.array([found]))


def test_a_warning_that_a_failure_follows_is_true_and_has_its_lead(record: TrackRecord) -> None:
    spend(record, 20, 0.9)
    spend(record, 1, np.nan, began=5)
    assert (record.lead, record.confidence) == (15, 1)


def test_a_warning_is_false_once_no_failure_can_follow(record: TrackRecord) -> None:
    spend(record, 1, 0.9)
    spend(record, HORIZON + GRACE, 0.01)
    assert np.isnan(record.confidence)
    spend(record, 1, 0.01)
    assert record.confidence == 0
    assert np.isnan(record.lead)


def test_a_warning_that_stands_for_ever_is_false_again_and_again(record: TrackRecord) -> None:
    level = record.level
    spend(record, 1000, 0.9)
    assert record.confidence == 0
    assert record.level > level


def test_a_warning_after_the_failure_began_is_no_merit(record: TrackRecord) -> None:
    spend(record, 3, 0.9, began=5)
    assert np.isnan(record.confidence)


@pytest.mark.parametrize("budget", [0.5, 2.0])
def test_false_warnings_keep_to_the_budget(budget: float) -> None:
    """Forecasts of noise, all wrong: the level rises until they come as seldom as was asked."""
    flows, weeks = 50, 6
    record = TrackRecord(budget / 10_080, HORIZON, GRACE)
    record.reserve(flows)
    rng, rows = np.random.default_rng(1), Rows.of(np.arange(flows))
    none, false = np.full(flows, NOT_FAILED), 0
    for window in range(weeks * 10_080):
        opened = record.since[:flows] == -1
        record.watch(rows, rng.beta(0.5, 30, flows) / record.level, none)
        false += int((opened & (record.since[:flows] == 0)).sum()) if window >= 10_080 else 0
    assert false / (flows * (weeks - 1)) == pytest.approx(budget, rel=0.2)


def test_the_level_stays_within_reason(record: TrackRecord) -> None:
    assert record.level == pytest.approx(START)
    spend(record, 30_000, 0.97)
    assert record.level == pytest.approx(HIGHEST, rel=1e-3)
    calm = TrackRecord(1.0, HORIZON, GRACE)
    calm.reserve(1)
    spend(calm, 100, 0.0)
    assert calm.level == pytest.approx(LOWEST, rel=1e-3)


def test_time_in_which_nothing_is_said_earns_no_budget(record: TrackRecord) -> None:
    spend(record, 5000, np.nan)
    assert record.level == pytest.approx(START)


def test_only_the_latest_warnings_are_remembered(record: TrackRecord) -> None:
    for _ in range(OUTCOMES + 20):
        spend(record, 11, 0.99, began=0)
    assert len(record.pooled()["leads"]) == OUTCOMES
