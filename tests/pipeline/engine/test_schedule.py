from __future__ import annotations

import math

from pipeline.engine.schedule import DEFAULT_TOLERANCE, EARLY, LOST_AFTER, Schedules


def test_a_flow_without_a_schedule_is_never_overdue() -> None:
    assert math.isnan(Schedules().overdue(0, now=10_000))


def test_a_run_is_overdue_once_its_tolerance_is_spent() -> None:
    schedules = Schedules()
    schedules.promise(0, due=1000, tolerance=120)
    assert schedules.overdue(0, now=1120) == 0
    assert schedules.overdue(0, now=1180) == 1


def test_a_schedule_that_names_no_tolerance_gets_the_usual_one() -> None:
    schedules = Schedules()
    schedules.promise(0, due=1000, tolerance=None)
    assert schedules.overdue(0, now=1000 + DEFAULT_TOLERANCE) == 0
    assert schedules.overdue(0, now=1060 + DEFAULT_TOLERANCE) == 1


def test_a_run_keeps_the_promise_a_little_early_or_late() -> None:
    for at in (1000 - EARLY, 1000, 1300):
        schedules = Schedules()
        schedules.promise(0, due=1000, tolerance=0)
        schedules.settle(0, at=at)
        assert schedules.overdue(0, now=2000) == 0


def test_a_run_long_before_does_not_keep_the_promise() -> None:
    schedules = Schedules()
    schedules.promise(0, due=1000, tolerance=0)
    schedules.settle(0, at=1000 - EARLY - 1)
    assert schedules.overdue(0, now=1060) == 1


def test_a_promise_told_after_the_run_is_kept_all_the_same() -> None:
    schedules = Schedules()
    schedules.settle(0, at=1000)
    schedules.promise(0, due=990, tolerance=0)
    assert schedules.overdue(0, now=2000) == 0


def test_the_oldest_open_promise_decides() -> None:
    schedules = Schedules()
    schedules.promise(0, due=2000, tolerance=0)
    schedules.promise(0, due=1000, tolerance=0)
    assert schedules.overdue(0, now=2060) == (2060 - 1000) / 60


def test_a_later_run_lets_missed_promises_go() -> None:
    schedules = Schedules()
    schedules.promise(0, due=1000, tolerance=0)
    schedules.promise(0, due=2000, tolerance=0)
    schedules.settle(0, at=2000)
    assert schedules.overdue(0, now=3000) == 0


def test_a_promise_is_given_up_after_a_day() -> None:
    schedules = Schedules()
    schedules.promise(0, due=1000, tolerance=0)
    assert schedules.overdue(0, now=1001 + LOST_AFTER) == 0


def test_a_restored_schedule_is_the_same() -> None:
    schedules = Schedules()
    schedules.promise(3, due=1000, tolerance=60)
    schedules.settle(5, at=900)
    again = Schedules()
    again.restore(schedules.state())
    assert again.state() == schedules.state()
    assert again.overdue(3, now=1120) == 1
