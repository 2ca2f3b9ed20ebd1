from __future__ import annotations

from datetime import UTC, datetime

from pipeline.engine.calendar import Calendar


def minutes(zone: str, instant: str) -> int:
    epoch = int(datetime.fromisoformat(instant).replace(tzinfo=UTC).timestamp())
    return int(Calendar(zone, {}).minutes_of_week(epoch)[0])


def test_the_week_begins_on_monday_at_midnight() -> None:
    assert minutes("UTC", "2026-03-02T00:00:00") == 0
    assert minutes("UTC", "2026-03-08T23:59:00") == 7 * 1440 - 1


def test_local_time_follows_the_clock_change() -> None:
    before = minutes("Europe/London", "2026-03-28T09:00:00")
    after = minutes("Europe/London", "2026-03-29T09:00:00")
    assert (after - before) % (7 * 1440) == 1440 + 60


def test_tenants_without_a_zone_live_in_the_default_one() -> None:
    calendar = Calendar("UTC", {"tokyo": "Asia/Tokyo", "kyoto": "Asia/Tokyo"})
    assert calendar.zone("anyone") == 0
    assert calendar.zone("tokyo") == calendar.zone("kyoto") == 1
