"""Volume: a busy flow that tells of more than counts may stray for two minutes."""

from __future__ import annotations

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

    def __init__(self, *, patient: bool, usual: float = USUAL) -> None:
        self.volume = Volume(Width(60))
        self.volume.reserve(1)
        self._patient = np.array([patient])
        self._minute = 0
        for count in np.random.default_rng(1).poisson(usual, 2 * 1440):
            self.pass_minute(count)

    def pass_minute(self, count: float) -> np.ndarray:
        """Return the evidence of too many and too few."""
        return self.judge(count).evidence()[:2]

    def judge(self, count: float) -> Counts:
        when = (np.array([self._minute % 10_080]), np.array([(self._minute + 5) % 10_080]))
        self._minute += 1
        return self.volume.step(ROW, np.array([float(count)]), when, self._patient)


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
