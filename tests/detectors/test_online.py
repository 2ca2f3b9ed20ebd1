"""The contract every detector keeps, run over each of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from detectors.bank import FlowBank
from detectors.columns import Windows
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
from tests.detectors.world import DAY, Columns, week, window

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
SPELL = range(2 * DAY + 300)


def observations(detector: FlowDetector, world: Columns = WORLD) -> Iterator[dict[str, float]]:
    for minute in SPELL:
        w = window(world, minute)
        columns = w._asdict() | {
            "partial": w.failed,
            "warnings": w.failed,
            "retries": w.missing,
            "duplicates": w.missing,
            "wait_count": w.duration_count,
            "wait_log": w.duration_log,
            "overdue": np.zeros(1),
        }
        yield {"minute": minute % 10_080} | {k: float(columns[k][0]) for k in detector.reads}


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


def test_scores_are_the_same_again_and_never_negative(detector: FlowDetector) -> None:
    other = detector.clone()
    for x, _ in zip(observations(detector), range(200), strict=False):
        assert detector.score_one(x) == other.score_one(x) >= 0
        detector.learn_one(x)
        other.learn_one(x)


def test_a_restored_detector_has_the_same_future(detector: FlowDetector) -> None:
    again = detector.clone()
    again.restore(taught(detector, 100).state())
    for x, _ in zip(observations(detector), range(150), strict=False):
        assert again.score_one(x) == detector.score_one(x)
        again.learn_one(x)
        detector.learn_one(x)


def test_it_equals_the_array_form(detector: FlowDetector) -> None:
    bank = FlowBank()
    bank.grow(1)
    taught(detector, 0)
    for minute, x in enumerate(observations(detector)):
        if minute >= 2 * DAY + 200:
            score = detector.score_one(x)
        detector.learn_one(x)
        columns = Windows(*np.full((len(Windows._fields), 1), np.nan))
        columns = columns._replace(duration_count=np.zeros(1), wait_count=np.zeros(1))
        columns = columns._replace(**{n: np.array([x[n]]) for n in detector.reads})
        now = np.array([minute % 10_080])
        verdict = bank.step(np.zeros(1, np.int64), now, (now + 5) % 10_080, columns)
        if minute >= 2 * DAY + 200:
            assert verdict[detector.signal].score[0] == score


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
