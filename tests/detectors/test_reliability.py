"""The reliability table, against computations by hand."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.reliability import EDGES, Reliability

P = np.array([0.001, 0.03, 0.03, 0.25, 0.25, 0.7])
FAILED = np.array([False, False, True, False, True, True])


def test_errors_are_those_computed_by_hand() -> None:
    table = Reliability()
    table.add(P, FAILED)
    # bins: 0 to .002 (1), .02 to .05 (2, one failed), .2 to .3 (2, one failed), from .5 (1)
    by_hand = (0.001 + abs(0.06 - 1) + abs(0.5 - 1) + abs(0.7 - 1)) / 6
    assert table.calibration_error == pytest.approx(by_hand)
    assert table.brier == pytest.approx(np.mean((P - FAILED) ** 2))
    assert table.base_rate == 0.5


def test_forecasts_may_be_entered_one_by_one() -> None:
    together, singly = Reliability(), Reliability()
    together.add(P, FAILED)
    for p, failed in zip(P, FAILED, strict=True):
        singly.add(np.array([p]), np.array([failed]))
    for name in ("forecasts", "promised", "happened"):
        assert getattr(together, name) == pytest.approx(getattr(singly, name))


def test_a_probability_at_an_edge_belongs_to_the_bin_that_begins_there() -> None:
    table = Reliability()
    table.add(EDGES, np.zeros(len(EDGES), bool))
    assert table.forecasts.tolist() == [1] * len(EDGES)


def test_the_old_fades_so_that_the_table_shows_the_present() -> None:
    table = Reliability(latest=100)
    table.add(np.full(100, 0.5), np.zeros(100, bool))
    assert table.forecasts.sum() == 50
    for _ in range(40):
        table.add(np.full(10, 0.5), np.ones(10, bool))
    assert table.forecasts.sum() < 100
    assert table.base_rate > 0.95


def test_nothing_is_known_before_the_first_outcome() -> None:
    assert np.isnan([Reliability().calibration_error, Reliability().brier]).all()
