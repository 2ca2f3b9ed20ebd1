"""The queue: how many runs wait, of which flows, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.collect.events import Event, event, iso
from pipeline.collect.rows import BadRowError, Row, child, flat, instant, key, text

INCLUDES = "flow"


class Job(NamedTuple):
    """A run that waits."""

    id: str
    flow_id: str
    trigger: str
    queued: datetime | None
    data: Event


def read_jobs(rows: Iterable[Any]) -> list[Job]:
    """Read the rows of ``/scheduled-flows``, leaving out what cannot be read.

    What is left out is missing from a depth, and from nothing else: the run itself will be listed.

    Examples
    --------
    >>> (job,) = read_jobs([{"id": 4, "flow": {"id": 9, "name": "Orders"}, "trigger": "Schedule"}])
    >>> job.flow_id, job.trigger
    ('9', 'schedule')
    """
    jobs = []
    for row in rows:
        try:
            job = _job(flat(row))
        except BadRowError:
            continue
        if job is not None:
            jobs.append(job)
    return jobs


def _job(row: Row) -> Job | None:
    flow = child(row, "flow")
    id_, flow_id = key(row, "id"), key(row, "flow_id") or key(flow, "id")
    if id_ is None or flow_id is None:
        return None
    trigger, queued = (text(row, "trigger") or "unknown").lower(), instant(row, "created_at")
    told = {
        "run_id": f"sched:{id_}",
        "flow_id": flow_id,
        "state": "queued",
        "trigger": trigger,
        "flow_name": text(flow, "name"),
        "flow_version_id": key(row, "flow_version_id"),
        "queued_at": queued,
    }
    data = {name: value for name, value in told.items() if value is not None}
    return Job(id_, flow_id, trigger, queued, data)


def queued_event(tenant: str, job: Job, at: datetime, floor: datetime) -> Event:
    """Tell that a run waits. Its time is never before ``floor``, the watermark given."""
    since = job.queued or at
    id_ = f"run:sched:{job.id}:queued:{iso(since)}"
    return event(tenant, "cogent.flow.run", id_, max(since, floor), job.data)


def snapshot(
    tenant: str, jobs: Iterable[Job], flows: Iterable[str], running: int, at: datetime
) -> Event:
    """Tell how long the queue is; a known flow of which nothing waits has a depth of zero."""
    jobs = list(jobs)
    by_flow = dict.fromkeys(flows, 0) | Counter(job.flow_id for job in jobs)
    data = {
        "depth": len(jobs),
        "by_flow": by_flow,
        "by_trigger": Counter(job.trigger for job in jobs),
        "running": running,
    }
    waits = [(at - job.queued).total_seconds() for job in jobs if job.queued is not None]
    if waits:
        data["oldest_age_s"] = max(*waits, 0.0)
    return event(tenant, "cogent.queue.snapshot", f"queue:{tenant}:{iso(at)}", at, data)
