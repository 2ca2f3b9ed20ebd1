"""Seasons follow the local time of the tenant: a clock change is no surprise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.engine.engine import Engine
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from tests.make import Event, batch, heartbeat, window

LONDON, ELSEWHERE = "london", "elsewhere"
SETTINGS = EngineSettings(lateness_seconds=0, timezones={LONDON: "Europe/London"})


def epoch(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def nightly(at: int, change: int, before: int, after: int) -> int:
    """Runs in a minute of a batch from nine to a quarter past by London's clock."""
    local = at // 60 + 60 * (before if at < change else after)
    return 40 if 540 <= local % 1440 < 555 else 0


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [("2026-03-29T01:00:00", 0, 1), ("2026-10-25T01:00:00", 1, 0)],
)
def test_a_batch_that_follows_local_time_is_not_anomalous_when_the_clock_changes(
    change: str, before: int, after: int
) -> None:
    at = epoch(change)
    start, end = at // 86_400 * 86_400 - 3 * 86_400, at + 10 * 3600
    engine, alerts = Engine(SETTINGS), list[Alert]()
    for minute in range(start, end, 60):
        n = nightly(minute, at, before, after)
        events: list[Event] = [
            window(minute, runs={"started": n, "succeeded": n})
            | {"tenant": tenant, "id": f"{tenant}{minute}"}
            for tenant in (LONDON, ELSEWHERE)
        ]
        emissions = engine.apply(batch(*events, heartbeat(minute + 60)))
        alerts += [e for e in emissions if isinstance(e, Alert)]
    assert {alert.tenant for alert in alerts} == {ELSEWHERE}
    assert all(alert.starts_at.timestamp() > at for alert in alerts)
