"""Strays: windows far out of bounds wait until it can be said whether they last."""

from __future__ import annotations

import numpy as np

from detectors.state import Rows
from detectors.strays import KEPT, Strays
from detectors.width import Width

ROW = Rows.of(np.array([0]))
BOUNDS = np.array([[10.0], [30.0]])
SPANS = np.array([1, 2, 5, 60])


def after(*counts: float, patient: bool = True, seconds: int = 60) -> np.ndarray:
    """Return what strays add to each span when these counts have been noted."""
    strays = Strays(Width(seconds))
    strays.reserve(1)
    for count in counts:
        strays.note(ROW, np.array([count]), BOUNDS, np.array([patient]))
    return strays.excess_over(ROW, SPANS).ravel()


def test_a_stray_window_adds_to_the_spans_that_hold_it() -> None:
    assert after(90, 20).tolist() == [0, 60, 60, 60]
    assert after(0, 20, 20).tolist() == [0, 0, -10, -10]


def test_two_windows_astray_wait_and_a_third_frees_all_of_them() -> None:
    assert after(90, 80)[3] == 110
    assert after(90, 80, 70).tolist() == [0, 0, 0, 0]


def test_a_stray_to_one_side_does_not_prolong_one_to_the_other() -> None:
    assert after(0, 90, 0, 90)[3] == -10 + 60 - 10 + 60


def test_an_earlier_stray_still_waits_when_a_later_one_has_lasted() -> None:
    assert after(90, 20, 0, 0, 0)[3] == 60


def test_where_strays_are_no_exception_the_oldest_count() -> None:
    assert after(*[90, 20] * (KEPT + 3))[3] == KEPT * 60


def test_rows_that_are_not_patient_and_wide_windows_have_no_strays() -> None:
    assert after(90, patient=False)[3] == 0
    assert after(90, seconds=300)[3] == 0
