"""The stand-in's HTTP application: the endpoints of the Core API a collector reads."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from pipeline.patchworks_sim import rows
from pipeline.patchworks_sim.clock import Clock
from pipeline.patchworks_sim.company import REQUESTS_A_MINUTE, RETENTION_MS, Company
from pipeline.patchworks_sim.past import Run
from pipeline.patchworks_sim.query import Query, RefusedError, Row, envelope

TOKEN_MS = 24 * 3_600_000
"""A login lasts a day."""


@dataclass(slots=True)
class StandIn:
    """A Patchworks for some companies, at the time its clock tells."""

    clock: Clock
    companies: Sequence[Company]
    _tokens: dict[str, tuple[Company, int]] = field(default_factory=dict)

    def now(self) -> int:
        """Return the instant, in epoch milliseconds."""
        return round(self.clock.now().timestamp() * 1000)

    def log_in(self, email: object, password: object) -> str:
        """Return a token for a company's user."""
        for company in self.companies:
            if (email, password) == (company.email, company.password):
                token = secrets.token_urlsafe(32)
                self._tokens[token] = company, self.now() + TOKEN_MS
                return token
        raise RefusedError(401, "These credentials do not match our records.")

    def admit(self, authorization: str, now: int) -> Company:
        """Return whose key or token it is."""
        for company in self.companies:
            if authorization == company.api_key:
                return company
        company_and_end = self._tokens.get(authorization.removeprefix("Bearer "))
        if company_and_end is None or now >= company_and_end[1]:
            raise RefusedError(401, "Unauthenticated.")
        return company_and_end[0]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in, and the instant it is answered as of."""

    request: Request
    company: Company
    now: int

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
        """Show a page of what was found."""
        data = [show(one) for one in query.slice(found)]
        return envelope(query, self.request.url, len(found), data)


RUN_FILTERS = (
    "flow_id", "flow_version_id", "trigger", "status", "started_before", "started_after",
    "has_warnings", "retried",
)  # fmt: skip


def flow_runs(call: Call) -> Row:
    """List runs, the latest first."""
    query = Query.parse(call.request.query_params, filters=RUN_FILTERS, includes=rows.RUN_INCLUDES)
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
    query = Query.parse(call.request.query_params, filters=(), includes=rows.RUN_INCLUDES)
    return {"data": rows.run_row(call.run(), call.now, query.includes)}


def flow_run_logs(call: Call) -> Row:
    """List the lines a run has logged."""
    query = Query.parse(
        call.request.query_params, filters=(), includes=("flowRunLogMetadata", "flowStep")
    )
    found = rows.log_rows(call.run(), call.now)
    if query.sort.startswith("-"):
        found.reverse()
    return call.page(query, found, lambda row: row)


def scheduled_flows(call: Call) -> Row:
    """List the queue."""
    query = Query.parse(
        call.request.query_params,
        filters=("status", "flow_version_id"),
        includes=("flow", "flowVersion", "payloadMetadata"),
    )
    waiting = [
        job
        for job in call.company.past.queue(call.now)
        if query.one_of("flow_version_id", job.flow.version_id)
        and query.one_of("status", "pending")
    ]
    return call.page(query, waiting, lambda job: rows.job_row(job, query.includes))


def flows(call: Call) -> Row:
    """List the company's flows."""
    query = Query.parse(
        call.request.query_params,
        filters=("id", "name", "status", "is_enabled"),
        includes=("currentVersion", "currentVersion.schedules"),
    )
    found = [flow for flow in call.company.past.flows.values() if query.one_of("id", flow.id)]
    return call.page(
        query, found, lambda flow: rows.flow_row(flow, call.company.since, query.includes)
    )


def tracked_data(call: Call) -> Row:
    """List business keys seen on their way, the latest first."""
    query = Query.parse(
        call.request.query_params,
        filters=("flow_id", "flow_run_id", "entity_type_id", "created_before", "created_after"),
        includes=("flow", "entityType"),
    )
    after = query.milliseconds("created_after", call.oldest)
    before = min(query.milliseconds("created_before", call.now), call.now)
    found = [
        (at, run, direction)
        for at, run, direction in call.company.past.tracked(after, before)
        if rows.tracks(run.flow)
        and query.one_of("flow_id", run.flow.id)
        and query.one_of("flow_run_id", run.id)
    ]
    found.reverse()
    return call.page(query, found, lambda passed: rows.tracked_row(*passed))


def create_app(stand_in: StandIn) -> Starlette:
    """Put a stand-in behind the paths of the hosted API and of a self-hosted one."""

    def endpoint(answer: Callable[[Call], Row]) -> Callable[[Request], Any]:
        async def respond(request: Request) -> Response:
            try:
                return _json(answer(_admit(stand_in, request)))
            except RefusedError as refused:
                headers = {"retry-after": "30"} if refused.status == 429 else None
                return JSONResponse(refused.body, refused.status, headers)

        return respond

    async def login(request: Request) -> Response:
        try:
            asked = msgspec.json.decode(await request.body(), type=dict[str, Any])
            token = stand_in.log_in(asked.get("email"), asked.get("password"))
        except RefusedError as refused:
            return JSONResponse(refused.body, refused.status)
        return JSONResponse({"token": token})

    routes = [
        Route("/login", login, methods=["POST"]),
        Route("/flow-runs", endpoint(flow_runs)),
        Route("/flow-runs/{id:int}", endpoint(flow_run)),
        Route("/flow-runs/{id:int}/flow-run-logs", endpoint(flow_run_logs)),
        Route("/scheduled-flows", endpoint(scheduled_flows)),
        Route("/flows", endpoint(flows)),
        Route("/tracked-data", endpoint(tracked_data)),
    ]
    prefixes = ("/api/v1", "/core-main/api/v1", "/fabric/api/v1")
    return Starlette(routes=[Mount(prefix, routes=routes) for prefix in prefixes])


def _admit(stand_in: StandIn, request: Request) -> Call:
    now = stand_in.now()
    company = stand_in.admit(request.headers.get("authorization", ""), now)
    if company.count(now) > REQUESTS_A_MINUTE:
        raise RefusedError(429, "Too Many Attempts.")
    company.past.reach(now)
    return Call(request, company, now)


def _json(body: Row) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
