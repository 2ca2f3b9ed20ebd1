from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.real.judge import Case, Judged, summary
from benchmarks.real.series import Ranges

MINUTES = 3 * 10_080
FIRST = 10_080
"""Two weeks are judged."""


def case(name: str, hits: list[tuple[int, int]], peaks: dict[int, float]) -> Case:
    score = np.zeros(MINUTES)
    for at, value in peaks.items():
        score[at] = value
    return Case(name, score, Ranges(hits, []), FIRST)


def test_one_threshold_serves_all_series():
    calm = case("calm", [(20_000, 20_010)], {20_005: 3.0})
    noisy = case("noisy", [], dict.fromkeys(range(FIRST + 500, MINUTES, 1000), 2.0))
    judged = Judged([calm, noisy], 60)

    index = judged.within(1.0)
    assert judged.thresholds[index] == 2.0
    assert (judged.recall(index), judged.false_a_week(index)) == (1.0, 0.0)
    assert judged.false_a_week(judged.within(6.0)) == pytest.approx(20 / 4)


def test_recall_is_read_in_hindsight_and_at_the_fixed_threshold():
    hits = [(15_000, 15_010), (20_000, 20_010)]
    row, (single,) = summary([case("a", hits, {15_003: 0.8, 20_001: 1.5, 25_000: 0.3})], 60)

    assert (row["events"], row["weeks"]) == (2, 2.0)
    assert (row["recall at 1"], row["fixed recall"]) == (1.0, 0.5)
    assert row["fixed FA/week"] == 0.0
    assert (single["found at 1"], single["fixed found"]) == (2, 1)


def test_only_watched_windows_make_up_the_weeks():
    half = case("half", [], {})
    half.score[FIRST + 10_080 :] = np.nan

    assert Judged([half], 60).weeks.tolist() == [1.0]


def test_what_happens_while_learning_does_not_count():
    early = case("early", [], {500: 9.0})

    assert Judged([early], 60, np.array([1.0])).false.tolist() == [0]


def test_series_without_events_have_no_recall_but_false_alarms():
    row, _ = summary([case("a", [], {20_000: 2.0})], 60)

    assert math.isnan(row["fixed recall"])  # type: ignore[arg-type]
    assert row["fixed FA/week"] == 0.5


def test_an_alarm_that_is_always_on_finds_nothing():
    always = Case("on", np.full(MINUTES, 5.0), Ranges([(15_000, 15_010)], []), FIRST)

    assert Judged([always], 60, np.array([1.0])).recall(0) == 0.0
