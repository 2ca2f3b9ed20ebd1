from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.real.series import Event, Series, ranges, read_events, read_series
from tests.benchmarks.real.corpus import MONDAY, counts, events, iso, table

DAY = 86_400


def a_series(days: int, seconds: int = 60) -> Series:
    return Series("a", MONDAY, seconds, {"value": np.zeros(days * DAY // seconds)})


def test_a_missing_row_is_unknown_not_zero(tmp_path: Path):
    series = read_series(counts(tmp_path / "a.csv.gz", [5, None, 0, 7], 60), 60)

    assert (series.name, series.start, series.end) == ("a", MONDAY, MONDAY + 240)
    np.testing.assert_array_equal(series.columns["value"], [5, np.nan, 0, 7])


def test_an_empty_cell_is_unknown(tmp_path: Path):
    rows = [f"{iso(MONDAY)},12,,0", f"{iso(MONDAY + 300)},13,4.5,0"]
    series = read_series(table(tmp_path / "b.csv", "timestamp,requests,ms,label", rows), 300)

    np.testing.assert_array_equal(series.columns["ms"], [np.nan, 4.5])
    np.testing.assert_array_equal(series.columns["requests"], [12, 13])


def test_rows_off_the_grid_fall_into_the_window_they_lie_in(tmp_path: Path):
    rows = [f"{iso(MONDAY + at)},{at},0" for at in (0, 300, 720, 1020)]
    series = read_series(table(tmp_path / "c.csv", "timestamp,value,label", rows), 300)

    np.testing.assert_array_equal(series.columns["value"], [0, 300, 720, 1020])


def test_events_are_read_by_series(tmp_path: Path):
    path = events(tmp_path / "events.json", {"a": [(MONDAY, MONDAY + 60)], "b": []})

    assert read_events(path) == {"a": [Event(MONDAY, MONDAY + 60)], "b": []}


def test_a_hit_is_from_two_minutes_before_an_event_to_ten_after_and_an_hour_is_excused():
    first = MONDAY + 3 * 3600
    found = ranges(a_series(1), [Event(first, first + 300)], 0)

    assert found.hits == [(178, 195)]
    assert found.excused == [(178, 245)]


def test_an_event_over_a_day_or_among_the_learning_days_is_only_excused():
    long = Event(MONDAY + 3 * DAY, MONDAY + 4 * DAY + 60)
    early = Event(MONDAY + DAY, MONDAY + DAY + 60)
    found = ranges(a_series(7), [early, long], judged_from=2 * 1440)

    assert found.hits == []
    assert len(found.excused) == 2


def test_wide_windows_are_hit_if_they_touch_the_range():
    first = MONDAY + 5 * 3600
    found = ranges(a_series(1, 3600), [Event(first, first + 3600)], 0)

    assert found.hits == [(4, 6)]
