"""What each endpoint answers, when nothing goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from pipeline.patchworks_sim import rows
from pipeline.patchworks_sim.company import RETENTION_MS, Company
from pipeline.patchworks_sim.objects import Run
from pipeline.patchworks_sim.query import Query, RefusedError, Row, envelope

RUN_FILTERS = (
    "flow_id", "flow_version_id", "trigger", "status", "started_before", "started_after",
    "has_warnings", "retried",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in, and the instant (epoch milliseconds) it is answered as of."""

    request: Request
    company: Company
    now: int
    endless: bool = False

    @property
    def oldest(self) -> int:
        """Instant before which nothing is kept."""
        return self.now - RETENTION_MS

    def run(self) -> Run:
        """Return the run the path names."""
        run = self.company.past.by_id.get(int(self.request.path_params["id"]))
        if run is None or not self.oldest <= run.started <= self.now:
            raise RefusedError(404, "No query results for model [FlowRun].")
        return run

    def page(self, query: Query, found: Sequence[Any], show: Callable[[Any], Row]) -> Row:
        """Show a page of what was found; of an endless list, the first page under other ids."""
        if not self.endless:
            data = [show(one) for one in query.slice(found)]
            return envelope(query, self.request.url, len(found), data)
        data = [show(one) for one in replace(query, page=1).slice(found)]
        data = [row | {"id": row["id"] + 10**9 * query.page} for row in data]
        return envelope(query, self.request.url, 10**9, data)


def flow_runs(call: Call) -> Row:
    """List runs, the latest first."""
    query = _query(call, RUN_FILTERS, rows.RUN_INCLUDES)
    after = max(query.milliseconds("started_after", call.oldest), call.oldest)
    before = min(query.milliseconds("started_before", call.now), call.now)
    found = [
        run
        for run in call.company.past.started(after, before)
        if query.one_of("flow_id", run.flow.id)
        and query.one_of("flow_version_id", run.flow.version_id)
        and query.one_of("trigger", run.trigger)
        and query.one_of("status", run.status(call.now))
        and (not query.flag("has_warnings") or (run.warned and call.now >= run.finished))
        and (not query.flag("retried") or run.retry_of is not None)
    ]
    if query.sort != "started_at":
        found.reverse()
    return call.page(query, found, lambda run: rows.run_row(run, call.now, query.includes))


def flow_run(call: Call) -> Row:
    """Show one run."""
    query = _query(call, (), rows.RUN_INCLUDES)
    return {"data": rows.run_row(call.run(), call.now, query.includes)}


def flow_run_logs(call: Call) -> Row:
    """List the lines a run has logged, the oldest first."""
    query = _query(call, (), ("flowRunLogMetadata", "flowStep"))
    found = rows.log_rows(call.run(), call.now)
    if query.sort.startswith("-"):
        found.reverse()
    return call.page(query, found, lambda row: row)


def scheduled_flows(call: Call) -> Row:
    """List the queue, the oldest job first."""
    query = _query(call, ("status", "flow_version_id"), ("flow", "flowVersion", "payloadMetadata"))
    waiting = [
        job
        for job in call.company.past.queue(call.now)
        if query.one_of("flow_version_id", job.flow.version_id)
        and query.one_of("status", rows.WAITING)
    ]
    return call.page(query, waiting, lambda job: rows.job_row(job, query.includes))


def flows(call: Call) -> Row:
    """List the company's flows."""
    query = _query(call, ("id",), ("currentVersion", "currentVersion.schedules"))
    found = [flow for flow in call.company.past.flows.values() if query.one_of("id", flow.id)]
    since = call.company.since
    return call.page(query, found, lambda flow: rows.flow_row(flow, since, query.includes))


def tracked_data(call: Call) -> Row:
    """List business keys seen on their way, the latest first."""
    names = ("flow_id", "flow_run_id", "entity_type_id", "created_before", "created_after")
    query = _query(call, names, ("flow", "entityType"))
    after = query.milliseconds("created_after", call.oldest)
    before = min(query.milliseconds("created_before", call.now), call.now)
    found = [
        passed
        for passed in call.company.past.tracked(after, before)
        if query.one_of("flow_id", passed.run.flow.id)
        and query.one_of("flow_run_id", passed.run.id)
        and query.one_of("entity_type_id", passed.entity.id)
    ]
    found.reverse()
    return call.page(query, found, rows.tracked_row)


def _query(call: Call, filters: Sequence[str], includes: Sequence[str] | frozenset[str]) -> Query:
    return Query.parse(call.request.query_params, filters=filters, includes=includes)
