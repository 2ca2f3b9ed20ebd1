"""Cadence: when the next run is due, learned from when runs have come.

Windows of five minutes, so that weeks pass quickly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from detectors.cadence import TRUST, Cadence
from detectors.state import Rows

WIDTH = 5
HOUR, DAY = 60 // WIDTH, 1440 // WIDTH
WEEK = 7 * DAY
ROW = Rows.of(np.array([0]))


class Timer:
    """A flow whose runs are due in some windows, and its cadence."""

    def __init__(self, due: Callable[[int], bool], jitter: int = 0) -> None:
        self.cadence = Cadence(window_seconds=60 * WIDTH)
        self.cadence.reserve(1)
        self.now = 0
        self._due, self._jitter = due, jitter
        self._rng = np.random.default_rng(3)
        self._waiting: set[int] = set()

    def step(self, *, held: bool = False, extra: bool = False) -> bool:
        """Pass one window, with or without the run due in it; tell whether there is an alarm."""
        if self._due(self.now) and not held:
            self._waiting.add(self.now + int(self._rng.integers(0, self._jitter + 1)))
        ran = extra or self.now in self._waiting
        minute = np.array([self.now * WIDTH % (7 * 1440)])
        self.now += 1
        return bool(self.cadence.step(ROW, np.array([ran]), minute).tail[0] > 5)

    def alarms(self, until: int) -> int:
        return sum(self.step() for _ in range(self.now, until))

    def windows_to_alarm(self, within: int) -> int | None:
        """Stop the timer; tell after how many windows it is missed."""
        return next((n for n in range(within) if self.step(held=True)), None)


def every(windows: int) -> Callable[[int], bool]:
    return lambda now: now % windows == 3


def at(hours: Iterable[int], days: Iterable[int] = range(7)) -> Callable[[int], bool]:
    return lambda now: now % DAY in [h * HOUR for h in hours] and now // DAY % 7 in days


@pytest.mark.parametrize("jitter", [0, 1])
def test_an_hourly_run_is_missed_within_half_an_hour_of_its_time(jitter: int) -> None:
    timer = Timer(every(HOUR), jitter)
    assert timer.alarms(until=3 * DAY + 4 + jitter) == 0
    missed = timer.windows_to_alarm(within=DAY)
    assert missed is not None
    assert HOUR < missed + jitter + 1 <= (1.5 + 0.1 * jitter) * HOUR


def test_a_nightly_run_is_missed_within_an_hour() -> None:
    timer = Timer(at([2]), jitter=1)
    assert timer.alarms(until=2 * WEEK + 2 * HOUR) == 0
    missed = timer.windows_to_alarm(within=DAY)
    assert missed is not None
    assert missed < HOUR


def test_weekdays_are_told_from_weekends() -> None:
    timer = Timer(at([2], days=range(5)), jitter=1)
    assert timer.alarms(until=5 * WEEK + 2 * HOUR) == 0
    assert timer.windows_to_alarm(within=HOUR) is not None  # on Monday


def test_hours_of_the_day_are_told_from_closing_time() -> None:
    timer = Timer(at(range(8, 19), days=range(5)))
    timer.alarms(until=DAY)  # the first evening is the first of its kind
    assert timer.alarms(until=3 * WEEK + 12 * HOUR) == 0
    assert timer.windows_to_alarm(within=HOUR) is not None


def test_a_weekly_run_is_missed() -> None:
    timer = Timer(at([3], days=[2]))
    assert timer.alarms(until=8 * WEEK + 2 * DAY + 3 * HOUR) == 0
    assert timer.windows_to_alarm(within=4 * HOUR) is not None


def test_a_timer_that_counts_from_its_last_run_is_followed() -> None:
    timer = Timer(every(HOUR + 1))
    assert timer.alarms(until=6 * DAY) == 0
    assert timer.windows_to_alarm(within=2 * HOUR) is not None


def test_runs_by_chance_are_never_due() -> None:
    chance = np.random.default_rng(5).random(6 * WEEK) < 1 / HOUR
    timer = Timer(lambda now: bool(chance[now]))
    assert timer.alarms(until=6 * WEEK) == 0


def test_a_run_started_by_hand_moves_nothing() -> None:
    timer = Timer(at([2]))
    timer.alarms(until=2 * WEEK + 15 * HOUR)
    timer.step(extra=True)
    assert timer.alarms(until=3 * WEEK) == 0
    timer.alarms(until=3 * WEEK + 2 * HOUR)
    assert timer.windows_to_alarm(within=HOUR) is not None


def test_a_new_timer_alarms_twice_at_most() -> None:
    timer = Timer(lambda now: now % HOUR == 0 and (now < 3 * DAY or now % (2 * HOUR) == 0))
    assert timer.alarms(until=3 * DAY) == 0
    onsets, before = 0, False
    while timer.now < WEEK:
        alarm = timer.step()
        onsets, before = onsets + (alarm and not before), alarm
    assert onsets <= 2


def test_a_holiday_puts_off_what_is_due() -> None:
    timer = Timer(at([2], days=range(5)))
    timer.alarms(until=5 * WEEK)
    for _ in range(DAY):
        timer.cadence.excuse(ROW)
        assert not timer.step(held=True)
    timer.alarms(until=timer.now + 2 * HOUR)
    assert timer.windows_to_alarm(within=HOUR) is not None


def test_what_nobody_watched_is_not_missed() -> None:
    timer = Timer(at([2]))
    timer.alarms(until=2 * WEEK)
    for _ in range(4 * HOUR):
        timer.cadence.skip(ROW)
        timer.now += 1
    assert timer.alarms(until=2 * WEEK + 20 * HOUR) == 0


def test_a_look_away_at_noon_does_not_matter_for_the_night() -> None:
    timer = Timer(at([2]))
    timer.alarms(until=2 * WEEK + 12 * HOUR)
    timer.cadence.skip(ROW)
    timer.now += 1
    timer.alarms(until=2 * WEEK + DAY + 2 * HOUR)
    assert timer.windows_to_alarm(within=HOUR) is not None


def test_state_is_small() -> None:
    cadence = Cadence()
    cadence.reserve(1)
    assert sum(array.nbytes for array in cadence.state(1).values()) <= 300


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.35, 0.6])
def test_runs_that_come_by_chance_keep_no_time(rate: float) -> None:
    came = np.random.default_rng(5).random(8 * WEEK) < rate
    timer = Timer(lambda now: bool(came[now]))
    trusted = [timer.step() or timer.cadence.strength[0] >= TRUST for _ in range(8 * WEEK)]
    assert np.mean(trusted) < 0.01
