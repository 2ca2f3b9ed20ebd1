"""The failure forecast: what it counts, when it speaks, and what it remembers."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from detectors.failure import ENOUGH, Failure
from detectors.failure_model import FEATURES, IN_WORDS, LASTING, RECENT, FailureModel
from detectors.state import Rows

ROW = Rows.of(np.array([0]))
SYMPTOMS = len(RECENT)


@pytest.fixture
def failure() -> Failure:
    failure = Failure()
    failure.reserve(1)
    return failure


def spend(failure: Failure, minutes: range, *, failed: float = 0.0, severity: float = 0.0) -> None:
    for minute in minutes:
        failure.look_ahead(ROW, np.array([minute % 10_080]))
        ended = np.array([[failed], [4.0]])
        failure.observe(ROW, np.full((SYMPTOMS, 1), severity), ended, np.array([False]))


def test_one_long_failure_counts_once(failure: Failure) -> None:
    spend(failure, range(60))
    spend(failure, range(60, 120), failed=4.0)
    spend(failure, range(120, 130))
    assert failure.model.failures == 1


def test_failures_half_an_hour_apart_count_each(failure: Failure) -> None:
    for start in (0, 120, 240):
        spend(failure, range(start, start + 90))
        spend(failure, range(start + 90, start + 120), failed=4.0)
    spend(failure, range(360, 370))
    assert failure.model.failures == 3


def test_nothing_is_foretold_of_a_flow_that_is_failing(failure: Failure) -> None:
    spend(failure, range(60))
    assert failure.calm(ROW).all()
    spend(failure, range(60, 70), failed=4.0)
    assert not failure.calm(ROW).any()


def test_the_score_is_silent_until_enough_failures_were_seen(failure: Failure) -> None:
    spend(failure, range(60), severity=8.0)
    assert failure.forecast(ROW).verdict(5.0).score[0] == 0
    failure.model.failures = ENOUGH
    assert failure.forecast(ROW).verdict(5.0).score[0] > 0


def test_reasons_are_words_for_what_was_seen(failure: Failure) -> None:
    assert failure.reasons(0) == ()
    severity = np.zeros((SYMPTOMS, 1))
    severity[4] = 6.0
    failure.look_ahead(ROW, np.array([0]))
    failure.observe(ROW, severity, np.zeros((2, 1)), np.array([False]))
    failure.look_ahead(ROW, np.array([5]))
    assert failure.reasons(0)[0] == "slow runs in the last 15 minutes"
    assert len(IN_WORDS) == len(FEATURES)


def test_probabilities_are_those_of_the_river_pipeline() -> None:
    model, evidence = FailureModel(), np.abs(np.random.default_rng(1).normal(size=(12, 40)))
    model.learn(evidence, failed=True)
    ours = model.probability(model.logit_above_base(evidence))
    for column, p in zip(evidence.T.tolist(), ours, strict=True):
        theirs = model.pipeline.predict_proba_one(dict(zip(RECENT + LASTING, column, strict=True)))
        assert p == pytest.approx(theirs[True])


def test_a_restored_model_learns_on_the_same_to_the_bit() -> None:
    evidence = np.abs(np.random.default_rng(2).normal(size=(12, 30)))
    original, restored = FailureModel(), FailureModel()
    original.learn(evidence, failed=False)
    restored.restore(original.state())
    for model in (original, restored):
        model.learn(evidence[:, ::-1], failed=True)
    for name, array in original.state().items():
        assert np.array_equal(array, restored.state()[name]), name


def test_learning_does_not_depend_on_the_hash_seed_of_the_process() -> None:
    """River keeps weights in dictionaries; sums over them must not follow the order of a hash."""
    code = (
        "import numpy as np; from detectors.failure_model import FailureModel; m = FailureModel();"
        "e = np.abs(np.random.default_rng(0).normal(size=(12, 50)));"
        "m.learn(e, failed=False); m.learn(e[:, :9], failed=True); print(m.weights.tobytes().hex())"
    )
    weights = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(weights) == 1
