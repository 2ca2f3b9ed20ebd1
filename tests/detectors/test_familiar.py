"""Rates and how often they were seen, in two bytes."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.familiar import OFTEN, keep, rates, visits

RATES = np.logspace(-2, 8, 500)


@pytest.mark.parametrize(("seen", "to"), [(1, 4e-3), (OFTEN - 1, 4e-3), (OFTEN, 6e-4), (255, 6e-4)])
def test_a_rate_is_kept_the_finer_the_more_familiar_it_is(seen: int, to: float) -> None:
    kept = keep(RATES, np.full(len(RATES), seen))
    assert rates(kept) == pytest.approx(RATES, rel=to)
    assert set(visits(kept).tolist()) == {min(seen, OFTEN)}


def test_a_familiar_rate_follows_a_small_change() -> None:
    """By a tenth of a difference of two percent, again and again: rounding must not hold it up."""
    rate, goal = np.full(1, 20.0), 20.4
    for _ in range(100):
        rate = rates(keep(rate + 0.1 * (goal - rate), np.full(1, OFTEN))).astype(np.float64)
    assert rate == pytest.approx(goal, rel=6e-3)


def test_nothing_seen_is_nothing() -> None:
    assert rates(keep(np.zeros(2), np.array([0, OFTEN]))).tolist() == [0, 0]
