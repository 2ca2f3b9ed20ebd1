from __future__ import annotations

import numpy as np
import pytest

from benchmarks.real.series import Series
from benchmarks.real.watch import loudest, watch
from tests.benchmarks.real.corpus import MONDAY

HOURS = 52
"""Long enough to be judged in the last."""


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    values = np.random.default_rng(5).poisson(40.0, HOURS * 60).astype(float)
    values[-60:] = 0
    return values


def series(values: np.ndarray, minutes: int = 0) -> Series:
    return Series("a", MONDAY + 60 * minutes, 60, {"volume": values})


def test_a_series_is_scored_the_same_beside_others_that_begin_and_end_elsewhere(
    counts: np.ndarray,
):
    (alone,) = watch([series(counts)], 5.0)
    beside = watch([series(counts[:999], 700), series(counts), series(counts[:50], -90)], 5.0)[1]

    np.testing.assert_array_equal(beside["volume"], alone["volume"])
    assert alone["volume"][-60:].max() > 1


def test_a_missing_window_is_passed_over_and_scores_nothing(counts: np.ndarray):
    gappy = counts.copy()
    gappy[-300:-200] = np.nan
    (scores,) = watch([series(gappy)], 5.0)

    assert np.isnan(scores["volume"][-300:-200]).all()
    assert not (scores["volume"][-400:-80] > 1).any()


def test_the_loudest_signal_speaks_and_an_unwatched_window_stays_unknown():
    one, other = np.array([0.0, 2.0, np.nan]), np.array([1.0, 0.5, np.nan])

    np.testing.assert_array_equal(loudest({"volume": one, "errors": other}), [1, 2, np.nan])


def test_it_tells_how_far_it_is(counts: np.ndarray):
    told: list[float] = []
    watch([series(counts[:2500])], 5.0, told.append)

    assert told == [0.0, 0.4, 0.8]
