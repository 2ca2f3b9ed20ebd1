"""A run that should have come and did not, told from nothing but the runs before it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pipeline.engine.emissions import Emission
from pipeline.engine.engine import Engine
from pipeline.engine.watermarks import LONGEST_STRETCH
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from tests.make import MONDAY, Event, batch, event, heartbeat, iso, run

WIDTH = 300
HOUR, DAY = 3600, 86_400
SETTINGS = EngineSettings(window_seconds=WIDTH, lateness_seconds=0)


def engine(**changes: int) -> Engine:
    return Engine(SETTINGS.model_copy(update=changes))


def pass_time(target: Engine, since: int, until: int, runs: Iterable[int] = ()) -> list[Alert]:
    """Let runs come and time pass; return the alerts."""
    out: list[Emission] = []
    dues = sorted(runs)
    for at in range(since, until, LONGEST_STRETCH):
        end = min(at + LONGEST_STRETCH, until)
        events: list[Event] = [run(due, duration_ms=900) for due in dues if at <= due < end]
        out += target.apply(batch(*events, heartbeat(end)))
    return [e for e in out if isinstance(e, Alert)]


def hourly(since: int, until: int) -> range:
    return range(since + 420, until, HOUR)


def nightly(since: int, until: int, weekdays: Iterable[int] = range(7)) -> list[int]:
    return [
        at for at in range(since + 2 * HOUR, until, DAY) if (at - MONDAY) // DAY % 7 in weekdays
    ]


def test_an_hourly_flow_without_a_schedule_is_missed_soon() -> None:
    e, stop = engine(), MONDAY + 3 * DAY
    assert pass_time(e, MONDAY, stop, hourly(MONDAY, stop)) == []
    [alert, *_] = pass_time(e, stop, stop + 4 * HOUR)
    assert alert.signal == "silence"
    last = stop - HOUR + 420
    assert HOUR < alert.updated_at.timestamp() - last <= 1.5 * HOUR + WIDTH
    assert "no run for" in alert.summary


def test_a_nightly_flow_is_missed_in_the_morning() -> None:
    e, stop = engine(), MONDAY + 14 * DAY
    assert pass_time(e, MONDAY, stop, nightly(MONDAY, stop)) == []
    [alert, *_] = pass_time(e, stop, stop + 12 * HOUR)
    assert 2 * HOUR < alert.updated_at.timestamp() - stop <= 3 * HOUR


@pytest.mark.parametrize("told", [True, False])
def test_a_weekday_flow_may_miss_a_public_holiday_if_it_is_told(*, told: bool) -> None:
    e, holiday = engine(window_seconds=900), MONDAY + 28 * DAY
    assert pass_time(e, MONDAY, holiday, nightly(MONDAY, holiday, range(5))) == []
    if told:
        day = {"kind": "holiday", "from": iso(holiday), "to": iso(holiday + DAY)}
        e.apply(batch(event("cogent.annotation", holiday, day)))
    alerts = pass_time(e, holiday, holiday + DAY)
    assert bool(alerts) is not told
    alerts = pass_time(e, holiday + DAY, holiday + 2 * DAY)
    assert any(a.status == "firing" for a in alerts) is told  # Tuesday's run is missed in turn


def test_a_restored_engine_misses_the_same_run_at_the_same_time() -> None:
    e, stop = engine(), MONDAY + 3 * DAY
    pass_time(e, MONDAY, stop, hourly(MONDAY, stop))
    again = engine()
    again.restore(e.snapshot())
    assert pass_time(e, stop, stop + 4 * HOUR) == pass_time(again, stop, stop + 4 * HOUR) != []
    assert e.snapshot() == again.snapshot()
