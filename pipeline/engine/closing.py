"""Closing windows: when the watermark allows it, judge them and raise alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from detectors.bank import FlowBank
from detectors.calibration import threshold
from detectors.columns import Bools, Floats
from detectors.volume import lookahead
from detectors.width import Width
from pipeline.engine.accumulator import COLUMN, SILENT
from pipeline.engine.alerting import Alerting, Context
from pipeline.engine.calendar import Calendar
from pipeline.engine.emissions import ClosedWindow
from pipeline.engine.error_log import ErrorLog
from pipeline.engine.flows import Feed, Flows, Rows
from pipeline.engine.memory import Memory
from pipeline.engine.open_windows import OpenWindows, Sums, columns
from pipeline.engine.outlooks import Outlooks
from pipeline.engine.rolling import Rolling
from pipeline.engine.schedule import Schedules
from pipeline.engine.watermarks import Watermarks
from pipeline.settings import EngineSettings
from schemas.alerts import Alert

SETTLE = 75
"""Unwatched windows that are stepped through one by one before watching resumes, so that the
detectors' rings (71 windows at most) hold nothing from before the gap."""

TRIGGERS = (
    "api",
    "manual",
    "router",
    "webhook",
    "schedule",
    "shape",
    "retry",
    "event",
    "callback",
)
"""What starts runs, as Patchworks names it. The order is part of the state."""


