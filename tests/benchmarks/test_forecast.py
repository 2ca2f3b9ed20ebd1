"""The forecast benchmark measures what it says: honest worlds, and controls that earn nothing."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.forecast import measure
from benchmarks.forecast.measure import AHEAD, HORIZON, LONGEST, QUIET
from benchmarks.forecast.world import Episode, World, world

MADE = world(5, flows=8, days=12)
TRUTH = measure.judged(MADE)
SHAPE = MADE.columns["volume"].shape


def one_outage(start: int) -> World:
    """One flow, two days, one outage on the second."""
    outage = Episode(0, "foretold", start - 30, start, start + 20)
    return World({"volume": np.ones((2880, 1))}, [outage])


def test_seven_in_ten_outages_have_a_precursor_of_10_to_55_minutes() -> None:
    episodes = [episode for seed in range(4) for episode in world(seed).episodes]
    outages = [episode for episode in episodes if episode.kind != "decoy"]
    lengths = [episode.start - episode.onset for episode in outages if episode.kind == "foretold"]
    assert len(lengths) / len(outages) == pytest.approx(0.7, abs=0.04)
    assert 1 - len(outages) / len(episodes) == pytest.approx(0.35, abs=0.04)
    assert (min(lengths), max(lengths)) == (10, 55)


def test_the_same_seed_gives_the_same_world() -> None:
    again = world(5, flows=8, days=12)
    assert again.episodes == MADE.episodes
    for name, column in MADE.columns.items():
        assert np.array_equal(column, again.columns[name], equal_nan=True), name


def test_a_warning_ahead_counts_with_its_lead() -> None:
    truth = measure.judged(one_outage(2000))
    above = np.zeros((2880, 1), bool)
    above[1982:1990] = True
    said = measure.warned(above, truth)
    assert (said.false_per_flow_week, said.foretold, said.median_lead) == (0, 1, 18)


@pytest.mark.parametrize("minute", [2000 - AHEAD + 1, 2005, 1600])
def test_too_late_or_too_early_is_not_ahead(minute: int) -> None:
    above = np.zeros((2880, 1), bool)
    above[minute] = True
    assert measure.warned(above, measure.judged(one_outage(2000))).foretold == 0


def test_a_warning_without_an_outage_in_the_horizon_is_false() -> None:
    above = np.zeros((2880, 1), bool)
    above[2000 - HORIZON - 1] = True
    truth = measure.judged(one_outage(2000))
    assert measure.warned(above, truth).false_per_flow_week * truth.flow_weeks == 1


def test_flicker_is_one_warning_and_a_standing_one_is_counted_again() -> None:
    flicker, standing = np.zeros((2, 1000), bool)
    flicker[[100, 100 + QUIET, 100 + 2 * QUIET - 1]] = True
    standing[100 : 100 + 5 * LONGEST] = True
    assert len(list(measure.warnings(flicker))) == 1
    assert len(list(measure.warnings(standing))) == 5


def test_always_warning_is_nearly_always_false() -> None:
    said = measure.warned(np.ones(SHAPE, bool), TRUTH)
    assert said.foretold == 1
    assert said.false_per_flow_week > 100


def test_chance_earns_the_base_rate_and_warns_of_little() -> None:
    p = np.random.default_rng(1).random(SHAPE)
    label = TRUTH.label[TRUTH.counted]
    assert measure.average_precision(p[TRUTH.counted], label) == pytest.approx(
        label.mean(), rel=0.2
    )
    level = measure.within_budget(p, TRUTH)
    assert measure.warned(p > level, TRUTH).foretold < 0.1


def test_the_truth_itself_is_perfect() -> None:
    p = TRUTH.label.astype(float)
    assert measure.average_precision(p[TRUTH.counted], TRUTH.label[TRUTH.counted]) == 1
    said = measure.warned(p > 0.5, TRUTH)
    assert (said.foretold, said.false_per_flow_week) == (1, 0)
