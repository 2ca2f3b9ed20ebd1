from __future__ import annotations

import numpy as np
import pytest

from benchmarks.errors.worlds import DAY, LIMIT, Life, alarms, bursts, poisson, shift
from detectors.errors.mix import Mix

HOUR = 3600


def usual(days: int = 20, a_day: int = 24, classes: int = 2) -> Mix:
    """A mix that has seen some classes in turn, at even distances."""
    mix = Mix()
    for n in range(days * a_day):
        mix.judge(n * 86_400 // a_day, {n % classes: 1}, LIMIT)
    return mix


def test_a_class_seldom_seen_that_takes_over_is_found_and_named() -> None:
    mix = usual()
    found = mix.judge(20 * 86_400, {5: 12}, LIMIT)
    assert found is not None
    assert (found.key, found.observed) == (5, 12)
    assert found.expected < 1
    assert found.evidence > LIMIT


@pytest.mark.parametrize("errors", [1, 2, 3])
def test_a_few_errors_are_no_shift(errors: int) -> None:
    found = usual().judge(20 * 86_400, {5: errors}, LIMIT)
    assert found is not None
    assert found.evidence < LIMIT


def test_more_errors_of_the_usual_classes_are_no_shift() -> None:
    found = usual().judge(20 * 86_400, {0: 500, 1: 500}, LIMIT)
    assert found is not None
    assert found.evidence < LIMIT / 2


def test_nothing_is_said_before_the_usual_is_known() -> None:
    assert usual(days=3).judge(3 * 86_400, {5: 50}, LIMIT) is None


def test_what_takes_over_does_not_become_usual_within_two_days() -> None:
    mix = usual()
    for hour in range(48):
        found = mix.judge(20 * 86_400 + hour * HOUR, {5: 10}, LIMIT)
    assert found is not None
    assert found.evidence > LIMIT


def test_errors_that_come_in_bursts_raise_an_alarm_in_ten_weeks_at_most() -> None:
    raised, weeks = 0, 0
    for seed in range(6):
        life, errors = Life(), bursts(np.random.default_rng(seed), days=56)
        raised += len(alarms((m, shift(j)) for m, j in life.live(errors)))
        weeks += 8
    assert raised / weeks <= 0.1


def test_a_sixth_of_many_errors_in_a_class_of_few_is_found_within_an_hour() -> None:
    rng = np.random.default_rng(1)
    share = 1 / np.arange(1, 13) ** 1.2
    kinds = rng.choice(12, size=30_000, p=share / share.sum()).tolist()
    errors = dict(poisson(rng, 30, 500, lambda n, _: kinds[n]))
    start = 28 * DAY
    for minute in range(start, start + 360, 5):  # 12 an hour beside 21 others
        errors.setdefault(minute, []).append(11)
    raised = alarms((m, shift(j)) for m, j in Life().live(errors))
    assert len(raised) == 1
    assert start < raised[0] <= start + 60


def test_a_mix_taken_up_again_has_the_same_future() -> None:
    original, restored = usual(days=9), Mix()
    restored.restore(original.state())
    for n in range(100):
        now = 9 * 86_400 + 4000 * n
        assert restored.judge(now, {n % 3: 2}, LIMIT) == original.judge(now, {n % 3: 2}, LIMIT)
    assert restored.state() == original.state()
