"""NAB's rules, on series small enough to do the sums by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.nab.corpus import Series
from benchmarks.nab.scorer import PROFILES, Scorer, probation

ROWS = 40  # of which the first six are probation
STANDARD = PROFILES["standard"]


def series(*windows: tuple[int, int]) -> Series:
    return Series("made/up.csv", [str(i) for i in range(ROWS)], [0.0] * ROWS, windows)


def alarms(*rows: int) -> list[np.ndarray]:
    scores = np.zeros(ROWS)
    scores[list(rows)] = 1.0
    return [scores]


@pytest.fixture
def scorer() -> Scorer:
    return Scorer([series((20, 29))])


def score(scorer: Scorer, *rows: int, profile: str = "standard") -> float:
    return scorer.score(alarms(*rows), 0.5, PROFILES[profile])


def test_no_alarm_is_worth_nothing(scorer: Scorer) -> None:
    assert score(scorer) == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_an_alarm_at_the_left_edge_is_worth_all(scorer: Scorer, profile: str) -> None:
    assert score(scorer, 20, profile=profile) == pytest.approx(100)


def test_a_later_alarm_in_the_window_is_worth_less(scorer: Scorer) -> None:
    def sigmoid(y: float) -> float:
        return 2 / (1 + math.exp(5 * y)) - 1

    last = sigmoid(-0.1) / sigmoid(-1)

    assert score(scorer, 29) == pytest.approx(100 * (last + 1) / 2)


def test_the_earliest_alarm_of_a_window_counts_and_others_are_free(scorer: Scorer) -> None:
    assert score(scorer, 22, 25, 29) == score(scorer, 22)


def test_every_row_of_a_false_alarm_costs(scorer: Scorer) -> None:
    assert score(scorer, 10) == pytest.approx(100 * -0.11 / 2)
    assert score(scorer, 10, 11, 12) == pytest.approx(3 * 100 * -0.11 / 2)
    assert score(scorer, 10, profile="low_fp") == pytest.approx(100 * -0.22 / 2)
    assert score(scorer, 10, profile="low_fn") == pytest.approx(100 * -0.11 / 3)


def test_an_alarm_just_after_a_window_costs_less(scorer: Scorer) -> None:
    one_row_late = 2 / (1 + math.exp(5 / 9)) - 1

    assert score(scorer, 30) == pytest.approx(100 * 0.11 * one_row_late / 2)


def test_probation_does_not_count(scorer: Scorer) -> None:
    assert probation(ROWS) == 6
    assert score(scorer, 0, 5) == 0
    assert score(scorer, 6) < 0


def test_a_series_without_windows_only_costs() -> None:
    both = Scorer([series((20, 29)), series()])

    found = both.score([*alarms(20), *alarms(10)], 0.5, STANDARD)

    assert found == pytest.approx(100 - 100 * 0.11 / 2)


def test_the_best_threshold_is_the_one_that_scores_best() -> None:
    scores = np.zeros(ROWS)
    scores[[10, 20, 12]] = 0.2, 0.6, 0.8
    scorer = Scorer([series((20, 29))])

    best = scorer.best([scores], STANDARD)

    assert best.threshold == 0.6
    assert best.score == pytest.approx(scorer.score([scores], 0.6, STANDARD))
    assert best.score == pytest.approx(100 - 100 * 0.11 / 2)


def test_a_detector_that_only_errs_is_best_without_alarms(scorer: Scorer) -> None:
    assert scorer.best(alarms(8, 9), STANDARD).score == 0


def _made_up(rng: np.random.Generator) -> list[Series]:
    starts = rng.integers(1000, 2000, 40).tolist()
    rows = [str(i) for i in range(2500)]
    return [
        Series(f"made/{i}.csv", rows, [0.0] * 2500, [(s, s + 99)]) for i, s in enumerate(starts)
    ]


def test_always_on_and_random_controls_score_near_zero() -> None:
    rng = np.random.default_rng(7)
    corpus = _made_up(rng)
    scorer = Scorer(corpus)

    always = scorer.best([np.ones(2500) for _ in corpus], STANDARD)
    random = scorer.best([rng.random(2500) for _ in corpus], STANDARD)

    assert always.score == 0
    assert 0 <= random.score < 10
