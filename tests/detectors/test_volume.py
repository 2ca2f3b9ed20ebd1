"""Volume: a busy flow that tells of more than counts may stray for two minutes."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import numpy as np
import pytest

from detectors.counts import Counts
from detectors.state import Rows
from detectors.volume import Volume
from detectors.width import Width

ROW = Rows.of(np.array([0]))
USUAL = 50.0
ALARMING = 8.0


class Flow:
    """A flow of about fifty runs a minute, watched for two days."""

    def __init__(self, *, patient: bool, usual: float = USUAL, taught: bool = True) -> None:
        self.volume = (
            deepcopy(_taught(patient=patient, usual=usual)) if taught else Volume(Width(60))
        )
        self.volume.reserve(1)
        self._patient = np.array([patient])
        self._minute = 2 * 1440 if taught else 0

    def pass_minute(self, count: float) -> np.ndarray:
        """Return the evidence of too many and too few."""
        return self.judge(count).evidence()[:2]

    def judge(self, count: float) -> Counts:
        when = (np.array([self._minute % 10_080]), np.array([(self._minute + 5) % 10_080]))
        self._minute += 1
        return self.volume.step(ROW, np.array([float(count)]), when, self._patient)


@cache
def _taught(*, patient: bool, usual: float) -> Volume:
    flow = Flow(patient=patient, taught=False)
    for count in np.random.default_rng(1).poisson(usual, 2 * 1440):
        flow.pass_minute(count)
    return flow.volume


@pytest.mark.parametrize("count", [0.0, 3 * USUAL])
def test_two_stray_minutes_are_passed_over_and_a_third_is_not(count: float) -> None:
    flow = Flow(patient=True)
    assert flow.pass_minute(count).max() < ALARMING
    assert flow.pass_minute(count).max() < ALARMING
    assert flow.pass_minute(count).max() > ALARMING


def test_a_pause_and_the_peak_after_it_are_two_stray_minutes() -> None:
    flow = Flow(patient=True)
    assert max(flow.pass_minute(count).max() for count in (0, 2 * USUAL, USUAL)) < ALARMING


def test_what_is_told_of_a_span_is_what_was_seen() -> None:
    flow = Flow(patient=True)
    judged = [flow.judge(0) for _ in range(5)][-1]
    assert judged.spans[2] == 5
    assert judged.seen[2, 0] == 0


@pytest.mark.parametrize("count", [0.0, 3 * USUAL])
def test_counts_alone_are_judged_by_every_minute(count: float) -> None:
    assert Flow(patient=False).pass_minute(count).max() > ALARMING


def test_a_sparse_flow_is_judged_by_every_minute() -> None:
    assert Flow(patient=True, usual=3).pass_minute(40).max() > ALARMING


class Hourly(Flow):
    """A batch of fifty runs five minutes past every hour, watched for two days."""

    def __init__(self) -> None:
        super().__init__(patient=False, usual=0)
        for _ in range(2 * 24):
            self.pass_hour()

    def pass_hour(self, *, late: int = 0, runs: float = USUAL) -> np.ndarray:
        """Return the most evidence there was in an hour of too many and too few."""
        counts = np.zeros(60)
        counts[5 + late] = runs
        return np.max([self.pass_minute(count) for count in counts], axis=0)


def test_a_batch_may_come_a_minute_late_and_in_time_again() -> None:
    flow = Hourly()
    usual = flow.pass_hour()
    assert flow.pass_hour(late=1) == pytest.approx(usual, abs=1)
    assert flow.pass_hour() == pytest.approx(usual, abs=1)


def test_a_batch_that_comes_half_an_hour_late_or_twice_is_told() -> None:
    assert Hourly().pass_hour(late=30)[0] > ALARMING
    assert Hourly().pass_hour(runs=4 * USUAL)[0] > ALARMING


def test_a_batch_that_does_not_come_is_seen_within_the_hour() -> None:
    flow = Hourly()
    assert flow.pass_hour(runs=0)[1] > 5
