"""The failure forecast: what it counts, when it speaks, what it learns and remembers."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from detectors.calibration import WARM_UP
from detectors.columns import Verdict, Windows, unknown
from detectors.failure import ENOUGH, GRACE, Failure
from detectors.failure_model import PRIOR, SCALE, FailureModel, evidence
from detectors.state import Rows
from detectors.symptoms import SYMPTOMS
from schemas.signals import SignalName

ROW = Rows.of(np.array([0]))
RUNS = 4.0
BLOCK, HORIZON = 5, 30
DELAY = HORIZON + GRACE * BLOCK
"""Windows after which it is known what followed."""
OF_VERDICTS: tuple[SignalName, ...] = (
    "errors", "partial", "warnings", "retries", "missing", "duplicates", "latency", "wait",
    "volume", "backlog", "silence",
)  # fmt: skip


@pytest.fixture
def failure() -> Failure:
    return settled()


def settled() -> Failure:
    """One flow, watched for long enough to be judged."""
    failure = Failure()
    failure.reserve(1)
    failure.windows[:] = WARM_UP
    return failure


def spend(
    failure: Failure, minutes: int, *, failed: float = 0.0, slow: bool = False, runs: float = RUNS
) -> list[float]:
    """Some minutes; return the probabilities. Without runs the flow is found stopped at the end."""
    verdicts: dict[SignalName, Verdict] = dict.fromkeys(OF_VERDICTS, unknown(1))
    verdicts["latency"] = unknown(1)._replace(
        observed=np.array([2000.0 if slow else 1000.0]),
        expected=np.array([1000.0]),
        upper=np.array([1350.0]),
    )
    given = Windows(*np.full((len(Windows._fields), 1), np.nan))._replace(
        failed=np.array([failed]), finished=np.array([runs])
    )
    said = []
    for minute in range(minutes):
        found = runs == 0 and minute == minutes - 1
        verdicts["silence"] = unknown(1)._replace(score=np.array([2.0 if found else 0.0]))
        said.append(failure.step(ROW, given, verdicts))
    return [float(verdict.observed[0]) for verdict in said]


def score(failure: Failure) -> float:
    given = Windows(*np.full((len(Windows._fields), 1), np.nan))
    verdicts = dict.fromkeys(OF_VERDICTS, unknown(1))
    return float(failure.step(ROW, given, verdicts).score[0])


def test_one_long_failure_counts_once(failure: Failure) -> None:
    spend(failure, 60)
    spend(failure, 60, failed=RUNS)
    spend(failure, 10)
    assert failure.model.failures == 1


def test_failures_half_an_hour_apart_count_each(failure: Failure) -> None:
    for _ in range(3):
        spend(failure, 90)
        spend(failure, 30, failed=RUNS)
    spend(failure, 10)
    assert failure.model.failures == 3


def test_nothing_is_foretold_of_a_flow_that_is_failing(failure: Failure) -> None:
    assert not np.isnan(spend(failure, 60)).any()
    spend(failure, BLOCK, failed=RUNS)
    assert np.isnan(spend(failure, HORIZON)).all()
    assert not np.isnan(spend(failure, 10)[-1])


def test_nothing_is_foretold_of_a_young_flow() -> None:
    failure = Failure()
    failure.reserve(1)
    assert np.isnan(spend(failure, 60, slow=True)).all()


def test_before_the_first_failure_the_prior_speaks(failure: Failure) -> None:
    calm, slow = spend(failure, 1)[0], spend(failure, 30, slow=True)[-1]
    shown = evidence(failure.strength[:, 0]).sum() / SCALE
    odds = np.exp(PRIOR * shown)
    assert shown > 1
    assert slow / (1 - slow) == pytest.approx(odds * calm / (1 - calm))


def test_the_score_is_silent_until_enough_failures_were_seen(failure: Failure) -> None:
    spend(failure, 60, slow=True)
    assert score(failure) == 0
    failure.model.failures = ENOUGH
    assert score(failure) > 0


def test_reasons_name_what_moved(failure: Failure) -> None:
    spend(failure, 10)
    assert failure.foresight(0).reasons == ()
    spend(failure, 10, slow=True)
    assert failure.foresight(0).reasons == ("slow runs",)


def test_what_failed_is_known_no_sooner_than_it_happened() -> None:
    """Two flows alike until one fails: up to then the same is said, and nothing learned."""
    fails, recovers = settled(), settled()
    for failure in (fails, recovers):
        spend(failure, 200, slow=True)
    before = fails.model.state()
    ours, theirs = spend(fails, BLOCK, failed=RUNS), spend(recovers, BLOCK)
    assert ours[:-1] == theirs[:-1]
    assert np.array_equal(before["squares"], recovers.model.state()["squares"])
    spend(fails, DELAY, failed=RUNS)
    assert fails.model.state()["weights"][6] > recovers.model.state()["weights"][6]
    assert SYMPTOMS[6] == "latency"


def test_examples_wait_until_it_is_known_what_followed(failure: Failure) -> None:
    spend(failure, DELAY)
    assert failure.reliability.forecasts.sum() == 0
    spend(failure, BLOCK)
    assert failure.reliability.forecasts.sum() == 1


def test_forecasts_are_entered_with_what_followed(failure: Failure) -> None:
    """An hour, then a failure: of the twelve forecasts before it the last six came true."""
    said = spend(failure, 60)
    spend(failure, 120, failed=RUNS)
    table = failure.reliability
    assert (table.forecasts.sum(), table.happened.sum()) == (12, 6)
    by_hand = np.array(said[BLOCK - 1 :: BLOCK])
    assert table.promised.sum() == pytest.approx(by_hand.sum(), rel=1e-3)
    assert table.brier == pytest.approx(np.mean((by_hand - ([0] * 6 + [1] * 6)) ** 2), rel=1e-3)


def test_a_stop_that_is_found_late_began_with_the_first_empty_window(failure: Failure) -> None:
    spend(failure, 60)
    spend(failure, 10, runs=0)  # found in the second block
    spend(failure, DELAY + 60)
    assert failure.reliability.happened.sum() == 6
    assert failure.reliability.forecasts.sum() == 12 + 5  # none while it counts as failing


def test_what_followed_a_gap_is_not_taken_for_what_came_before_it(failure: Failure) -> None:
    spend(failure, DELAY)
    failure.skip(ROW)
    spend(failure, DELAY, failed=RUNS)
    assert failure.reliability.forecasts.sum() == 0


def test_the_horizon_is_a_setting() -> None:
    failure = Failure(horizon_minutes=60)
    failure.reserve(1)
    failure.windows[:] = WARM_UP
    spend(failure, 120)
    spend(failure, 120, failed=RUNS)
    assert failure.reliability.happened.sum() == 12
    with pytest.raises(ValueError, match="horizon_minutes must be 1 to 120, not 121"):
        Failure(horizon_minutes=121)


def test_probabilities_are_those_of_the_river_model() -> None:
    model, strength = FailureModel(), np.random.default_rng(1).uniform(0, 8, (11, 40))
    model.learn(strength, np.arange(40) % 3 == 0)
    for column, p in zip(evidence(strength).T, model.probability(strength), strict=True):
        x = dict(zip(SYMPTOMS, column.tolist(), strict=True))
        assert p == pytest.approx(model.regression.predict_proba_one(x)[True])


def test_a_restored_forecast_goes_on_the_same_to_the_bit(failure: Failure) -> None:
    spend(failure, 100, slow=True)
    spend(failure, 57, failed=RUNS)
    spend(failure, 40, slow=True)
    restored = Failure()
    restored.reserve(1)
    restored.restore(failure.state(1))
    restored.take_up(failure.pooled())
    for each in (failure, restored):
        spend(each, 33, failed=RUNS)
        spend(each, 99, slow=True)
    ours, theirs = (each.state(1) | each.pooled() for each in (failure, restored))
    for name, array in ours.items():
        assert np.array_equal(array, theirs[name], equal_nan=True), name


def test_learning_does_not_depend_on_the_hash_seed_of_the_process() -> None:
    """River keeps weights in dictionaries; sums over them must not follow the order of a hash."""
    code = (
        "import numpy as np; from detectors.failure_model import FailureModel; m = FailureModel();"
        "e = np.random.default_rng(0).uniform(0, 8, (11, 50));"
        "m.learn(e, np.arange(50) % 4 == 0); print(m.state()['weights'].tobytes().hex())"
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