class Closing:
    """The windows of a partition from open to judged."""

    def __init__(
        self,
        settings: EngineSettings,
        flows: Flows,
        watermarks: Watermarks,
        outlooks: Outlooks,
    ) -> None:
        self._width = settings.window_seconds
        self._lateness = settings.lateness_seconds
        self.ahead = lookahead(Width(self._width))
        self._flows = flows
        self._watermarks = watermarks
        self._outlooks = outlooks
        self._calendar = Calendar(settings.timezone, settings.timezones)
        self._zones: list[int] = []
        self.windows = OpenWindows()
        self.schedules = Schedules()
        self._rolling = Rolling(self._width)
        limit = threshold(settings.alerts_per_flow_week)
        self.bank = FlowBank(
            threshold=limit,
            window_seconds=self._width,
            horizon_minutes=settings.failure_horizon_minutes,
            warnings_per_flow_week=settings.alerts_per_flow_week,
        )
        self.errors = ErrorLog(self._width, settings.alerts_per_flow_week, limit)
        self.alerting = Alerting(settings.calm_minutes * 60)

    def grow(self, tenant: str) -> None:
        """Make room for one more flow, of a tenant."""
        self._zones.append(self._calendar.zone(tenant))
        self.bank.grow(len(self._zones))
        self.errors.grow(len(self._zones))

    def describe(self, row: int, trigger: str) -> None:
        """Note what starts the runs of a flow: a young one learns from those started alike."""
        if trigger in TRIGGERS:
            self.bank.describe(row, TRIGGERS.index(trigger) + 1)

    def first_open(self, collectors: frozenset[str]) -> int | None:
        """Return the first window that is still open to events from some collectors."""
        limit = self._watermarks.limit(collectors)
        return None if limit is None else self._last_closable(limit, collectors) + 1

    def _last_closable(self, limit: int, collectors: frozenset[str]) -> int:
        lateness = 0 if self._watermarks.finished(collectors) else self._lateness
        return (limit - lateness) // self._width - 1

    def close_due(self, feed: Feed) -> Iterator[ClosedWindow | Alert]:
        """Close every window of a feed that its watermark has passed, oldest first."""
        limit = self._watermarks.limit(feed.collectors)
        rows = feed.rows
        if limit is None or not len(rows):
            return
        last = self._last_closable(limit, feed.collectors)
        while True:
            upcoming = self._flows.upcoming[rows]
            number = int(upcoming.min())
            if number > last:
                return
            here = rows[upcoming == number]
            if not self._leap(feed, number, here):
                yield from self._close(feed, number, here)

    def _leap(self, feed: Feed, number: int, rows: Rows) -> bool:
        """Pass over all but the end of a long stretch that nobody watched."""
        start = number * self._width
        if self._watermarks.watched(feed.collectors, start, start + self._width):
            return False
        resumes = self._watermarks.next_watched(feed.collectors, start)
        if resumes is None:
            return False
        target = min(resumes // self._width - SETTLE, self.windows.earliest(rows, resumes))
        if target <= number:
            return False
        self._flows.upcoming[rows] = target
        return True

    def _close(self, feed: Feed, number: int, rows: Rows) -> Iterator[ClosedWindow | Alert]:
        start = number * self._width
        sums, complaints = self.windows.close(number, rows), self.errors.take(number, rows)
        self._flows.upcoming[rows] = number + 1
        self._rolling.close(rows, number, sums)
        judged = self._judged(feed, start, rows, sums)
        ran = sums[:, COLUMN["started"]] > 0
        overdue = self._overdue(start + self._width, rows, ran | ~judged)
        outlook = self._outlooks.of(start, start + self.ahead * self._width)
        if not judged.all():
            self.bank.skip(rows[~judged], *self._minutes(start, rows[~judged]), outlook)
            rows, sums, overdue = rows[judged], sums[judged], overdue[judged]
        if not len(rows):
            return
        self.bank.excuse(rows[self._outlooks.holiday(rows, start)])
        windows = columns(sums, rows, self._flows, overdue)
        verdicts = self.bank.step(rows, *self._minutes(start, rows), windows, outlook)
        flows = [self._flows.keys[row] for row in rows.tolist()]
        learning = self.bank.learning(rows)
        relearning = self._outlooks.relearning(start)[rows]
        verdicts |= self.errors.judge(number, rows, complaints, learning)
        counts = self.errors.counts(rows, complaints)
        closed = ClosedWindow(
            start, self._width, flows, windows, verdicts, learning, relearning, counts
        )
        yield closed
        for alert in self.alerting.judge(closed, rows, self._context(number)):
            self._outlooks.raised(alert)
            yield alert

    def _judged(self, feed: Feed, start: int, rows: Rows, sums: Sums) -> Bools:
        """Tell which windows can be judged: watched (or not empty), and not masked."""
        watched = self._watermarks.watched(feed.collectors, start, start + self._width)
        judged: Bools = (sums != SILENT).any(axis=1) | watched
        return judged & ~self._outlooks.masked(rows, start)

    def minutes(self, start: int, rows: Rows) -> Rows:
        """Return the local minute of the week at an instant, by row."""
        zones = np.array(self._zones, dtype=np.int64)[rows]
        return self._calendar.minutes_of_week(start)[zones]

    def _minutes(self, start: int, rows: Rows) -> tuple[Rows, Rows]:
        return self.minutes(start, rows), self.minutes(start + self.ahead * self._width, rows)

    def _overdue(self, end: int, rows: Rows, settled: Bools) -> Floats:
        """Settle the promises of flows that ran or could not be judged; return who is late."""
        overdue = np.full(len(rows), np.nan)
        for i in np.flatnonzero(np.isin(rows, self.schedules.rows())).tolist():
            row = int(rows[i])
            if settled[i]:
                self.schedules.settle(row, end)
            overdue[i] = self.schedules.overdue(row, end)
        return overdue

    def _context(self, number: int) -> Context:
        memory = Memory(self._rolling, number, self.errors.latest, self.bank.learning)
        return Context(
            name=self._flows.names.__getitem__,
            total=memory.total,
            foresight=self.bank.foresight,
            recently=memory.recently,
            background=self._outlooks.mention,
            quote=self.errors.quote,
            queue=memory.queue,
            newest=self.errors.newest,
        )

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "zones": list(self._zones),
            "windows": self.windows.state(),
            "schedules": self.schedules.state(),
            "rolling": self._rolling.state(),
            "bank": self.bank.state(),
            "alerting": self.alerting.state(),
            "errors": self.errors.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._zones = list(state["zones"])
        self.windows.restore(state["windows"])
        self.schedules.restore(state["schedules"])
        self._rolling.restore(state["rolling"])
        self.bank.restore(state["bank"])
        self.alerting.restore(state["alerting"])
        self.errors.restore(state["errors"])
