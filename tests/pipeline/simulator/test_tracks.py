"""Tracks: closed windows gathered by flow and signal, and made coarse enough to draw."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pipeline.engine.emissions import FlowKey
from pipeline.simulator.tracks import Recorder, Track

from .tiny_engine import START, closed_window

ORDERS, STOCK = FlowKey("acme", "orders"), FlowKey("acme", "stock")
NAN = np.nan


def track(signal: str, observed: list[float]) -> Track:
    n = len(observed)
    lines = np.array(observed), np.full(n, 10.0), np.full(n, 7.0), np.full(n, 14.0)
    return Track(ORDERS, signal, 60.0 * np.arange(n), *lines)


def test_each_flow_and_signal_becomes_a_track():
    recorder = Recorder(["volume", "latency"])
    for i in range(3):
        minute = START + timedelta(minutes=i)
        recorder.add(closed_window(minute, [i, 10 + i], [1, 11], [ORDERS, STOCK]))
    tracks = recorder.tracks()
    assert set(tracks) == {(ORDERS, "volume"), (STOCK, "volume")}
    np.testing.assert_array_equal(tracks[STOCK, "volume"].observed, [10, 11, 12])
    np.testing.assert_array_equal(tracks[ORDERS, "volume"].upper, [1.5, 1.5, 1.5])
    np.testing.assert_array_equal(
        tracks[ORDERS, "volume"].times, START.timestamp() + 60 * np.arange(3)
    )


def test_a_flow_that_appears_later_has_a_shorter_track():
    recorder = Recorder(["volume"])
    recorder.add(closed_window(START, [1], [1], [ORDERS]))
    later = START + timedelta(minutes=1)
    recorder.add(closed_window(later, [1, 2], [1, 2], [ORDERS, STOCK]))
    assert len(recorder.tracks()[STOCK, "volume"].times) == 1


def test_counts_are_added_and_their_bounds_in_quadrature():
    coarse = track("volume", [8, 12, 9, 11]).coarse(240)
    assert coarse.observed == [40]
    assert coarse.expected == [40]
    assert coarse.upper == pytest.approx([40 + 2 * 4])
    assert coarse.lower == pytest.approx([40 - 2 * 3])


def test_levels_are_averaged_over_what_is_known():
    coarse = track("latency", [8, NAN, 12, NAN]).coarse(240)
    assert coarse.observed == [10]
    assert coarse.upper == [14]


def test_a_stretch_without_any_data_stays_unknown():
    assert np.isnan(track("latency", [NAN, NAN, 5, 5]).coarse(120).observed[0])
    assert np.isnan(track("volume", [NAN, NAN, 5, 5]).coarse(120).observed[0])


def test_a_range_of_counts_never_falls_below_zero():
    low = Track(ORDERS, "volume", np.zeros(1), *[np.array([x]) for x in (0.0, 1.0, -5.0, 4.0)])
    assert low.coarse(60).lower == [0]
