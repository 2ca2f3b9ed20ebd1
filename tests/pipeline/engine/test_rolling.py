from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.accumulator import SILENT
from pipeline.engine.rolling import Rolling


def sums(*started: int) -> np.ndarray:
    return np.array([[n, *SILENT[1:]] for n in started], dtype=np.int64)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.sampled_from([1, 5, 15, 60]))
def test_a_span_of_windows_is_the_sum_of_its_windows(counts: list[int], span: int) -> None:
    rolling = Rolling(seconds=60)
    for number, n in enumerate(counts, start=1000):
        rolling.close(rows(0), number, sums(n))
    last = 1000 + len(counts) - 1
    assert rolling.over_windows(0, last, span)["started"] == sum(counts[-span:])


@pytest.mark.parametrize(("hours", "expected"), [(1, 60), (5, 5 * 60), (24, 24 * 60)])
def test_a_span_of_hours_is_the_sum_of_its_windows(hours: int, expected: int) -> None:
    rolling = Rolling(seconds=60)
    for number in range(50 * 60):
        rolling.close(rows(0), number, sums(1))
    assert rolling.over_hours(0, 50 * 60 - 1, hours)["started"] == expected


def test_windows_that_were_passed_over_hold_nothing() -> None:
    rolling = Rolling(seconds=60)
    rolling.close(rows(0), 100, sums(7))
    rolling.close(rows(0), 100 + 60, sums(1))
    assert rolling.over_windows(0, 160, 60)["started"] == 1
    rolling.close(rows(0), 100_000, sums(2))
    assert rolling.over_hours(0, 100_000, 24)["started"] == 2


def test_flows_keep_to_their_own_rows() -> None:
    rolling = Rolling(seconds=60)
    rolling.close(rows(0, 1), 100, sums(3, 5))
    rolling.close(rows(1), 101, sums(2))
    assert rolling.over_windows(0, 100, 5)["started"] == 3
    assert rolling.over_windows(1, 101, 5)["started"] == 7


def test_what_is_unknown_counts_as_nothing() -> None:
    rolling = Rolling(seconds=60)
    rolling.close(rows(0), 100, sums(-1))
    assert rolling.over_windows(0, 100, 1)["started"] == 0


def test_a_restored_ring_goes_on_alike() -> None:
    rolling = Rolling(seconds=60)
    rolling.close(rows(0), 100, sums(3))
    again = Rolling(seconds=60)
    again.restore({name: array.copy() for name, array in rolling.state().items()})
    for each in (rolling, again):
        each.close(rows(0, 3), 101, sums(1, 4))
    assert again.over_windows(0, 101, 5) == rolling.over_windows(0, 101, 5)
