"""Sums over sliding windows: exact, whatever the other flows do."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.minifloat import FINEST, decode, encode
from detectors.ring import Ring
from detectors.sliding import SlidingSums
from detectors.state import Rows

ALL = Rows.of(np.arange(4))
SPANS = (1, 2, 5)


def counts(windows: int) -> np.ndarray:
    return np.random.default_rng(5).poisson(30, (windows, 4)).astype(float)


def test_sums_are_those_of_the_latest_windows() -> None:
    sums, seen = SlidingSums([0], SPANS), counts(40)
    sums.reserve(4)
    for count in seen:
        sums.push(ALL, count[None])
    assert np.array_equal(sums.over(ALL)[0], [seen[-span:].sum(axis=0) for span in SPANS])


@pytest.mark.parametrize("end", [0, 3])
def test_a_sum_may_end_before_the_newest_window(end: int) -> None:
    sums, seen = SlidingSums([0, 0], SPANS, ends=(7, end)), counts(40)
    sums.reserve(4)
    for count in seen:
        sums.push(ALL, count[None])
    past = seen[: len(seen) - end]
    assert np.array_equal(sums.over(ALL)[1], [past[-span:].sum(axis=0) for span in SPANS])


def test_coarse_sums_are_right_to_a_thousandth_and_empty_again_to_the_bit() -> None:
    sums, seen = SlidingSums([0], SPANS, coarse=True), counts(200) * 1234.567
    sums.reserve(4)
    for count in seen:
        sums.push(ALL, count[None])
    assert sums.over(ALL)[0] == pytest.approx(
        np.array([seen[-span:].sum(axis=0) for span in SPANS]), rel=1e-3
    )
    for _ in range(5):
        sums.push(ALL, np.zeros((1, 4)))
    assert not sums.over(ALL).any()


def test_flows_that_are_not_at_the_same_place_are_read_as_those_that_are() -> None:
    together, apart, seen = Ring(6, [0, 0], [0, 4]), Ring(6, [0, 0], [0, 4]), counts(20)
    together.reserve(4)
    apart.reserve(4)
    apart.push(ALL, seen[:1])
    apart.push(Rows.of(np.array([1, 3])), np.zeros((1, 2)))  # a window that the others lack
    for count in seen:
        together.push(ALL, count[None])
        apart.push(ALL, count[None])
    assert len(set(together.head.tolist())) == 1 < len(set(apart.head.tolist()))
    assert np.array_equal(apart.read(ALL), together.read(ALL))


def test_a_new_flow_begins_beside_the_others() -> None:
    ring = Ring(6, [0], [0])
    ring.reserve(4)
    for _ in range(8):
        ring.push(Rows.of(np.array([0, 1])), np.ones((1, 2)))
    ring.push(ALL, np.ones((1, 4)))
    assert len(set(ring.head.tolist())) == 1


def test_a_number_is_kept_to_a_thousandth_and_nothing_stays_nothing() -> None:
    numbers = np.concatenate([[0.0], np.logspace(-1, 8, 1000)])
    kept = decode(encode(numbers)).astype(np.float64) - FINEST
    assert kept[0] == 0
    assert kept[1:] == pytest.approx(numbers[1:], rel=1e-3)
