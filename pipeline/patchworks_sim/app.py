"""The stand-in's HTTP application: the endpoints, with whatever befalls a request on its way."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from pipeline.patchworks_sim import endpoints
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.dates import Dated
from pipeline.patchworks_sim.endpoints import Call
from pipeline.patchworks_sim.faults import Injected
from pipeline.patchworks_sim.guise import dressed
from pipeline.patchworks_sim.query import RefusedError, Row
from pipeline.patchworks_sim.stand_in import StandIn

_BROKEN_JSON = (
    b'{"data": [{"id": 1,',
    b"<html><body>Please log in</body></html>",
    b'{"data": [{"id": NaN}], "meta": {}}',
    b'{"data": "\xff\xfe"}',
    b"[" * 100_000,
    b'{"data": {"a": 1}}',
    b'{"data": [null, 7, "row", []], "meta": null, "links": 3}',
    b"null",
    b"",
)

_Answer = Callable[[Call], Row]


class _Torn(Response):
    """An answer whose connection is cut halfway."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,  # they promise the whole length
            }
        )
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})


class _Visit:
    """One request to the stand-in: what it asks, and what befalls it."""

    def __init__(self, stand_in: StandIn, request: Request, answer: _Answer) -> None:
        self._stand_in, self._request, self._answer = stand_in, request, answer
        self._authorization = request.headers.get("authorization", "")
        self._kind = request.url.path.rpartition("/api/v1/")[2].split("/")[-1]

    async def reply(self) -> Response:
        """Answer, one way or another."""
        now = self._stand_in.clock.now()
        if self._stand_in.faults.out(now):
            self._record("outage", now, "")
            return HTMLResponse("<h1>503 Service Unavailable</h1>", 503)
        try:
            company = self._stand_in.admit(self._authorization)
            return await self._befall(company, now)
        except RefusedError as refused:
            return JSONResponse(refused.body, refused.status)

    async def _befall(self, company: Company, now: datetime) -> Response:
        wait = company.afford(_ms(now))
        dice = self._stand_in.faults.dice(company.name, company.requests)
        struck = self._stand_in.faults.draw(dice)

        def strikes(name: str) -> bool:
            if name in struck:
                self._record(name, now, company.name)
            return name in struck

        if wait or strikes("throttled"):
            headers = {"retry-after": str(-(-wait // 1000) or 5)}
            told = None if strikes("no-retry-after") else headers
            return JSONResponse({"message": "Too Many Attempts."}, 429, told)
        if "expired-tokens" in struck and self._stand_in.revoke(self._authorization):
            strikes("expired-tokens")
            raise RefusedError(401, "Unauthenticated.")
        if strikes("server-errors"):
            return HTMLResponse("<h1>Server Error</h1>", dice.choice((500, 502, 503, 504)))
        if strikes("redirects"):
            return RedirectResponse(
                self._stand_in.faults.elsewhere, dice.choice((301, 302, 307, 308))
            )
        if strikes("slow"):
            await self._stand_in.clock.sleep(dice.uniform(5, 25))
        if strikes("bad-json"):
            return Response(dice.choice(_BROKEN_JSON), media_type="application/json")
        lag = dice.uniform(0, 10) if strikes("lagging-replicas") else 0.0
        body = self._body(company, _ms(now) - round(1000 * lag), strikes, dice)
        reply = _Torn if strikes("torn") else Response
        return reply(body, media_type="application/json")

    def _body(
        self, company: Company, now: int, strikes: Callable[[str], bool], dice: random.Random
    ) -> bytes:
        company.past.reach(now)
        answer = self._answer(Call(self._request, company, now, endless=strikes("endless-pages")))
        guises = ("attributes", "strings", "dates", "wrong-types", "huge-rows")
        worn = [name for name in guises if strikes(name)]
        data = answer["data"]
        if isinstance(data, list):
            answer["data"] = [dressed(row, self._kind, worn, dice) for row in data]
        else:
            answer["data"] = dressed(data, self._kind, worn, dice)
        return json.dumps(answer).encode()

    def _record(self, fault: str, now: datetime, company: str) -> None:
        path = self._request.url.path.rpartition("/api/v1")[2]
        self._stand_in.faults.record(Injected(now, company, path, fault))


def create_app(stand_in: StandIn) -> Starlette:
    """Put a stand-in behind the paths of the hosted API and of a self-hosted one.

    ``/_truth`` tells what it truly did, without faults and without a key.
    """

    def endpoint(answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            return await _Visit(stand_in, request, answer).reply()

        return respond

    async def login(request: Request) -> Response:
        if stand_in.faults.out(stand_in.clock.now()):
            return HTMLResponse("<h1>503 Service Unavailable</h1>", 503)
        try:
            asked: dict[str, Any] = await request.json()
            token = stand_in.log_in(asked.get("email"), asked.get("password"))
        except RefusedError as refused:
            return JSONResponse(refused.body, refused.status)
        return JSONResponse({"token": token})

    async def truth(_request: Request) -> Response:
        return JSONResponse(stand_in.confession())

    routes = [
        Route("/login", login, methods=["POST"]),
        Route("/flow-runs", endpoint(endpoints.flow_runs)),
        Route("/flow-runs/{id:int}", endpoint(endpoints.flow_run)),
        Route("/flow-runs/{id:int}/flow-run-logs", endpoint(endpoints.flow_run_logs)),
        Route("/scheduled-flows", endpoint(endpoints.scheduled_flows)),
        Route("/flows", endpoint(endpoints.flows)),
        Route("/tracked-data", endpoint(endpoints.tracked_data)),
    ]
    prefixes = ("/api/v1", "/core-main/api/v1", "/fabric/api/v1")
    mounts = [Mount(prefix, routes=routes) for prefix in prefixes]
    return Starlette(
        routes=[*mounts, Route("/_truth", truth)],
        middleware=[Middleware(Dated, clock=stand_in.clock)],
    )


def _ms(instant: datetime) -> int:
    return round(1000 * instant.timestamp())
