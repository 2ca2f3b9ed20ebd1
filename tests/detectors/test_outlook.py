"""What the detectors are told beyond the data."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import familiar
from detectors.bank import FlowBank
from detectors.channels import COUNTED
from detectors.outlook import Outlook, Scaling
from detectors.relearning import depth, look_again, relearn
from detectors.seasonality import Expectation
from detectors.state import Rows, apart
from tests.detectors.world import minutes, play, week, window

WORLD = week(flows=3, days=1)
ROWS = np.arange(3)


@pytest.fixture
def bank() -> FlowBank:
    """Three flows, five hours old."""
    bank = FlowBank()
    play(bank, WORLD, 0, 300)
    return bank


def test_an_outlook_without_anything_in_it_changes_nothing(bank: FlowBank) -> None:
    plain = Scaling.ordinary(3)
    other = FlowBank()
    other.restore({name: array.copy() for name, array in bank.state().items()})
    for minute in range(300, 320):
        columns, when = window(WORLD, minute), minutes(3, minute)
        said = bank.step(ROWS, *when, columns)
        again = other.step(ROWS, *when, columns, Outlook(plain, plain, np.zeros(3, bool), {}))
        for name, verdict in said.items():
            for ours, theirs in zip(verdict, again[name], strict=True):
                assert np.array_equal(ours, theirs, equal_nan=True)


def test_a_factor_of_one_row_scales_that_row_alone(bank: FlowBank) -> None:
    told = Scaling.ordinary(3)
    told.base[1] = told.low[1] = told.high[1] = 4.0
    same = np.full(3, 5.0)
    one = Expectation(same, same, same)
    assert told.applied(Rows.of(ROWS), one, one).base.tolist() == [5, 20, 5]
    assert told.applied(Rows.of(ROWS[1:]), *[Expectation(*[same[1:]] * 3)] * 2).low.tolist() == [
        20, 5,
    ]  # fmt: skip


def test_a_holiday_lies_between_this_day_and_a_weekend_day() -> None:
    told = Scaling.ordinary(1)
    told.quiet[0] = True
    usual = Expectation(np.array([10.0]), np.array([12.0]), np.array([9.0]))
    sunday = Expectation(np.array([2.0]), np.array([3.0]), np.array([1.0]))
    found = told.applied(Rows.of(np.array([0])), usual, sunday)
    assert (found.base, found.high, found.low) == (2.0, 12.0, 1.0)


def expected_again(bank: FlowBank, told: Scaling | None) -> np.ndarray:
    """Sums of what is expected of the latest windows, by what is told of them now."""
    last = range(300 + 5 - depth(bank), 300 + 5)
    look_again(bank, ROWS, [minutes(3, n)[0] for n in last], [told] * depth(bank))
    return bank.flows.counts.expectations.over(Rows.of(ROWS).series(len(COUNTED)))


def test_what_was_told_and_taken_back_is_no_longer_expected(bank: FlowBank) -> None:
    double = Scaling.ordinary(3)
    for factors in (double.base, double.low, double.high):
        factors[:] = 2
    plain = expected_again(bank, None)
    assert expected_again(bank, double) == pytest.approx(2 * plain, rel=2e-3)
    assert np.array_equal(expected_again(bank, None), plain)


def test_a_relearned_flow_gives_its_next_day_more_weight(bank: FlowBank) -> None:
    seasonality = bank.flows.counts.seasonality
    seasonality.slots[:] = familiar.keep(np.full(seasonality.slots.shape, 5.0), np.array(9))
    relearn(bank, np.array([0]), pattern=False)
    relearn(bank, np.array([1]), pattern=True)
    visits = familiar.visits(apart(seasonality.slots, len(COUNTED))[:, 0, :3])
    assert visits.max(axis=0).tolist() == [3, 0, 9]


def test_the_cadence_is_forgotten_with_the_pattern_alone(bank: FlowBank) -> None:
    bank.flows.silence.gaps[:] = 30
    relearn(bank, np.array([0]), pattern=False)
    relearn(bank, np.array([1]), pattern=True)
    assert bank.flows.silence.gaps[:3].tolist() == [30, 0, 30]
