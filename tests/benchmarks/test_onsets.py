from __future__ import annotations

import numpy as np
import pytest

from benchmarks.onsets import onsets, score_onsets, sweep, within_budget

NAN = float("nan")


def scores(length: int, **at: float) -> np.ndarray:
    """Return zeros with a score here and there: ``scores(9, w3=2.0)``."""
    score = np.zeros(length)
    for window, value in at.items():
        score[int(window[1:])] = value
    return score


def test_an_alarm_begins_only_after_quiet():
    score = scores(80, w10=2, w30=2, w61=2)

    assert onsets(score, 1.0, quiet=30).tolist() == [10, 61]
    assert onsets(score, 1.0, quiet=10).tolist() == [10, 30, 61]


def test_an_alarm_that_goes_on_begins_once():
    assert onsets(np.full(500, 3.0), 1.0).tolist() == [0]


def test_a_score_equal_to_the_threshold_is_no_alarm():
    assert onsets(scores(9, w3=1.0), 1.0).tolist() == []


def test_windows_nobody_watched_are_quiet():
    assert onsets(np.array([NAN, 2.0, NAN, NAN, 2.0]), 1.0, quiet=2).tolist() == [1, 4]


def test_an_event_is_found_by_the_first_onset_in_its_range():
    score = scores(100, w20=2, w60=5)
    outcome = score_onsets(score, np.array([1.0, 3.0, 9.0]), [(18, 70)], [])

    assert outcome.after.tolist() == [[2, 42, -1]]
    assert outcome.found.tolist() == [[True, True, False]]
    assert outcome.false.tolist() == [0, 0, 0]


def test_an_alarm_that_began_before_an_event_does_not_find_it():
    outcome = score_onsets(np.full(100, 3.0), np.array([1.0]), [(50, 60)], [])

    assert outcome.found.tolist() == [[False]]
    assert outcome.false.tolist() == [1]


def test_an_onset_in_an_excused_range_is_neither_hit_nor_false():
    outcome = score_onsets(scores(99, w50=2), np.array([1.0]), [(10, 20)], [(21, 50)])

    assert outcome.found.tolist() == [[False]]
    assert outcome.false.tolist() == [0]


def test_only_onsets_among_the_judged_windows_count():
    score = scores(200, w10=2, w50=2, w190=2)
    outcome = score_onsets(score, np.array([1.0]), [(8, 12)], [], judged=(40, 150))

    assert outcome.found.tolist() == [[False]]
    assert outcome.false.tolist() == [1]


def test_every_threshold_of_a_sweep_is_scored_as_if_alone():
    rng = np.random.default_rng(4)
    score = rng.exponential(size=3000)
    hits = [(100, 140), (900, 905), (2500, 2600)]
    thresholds = sweep([score], quiet=7)
    outcome = score_onsets(score, thresholds, hits, [(0, 20)], quiet=7)

    for i in range(0, len(thresholds), 23):
        at = onsets(score, thresholds[i], quiet=7)
        inside = [[t - a for t in at if a <= t <= b] for a, b in hits]
        free = [t for t in at if t > 20 and not any(a <= t <= b for a, b in hits)]
        assert outcome.after[:, i].tolist() == [min(e, default=-1) for e in inside]
        assert outcome.false[i] == len(free)


def test_a_sweep_ends_where_nothing_alarms():
    score = scores(99, w5=2.5, w80=7.0)
    thresholds = sweep([score, scores(10)])

    assert onsets(score, thresholds[-1]).tolist() == []
    assert onsets(score, thresholds[-2]).tolist() == [80]


def test_a_sweep_of_silence_has_one_threshold():
    assert sweep([np.full(50, NAN)]).tolist() == [0.0]


@pytest.mark.parametrize(("allowed", "index"), [(0, 4), (1, 3), (2, 3), (4, 2), (9, 0)], ids=str)
def test_the_budget_is_kept_from_above(allowed: float, index: int):
    assert within_budget(np.array([1, 9, 4, 1, 0]), allowed) == index
