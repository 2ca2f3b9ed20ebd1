"""The contract every detector keeps, run over each of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice

import numpy as np
import pytest

from detectors.bank import FlowBank
from detectors.columns import Verdict, Windows
from detectors.online import (
    BacklogDetector,
    DuplicatesDetector,
    ErrorDetector,
    FailureDetector,
    LatencyDetector,
    MissingDetector,
    PartialDetector,
    RecordsDetector,
    RetriesDetector,
    SilenceDetector,
    VolumeDetector,
    WaitDetector,
    WarningsDetector,
)
from detectors.single import DetectorInputError, FlowDetector
from tests.detectors.world import DAY, week, window

DETECTORS = [
    VolumeDetector,
    RecordsDetector,
    ErrorDetector,
    PartialDetector,
    WarningsDetector,
    RetriesDetector,
    MissingDetector,
    DuplicatesDetector,
    LatencyDetector,
    WaitDetector,
    BacklogDetector,
    SilenceDetector,
    FailureDetector,
]
WORLD = week(flows=1, days=3, rate=60, seed=11)
EVERYTHING = tuple(sorted({name for kind in DETECTORS for name in kind.reads}))


def observed(reads: tuple[str, ...], minute: int) -> dict[str, float]:
    """What a detector that reads these columns is told of a minute."""
    w = window(WORLD, minute)
    columns = w._asdict() | {
        "partial": w.failed,
        "warnings": w.failed,
        "retries": w.missing,
        "duplicates": w.missing,
        "wait_count": w.duration_count,
        "wait_log": w.duration_log,
        "overdue": np.zeros(1),
    }
    return {"minute": minute % 10_080} | {name: float(columns[name][0]) for name in reads}


def observations(detector: FlowDetector) -> Iterator[dict[str, float]]:
    return (observed(detector.reads, minute) for minute in range(2 * DAY + 300))


def stepped(bank: FlowBank, x: dict[str, float], reads: tuple[str, ...]) -> dict[str, Verdict]:
    """Step the one flow of a bank through what a detector was told."""
    columns = Windows(*np.full((len(Windows._fields), 1), np.nan))
    columns = columns._replace(duration_count=np.zeros(1), wait_count=np.zeros(1))
    columns = columns._replace(**{name: np.array([x[name]]) for name in reads})
    now = np.array([int(x["minute"])])
    return bank.step(np.zeros(1, np.int64), now, (now + 5) % 10_080, columns)


@pytest.fixture(scope="module")
def learned() -> dict[int, dict[str, np.ndarray]]:
    """By days: the state of a flow that has told everything for so long."""
    bank = FlowBank()
    bank.grow(1)
    states = {0: deepcopy(bank.state())}
    for minute in range(2 * DAY):
        stepped(bank, observed(EVERYTHING, minute), EVERYTHING)
    return states | {2: bank.state()}


@pytest.fixture(params=DETECTORS, ids=lambda kind: kind.__name__)
def detector(request: pytest.FixtureRequest) -> FlowDetector:
    return request.param()


def taught(detector: FlowDetector, until: int) -> FlowDetector:
    for x, _ in zip(observations(detector), range(until), strict=False):
        detector.learn_one(x)
    return detector


def test_it_is_a_river_estimator_that_can_be_cloned(detector: FlowDetector) -> None:
    detector.threshold = 4.0
    clone = detector.clone()
    assert type(clone) is type(detector)
    assert (clone.threshold, clone.window_seconds) == (4.0, 60)


def test_scoring_does_not_teach(detector: FlowDetector) -> None:
    x = next(observations(taught(detector, 50)))
    before = detector.state()
    detector.score_one(x)
    after = detector.state()
    assert all(np.array_equal(before[name], after[name], equal_nan=True) for name in before)


def test_scores_are_the_same_again_and_never_negative(
    detector: FlowDetector, learned: dict[int, dict[str, np.ndarray]]
) -> None:
    other = detector.clone()
    for each in (detector, other):
        each.restore(learned[2])
    for x in islice(observations(detector), 2 * DAY, 2 * DAY + 50):
        assert detector.score_one(x) == other.score_one(x) >= 0
        detector.learn_one(x)
        other.learn_one(x)


def test_a_restored_detector_has_the_same_future(detector: FlowDetector) -> None:
    again = detector.clone()
    again.restore(taught(detector, 100).state())
    for x in islice(observations(detector), 100, 150):
        assert again.score_one(x) == detector.score_one(x)
        again.learn_one(x)
        detector.learn_one(x)


@pytest.mark.parametrize("days", [0, 2])
def test_it_equals_the_array_form(
    detector: FlowDetector, days: int, learned: dict[int, dict[str, np.ndarray]]
) -> None:
    bank = FlowBank()
    detector.restore(learned[days])
    bank.restore(learned[days])
    for x in islice(observations(detector), days * DAY, days * DAY + 100):
        score = detector.score_one(x)
        detector.learn_one(x)
        assert stepped(bank, x, detector.reads)[detector.signal].score[0] == score


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_by_name(detector: FlowDetector, bad: float) -> None:
    x = next(observations(detector))
    for field in ("minute", *detector.reads):
        with pytest.raises(DetectorInputError, match=field):
            detector.score_one(x | {field: bad})


def test_a_missing_field_is_named(detector: FlowDetector) -> None:
    x = next(observations(detector))
    for field in ("minute", *detector.reads):
        with pytest.raises(DetectorInputError, match=f"{field} is required"):
            detector.learn_one({k: v for k, v in x.items() if k != field})
