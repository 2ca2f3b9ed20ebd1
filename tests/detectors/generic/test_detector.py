"""The generic detector: no look-ahead, an exact memory, a bounded one, and calm where it should."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from river import anomaly, base

from detectors.generic import GenericDetector
from pipeline.engine.snapshot import dump, load


def scores(values: Sequence[float], detector: GenericDetector | None = None) -> list[float]:
    detector = GenericDetector() if detector is None else detector
    found = []
    for value in values:
        x = {"value": value}
        found.append(detector.score_one(x))
        detector.learn_one(x)
    return found


def daily(n: int, seed: int = 1) -> list[float]:
    rng = np.random.default_rng(seed)
    wave = 100 + 30 * np.sin(np.arange(n) * 2 * np.pi / 288)
    return (wave + rng.normal(0, 3, n)).tolist()


def test_it_is_a_river_detector() -> None:
    assert isinstance(GenericDetector(), base.AnomalyDetector)
    assert not isinstance(GenericDetector(), anomaly.HalfSpaceTrees)


def test_scores_do_not_change_when_more_comes_later() -> None:
    values = daily(1500)
    values[1200] = 500

    assert scores(values)[:1000] == scores(values[:1000])


def test_scoring_does_not_learn() -> None:
    values = daily(600)
    asked, silent = GenericDetector(), GenericDetector()
    for value in values:
        for guess in (value, 1e6, -3.0):
            asked.score_one({"value": guess})
        asked.learn_one({"value": value})
        silent.learn_one({"value": value})

    assert dump(asked.state()) == dump(silent.state())


@pytest.mark.parametrize("cut", [3, 120, 700, 4500])
def test_a_restored_detector_has_the_same_future(cut: int) -> None:
    values = daily(cut + 400)
    values[cut + 200 : cut + 240] = [20.0] * 40
    first, second = GenericDetector(), GenericDetector()
    scores(values[:cut], first)

    second.restore(load(dump(first.state())))

    assert scores(values[cut:], second) == scores(values[cut:], first)
    assert dump(first.state()) == dump(second.state())


@pytest.mark.parametrize(
    "values",
    [
        [5.0] * 1500,
        [0.0] * 1500,
        [math.nan] * 300,
        [1e300, -1e300] * 500,
        [1e18 * (1 + i % 7) for i in range(1000)],
        [-1e-9 * (3 + i % 5) for i in range(1000)],
        [5e-324 * (i % 3) for i in range(1000)],
        [1.7e9 + i % 10 for i in range(1500)],
    ],
    ids=["constant", "zero", "nan", "huge", "beyond-the-ceiling", "tiny", "denormal", "offset"],
)
def test_odd_series_neither_crash_nor_alarm(values: list[float]) -> None:
    found = scores(values)

    assert all(0 <= score <= 1 for score in found)


def test_what_is_not_finite_was_not_observed() -> None:
    values = daily(800)
    holed = [each for value in values for each in (value, math.nan, math.inf)]

    assert scores(holed)[::3] == scores(values)
    assert set(scores(holed)[1::3]) == {0.0}


def test_plain_noise_stays_calm() -> None:
    found = scores(np.random.default_rng(3).normal(10, 2, 8000).tolist())

    assert sum(score > 1 for score in found) <= 8


NOISE = np.random.default_rng(1).normal(100, 3, 2880)


@pytest.mark.parametrize(
    ("usual", "trouble", "channel"),
    [
        (daily(2880), [300.0], "record"),
        (NOISE.tolist(), (NOISE[:60] + 4).tolist(), "level"),
        (daily(2880), [75.0, 120.0, 90.0] * 12, "shape"),
    ],
    ids=["record", "level", "shape"],
)
def test_each_trouble_is_found_by_its_channel(
    usual: list[float], trouble: list[float], channel: str
) -> None:
    detector = GenericDetector()
    scores(usual, detector)

    found = []
    for value in trouble:
        found.append(detector.judge(value))
        detector.learn(value)

    worst = max(found, key=lambda judgement: judgement.score)
    evidence = {name: getattr(worst, name) for name in ("level", "shape", "context")}
    assert worst.score > 1
    assert worst.record if channel == "record" else evidence[channel] == max(evidence.values())


def test_a_channel_can_be_left_out() -> None:
    values = [*daily(1000), 10_000.0]

    assert scores(values)[-1] > 2
    assert scores(values, GenericDetector(without=["record"]))[-1] < 2


def test_a_judgement_tells_what_is_usual() -> None:
    detector = GenericDetector()
    for value in daily(2880):
        detector.learn(value)

    judgement = detector.judge(100.0)

    assert judgement.expected == pytest.approx(100, abs=5)
    assert judgement.lower < 80
    assert judgement.upper > 120


def test_memory_is_bounded() -> None:
    detector = GenericDetector()
    scores(daily(4500), detector)
    size = len(dump(detector.state()))
    scores(daily(4500), detector)

    assert len(dump(detector.state())) <= size + 100
    assert size < 140_000
