"""Silence: a gap is judged against the flow's own cadence, or against its schedule."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.silence import Rhythm, Silence
from detectors.state import Rows

ROW = Rows.of(np.array([0]))


def minute_of(silence: Silence, *, ran: bool, expected: float, overdue: float = np.nan) -> float:
    rhythm = Rhythm(
        np.array([expected]), np.array([60 * expected]), np.array([0.05]), np.zeros(1, bool)
    )
    minute = silence.age[:1] % (7 * 1440)
    quiet = silence.step(ROW, np.array([ran]), minute, rhythm, np.array([overdue]))
    return float(quiet.verdict(5.0).score[0])


def taught(runs: np.ndarray, expected: float) -> Silence:
    silence = Silence()
    silence.reserve(1)
    for ran in runs:
        minute_of(silence, ran=bool(ran), expected=expected)
    return silence


def minutes_to_alarm(silence: Silence, expected: float) -> int:
    return next(t for t in range(20_000) if minute_of(silence, ran=False, expected=expected) > 1)


def hourly() -> Silence:
    return taught(np.arange(5000) % 60 == 0, 1 / 60)


def by_chance() -> Silence:
    return taught(np.random.default_rng(4).random(5000) < 1 / 60, 1 / 60)


def test_a_timer_that_misses_a_run_is_missed() -> None:
    since = (5000 - 1) % 60
    assert 60 < since + minutes_to_alarm(hourly(), 1 / 60) < 75


def test_the_same_rate_by_chance_is_given_more_time() -> None:
    assert minutes_to_alarm(by_chance(), 1 / 60) > 3 * minutes_to_alarm(hourly(), 1 / 60)


def test_an_outage_does_not_teach_that_gaps_are_long() -> None:
    silence = hourly()
    before = silence.mean_square.copy()
    for t in range(3000):
        minute_of(silence, ran=t == 2999, expected=1 / 60)
    assert np.array_equal(silence.mean_square, before)


def test_long_gaps_that_come_again_and_again_are_learned() -> None:
    silence = taught(np.arange(5000) % 60 < 2, 2 / 60)
    silence.cadence.gaps.sure[:] = 0  # only the gaps' distribution counts here

    def alarms(gap: int) -> int:
        silence.cadence.strength[:] = 0
        scores = [minute_of(silence, ran=t == gap - 1, expected=2 / 60) for t in range(gap)]
        return int(max(scores) > 1)

    assert alarms(2000) == 1
    assert sum(alarms(2000) for _ in range(8)) >= 3
    assert sum(alarms(2000) for _ in range(8)) == 0


def test_a_dense_flow_is_left_to_volume() -> None:
    dense = taught(np.arange(5000) % 2 == 0, 5.0)
    assert all(minute_of(dense, ran=False, expected=5.0) == 0 for _ in range(100))


@pytest.mark.parametrize("late", [1.0, 10.0, 500.0])
def test_a_late_scheduled_run_is_anomalous_at_once_and_ever_more(late: float) -> None:
    silence = taught(np.zeros(1), 0.0)
    assert minute_of(silence, ran=False, expected=0.0, overdue=0.0) == 0
    score = minute_of(silence, ran=False, expected=0.0, overdue=late)
    assert 1 < score < minute_of(silence, ran=False, expected=0.0, overdue=2 * late)
