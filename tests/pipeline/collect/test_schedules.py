from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.collect.schedules import due_times

NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 50, tzinfo=UTC)


def due(cron: str, days: float, after: datetime = NEW_YEARS_EVE, zone: str = "UTC") -> list[str]:
    found = due_times(cron, after, after + timedelta(days), zone)
    return [f"{at:%Y-%m-%d %H:%M}" for at in found]


def test_dues_lie_after_one_instant_and_up_to_another() -> None:
    assert due("50 23 * * *", days=2) == ["2027-01-01 23:50", "2027-01-02 23:50"]


def test_a_year_ends_between_them() -> None:
    assert due("*/10 * * * *", days=1 / 72) == ["2027-01-01 00:00", "2027-01-01 00:10"]


def test_the_year_is_that_of_the_schedules_own_time_zone() -> None:
    assert due("0 13 1 1 *", days=1, zone="Pacific/Auckland") == ["2027-01-01 00:00"]


def test_a_leap_day_is_waited_for() -> None:
    assert due("0 0 29 2 *", days=800) == ["2028-02-29 00:00"]


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4 *", "* 0 LW * */50"])
def test_what_never_comes_is_not_due(cron: str) -> None:
    assert due(cron, days=400) == []


@pytest.mark.parametrize("cron", ["", "at tea time", "0 0", "61 * * * *", "9" * 5000 + " * * * *"])
def test_what_is_no_cron_is_never_due(cron: str) -> None:
    assert due(cron, days=400) == []
