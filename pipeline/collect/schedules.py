"""Promises: the runs that the schedules of deployed and enabled flows will bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from pipeline.collect.events import Event, event, iso
from pipeline.collect.place import FlowSeen

AHEAD = timedelta(minutes=15)
"""How far ahead runs are promised: three looks at the flows, so that no due time goes untold."""

MOST = 10_000
"""Promises a schedule makes at once at most: a week of every minute."""


class _Dues(CronSim):
    """Due times up to the end of a year: of one that never is due CronSim tries fifty years."""

    def __init__(self, cron: str, after: datetime, last_year: int) -> None:
        super().__init__(cron, after)
        self._last_year = last_year

    def advance_month(self) -> None:
        super().advance_month()
        if self.dt.year > self._last_year:
            raise StopIteration


def due_times(cron: str, after: datetime, until: datetime, zone: str) -> Iterator[datetime]:
    """Yield when a schedule is due, after one instant up to another; never, if it is no cron.

    Examples
    --------
    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 29, 0, tzinfo=UTC)
    >>> [iso(due) for due in due_times("0 9 * * *", noon, noon + timedelta(1), "Europe/London")]
    ['2026-03-29T08:00:00Z']
    >>> list(due_times("at tea time", noon, noon + timedelta(1), "UTC"))
    []
    """
    local = ZoneInfo(zone)
    try:
        dues = _Dues(cron, after.astimezone(local), until.astimezone(local).year)
    except (CronSimError, ValueError):  # the latter of a number with thousands of digits
        return
    for _, due in zip(range(MOST), takewhile(lambda at: at <= until, dues), strict=False):
        yield due.astimezone(after.tzinfo)


def promises(
    tenant: str, flows: Mapping[str, FlowSeen], after: datetime, until: datetime, zone: str
) -> list[Event]:
    """Return the runs promised after one instant up to another, by due time."""
    found = [
        event(
            tenant,
            "cogent.schedule.expected",
            f"due:{flow_id}:{iso(due)}",
            due,
            {"flow_id": flow_id, "due_at": due, "cron": cron},
        )
        for flow_id, flow in flows.items()
        if flow.enabled
        for cron in flow.crons
        for due in due_times(cron, after, until, zone)
    ]
    return sorted(found, key=lambda one: (one["time"], one["id"]))
