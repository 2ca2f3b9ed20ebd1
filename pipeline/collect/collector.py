"""The collector of one company: poll after poll, without a gap.

What its watermark promises. A heartbeat at ``W`` says that every event before ``W`` has been
delivered. A poll first learns the API's own time, ``now``; only then it reads again all runs that
were open, and lists the runs that started up to ``W = now - settle``. A run that started or ended
before ``W`` did so before either was read, and so was seen. Should the API show something later
than it settles, its event takes place at the watermark: counted a little late, and not lost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from pipeline.collect import logs, queue, schedules
from pipeline.collect.client import Client
from pipeline.collect.clock import Clock
from pipeline.collect.delivery import Delivery
from pipeline.collect.errors import PatchworksError, TooLongError
from pipeline.collect.events import Event, heartbeat, unreadable
from pipeline.collect.flows import FLOWS_EVERY, Look, read_flows
from pipeline.collect.metrics import CompanyMetrics
from pipeline.collect.open_runs import read_ended
from pipeline.collect.paging import read_list
from pipeline.collect.place import Place, Places
from pipeline.collect.queue import Job
from pipeline.collect.rows import BadRowError, flat, objects
from pipeline.collect.runs import INCLUDES, Run, end_event, read_run, start_event
from pipeline.collect.tracked import read_tracked
from pipeline.collect.windows import EDGE, OVERLAP, SHORTEST, Stride, Window
from pipeline.settings import CompanySettings

RETENTION = timedelta(days=7) - timedelta(minutes=10)
"""Patchworks forgets runs after seven days; the edge of that is left alone while it is read."""

Progress = Callable[[datetime, datetime, datetime], None]
"""Told of the beginning of the way, how far it is done, and its end."""

log = structlog.get_logger()


class Collector:
    """Polls one company and delivers what it finds.

    Parameters
    ----------
    on_progress
        Told after every window of start times.
    """

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        tenant: str,
        company: CompanySettings,
        client: Client,
        places: Places,
        delivery: Delivery,
        clock: Clock,
        metrics: CompanyMetrics,
        on_progress: Progress = lambda _start, _done, _end: None,
    ) -> None:
        self.tenant = tenant
        self._company = company
        self.client = client
        self._places = places
        self._delivery = delivery
        self._clock = clock
        self._metrics = metrics
        self._on_progress = on_progress
        self._stride = Stride()
        self._flows_due: datetime | None = None
        self._rate = 0.0

    async def poll(self) -> None:
        """Deliver everything up to now.

        What has been delivered when it fails is not delivered again, for the place is kept after
        every window.

        Raises
        ------
        PatchworksError
            If the API gives no good answer.
        LogUnavailableError
            If the log cannot take what was found.
        """
        waiting = await read_list(self.client, "/scheduled-flows", {"include": queue.INCLUDES})
        now = waiting.at
        target = now - timedelta(seconds=self._company.settle_seconds)
        place = await self._place(target)
        if target <= place.told:
            return
        look = await self._look_at_flows(now)
        jobs = queue.read_jobs(waiting.rows)
        events = await self._read_open(place)
        begun = place.told
        while place.told < target:
            window, found = await self._read_next(place, target, overlap=place.told == begun)
            events += found
            events += look.promises_until(place, window.end + schedules.AHEAD)
            if window.end == target:
                events += [*look.changes(place), *self._queue(place, jobs, now)]
                events += await self._tracked(place, target)
            await self._deliver(place, events, window.end)
            self._on_progress(begun, window.end, target)
            events = []

    async def _place(self, target: datetime) -> Place:
        place = await self._places.load(self.tenant)
        if place is None:
            start = target - min(timedelta(days=self._company.backfill_days), RETENTION)
            place = Place(since=start, told=start)
            await self._places.save(self.tenant, place)
        elif place.told < target - RETENTION:
            log.warning("gap", tenant=self.tenant, since=str(place.told), reason="beyond retention")
            place.since = place.told = target - RETENTION
        return place

    async def _read_open(self, place: Place) -> list[Event]:
        """Read those open runs again that the next windows will not show."""
        limit = place.told - OVERLAP
        older = {run: started for run, started in place.open.items() if started < limit}
        rows, gone = await read_ended(self.client, older, self._rate)
        for run_id in gone:
            log.warning("run is gone", tenant=self.tenant, run_id=run_id)
            del place.open[run_id]
        return await self._events(place, rows)

    async def _read_next(
        self, place: Place, target: datetime, *, overlap: bool
    ) -> tuple[Window, list[Event]]:
        """Read the next window, as long as lists can be read to their end."""
        while True:
            length = self._stride.length
            window = Window(place.told, min(place.told + length, target))
            try:
                return window, await self._read_window(place, window, overlap=overlap)
            except TooLongError as error:
                if window.end - window.start <= SHORTEST:
                    raise
                self._stride.shorten(window.end - window.start, error.rows)

    async def _read_window(self, place: Place, window: Window, *, overlap: bool) -> list[Event]:
        start = max(window.start - OVERLAP, place.since) if overlap else window.start
        params = {**Window(start, window.end).params, "include": INCLUDES, "sort": "-started_at"}
        rows = (await read_list(self.client, "/flow-runs", params)).rows
        self._stride.learn(len(rows))
        self._rate = len(rows) / max((window.end - start).total_seconds(), 1.0)
        return await self._events(place, rows)

    async def _events(self, place: Place, rows: list[Any]) -> list[Event]:
        return [event for row in rows for event in await self._of_row(place, row)]

    async def _of_row(self, place: Place, found: Any) -> list[Event]:
        """Tell what is new about a run, and note in the place that it has been told."""
        try:
            row = flat(found)
            run = read_run(row)
        except BadRowError as error:
            return self._unreadable(place, found, str(error))
        if run.run_id in place.recent:
            return []
        events = []
        if run.run_id not in place.open:
            events.append(start_event(self.tenant, run, place.told))
        if run.finished is None:
            place.open[run.run_id] = run.started
            return events
        place.open.pop(run.run_id, None)
        place.recent[run.run_id] = run.started
        end = end_event(self.tenant, run, place.told)
        lines = objects(row.get("error_warning_logs"))
        if logs.needs_log(run, row, self._company.success_log_share):
            lines = await self._log_of(run) or lines
        # The engine takes what the log says for the better word, if it comes before the end.
        return [*events, *logs.log_events(self.tenant, run, end, lines), end]

    def _unreadable(self, place: Place, found: Any, reason: str) -> list[Event]:
        letter = unreadable(self.tenant, found, reason, place.told)
        if letter["id"] in place.recent:
            return []
        place.recent[letter["id"]] = self._clock.now()
        return [letter]

    async def _log_of(self, run: Run) -> list[Any]:
        """Read a run's log, if there is budget to spare: it is the first that is done without."""
        if not self.client.budget.spare():
            self._metrics.shed()
            return []
        try:
            return await logs.read_log(self.client, run.run_id)
        except PatchworksError as error:
            log.info("log not read", tenant=self.tenant, run_id=run.run_id, reason=str(error))
            return []

    async def _tracked(self, place: Place, target: datetime) -> list[Event]:
        """Read tracked data, if there is budget to spare; what is left out comes later."""
        if not self._company.tracked_data:
            return []
        if not self.client.budget.spare():
            self._metrics.shed()
            return []
        try:
            return await read_tracked(self.client, self.tenant, place, target)
        except PatchworksError as error:
            log.info("tracked data not read", tenant=self.tenant, reason=str(error))
            self._metrics.failed(error)
            return []

    async def _look_at_flows(self, now: datetime) -> Look:
        """Read flows and schedules, if it is time to; runs can be told of without."""
        if self._flows_due is not None and now < self._flows_due:
            return Look(self.tenant, None, now, self._company.timezone)
        self._flows_due = now + FLOWS_EVERY
        try:
            found = await read_flows(self.client)
        except PatchworksError as error:
            log.warning("flows not read", tenant=self.tenant, reason=str(error))
            self._metrics.failed(error)
            found = None
        return Look(self.tenant, found, now, self._company.timezone)

    def _queue(self, place: Place, jobs: list[Job], now: datetime) -> list[Event]:
        known = set(place.queued)
        fresh = [job for job in jobs if job.id not in known]
        place.queued = [job.id for job in jobs]
        told = [queue.queued_event(self.tenant, job, now, place.told) for job in fresh]
        running = len(place.open)
        return [*told, queue.snapshot(self.tenant, jobs, place.flows or (), running, now)]

    async def _deliver(self, place: Place, events: list[Event], watermark: datetime) -> None:
        """Deliver events and the watermark they justify; then keep the place."""
        now = self._clock.now()
        beat = heartbeat(
            self.tenant,
            watermark,
            place.since,
            lag_s=max((now - watermark).total_seconds(), 0.0),
            calls_used=self.client.budget.used,
            calls_limit=self.client.budget.per_minute,
        )
        delivered = await self._delivery.send(events, beat, self.client.secrets(), now)
        place.told = watermark
        listed = watermark - OVERLAP - 2 * EDGE
        place.recent = {run: start for run, start in place.recent.items() if start >= listed}
        await self._places.save(self.tenant, place)
        self._metrics.delivered(delivered, watermark, now)
