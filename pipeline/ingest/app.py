"""The HTTP application: the ways in for events, health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from pipeline.ingest.admission import admit
from pipeline.ingest.auth import Authenticator
from pipeline.ingest.body import read_body
from pipeline.ingest.doors import Door, doors
from pipeline.ingest.heartbeat import beat
from pipeline.ingest.in_flight import RETRY_AFTER, InFlight, Place
from pipeline.ingest.problems import FailedError, RefusedError, UnavailableError, problem
from pipeline.ingest.rate_limit import RateLimit
from pipeline.log.base import EventLog, LogUnavailableError
from pipeline.settings import IngestSettings
from schemas.render import FOLDER

_DESCRIPTION = FOLDER / "openapi.json"

log = structlog.get_logger()


class Ingest:
    """One edge: its log, its senders, its counters."""

    def __init__(
        self, settings: IngestSettings, event_log: EventLog, clock: Callable[[], datetime]
    ) -> None:
        self.settings = settings
        self.log = event_log
        self.clock = clock
        self.authenticator = Authenticator(settings)
        self.rate_limit = RateLimit(settings.requests_per_second)
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cogentai_ingest_requests", "Requests by status.", ["code"], registry=self.registry
        )
        self.in_flight = InFlight(settings.max_in_flight, settings.max_in_flight_bytes)
        Gauge(
            "cogentai_ingest_in_flight", "Requests being taken now.", registry=self.registry
        ).set_function(lambda: len(self.in_flight))
        self.events = Counter(
            "cogentai_ingest_events", "Events accepted.", ["sender"], registry=self.registry
        )

    def through(self, door: Door) -> Callable[[Request], Awaitable[Response]]:
        """Return what takes events by a door; it answers 202 once they are durable in the log."""

        async def post(request: Request) -> Response:
            try:
                with self.in_flight.place() as place:
                    accepted = await self._take(request, door, place)
                response: Response = JSONResponse({"accepted": accepted}, HTTPStatus.ACCEPTED)
            except RefusedError as refused:
                response = problem(refused)
                log.info("refused", status=refused.status.value, detail=refused.detail)
            self.requests.labels(code=str(response.status_code)).inc()
            return response

        return post

    async def _take(self, request: Request, door: Door, place: Place) -> int:
        body = await read_body(request, self.settings.max_body_bytes, place)
        sender = door.check(request, body)
        self.rate_limit.take(sender)
        entries = admit(door.read(request, body), self.settings, self.clock())
        try:
            await self.log.append(entries)
        except LogUnavailableError as error:
            log.warning("log unavailable", reason=str(error))
            raise UnavailableError(
                "the log cannot take events now; send the same again", retry_after=RETRY_AFTER
            ) from None
        self.events.labels(sender=sender).inc(len(entries))
        return len(entries)

    async def metrics(self, _request: Request) -> Response:
        """Return the metrics of this edge."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Write heartbeats while serving."""
        if self.authenticator.open_to_this_machine:
            log.warning("no token is configured: only clients on this machine are let in")
        if self.settings.heartbeat_seconds == 0:
            yield
            return
        beating = asyncio.create_task(beat(self.log, self.settings, self.clock))
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating


async def alive(_request: Request) -> Response:
    """Say that this process answers.

    Ready means no more than that: senders understand the 503 they get while the log is away, and
    taking every edge out of service would tell them less.
    """
    return PlainTextResponse("ok\n")


async def described(_request: Request) -> Response:
    """Return what this server takes and answers, as OpenAPI."""
    return Response(_DESCRIPTION.read_bytes(), media_type="application/json")


async def misdirected(_request: Request, error: Exception) -> Response:
    """Answer what goes to no path or method of ours in the same shape as any refusal."""
    assert isinstance(error, HTTPException)
    refused = RefusedError("events go to POST /v1/events")
    refused.status = HTTPStatus(error.status_code)
    refused.title = refused.status.phrase
    return problem(refused)


async def broken(_request: Request, _error: Exception) -> Response:
    """Answer for a defect of this program; the server logs what it was."""
    return problem(FailedError("the edge failed; nothing was acknowledged"))


def create_app(
    settings: IngestSettings,
    event_log: EventLog,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """Wire the edge to a log.

    Parameters
    ----------
    clock
        For ``observed_at`` and heartbeats; the engine never sees it.
    """
    ingest = Ingest(settings, event_log, clock)
    ways = doors(ingest.authenticator, settings.shopify, clock)
    health = ("/-/healthy", "/-/ready", "/livez", "/readyz")
    return Starlette(
        routes=[
            *(Route(path, ingest.through(door), methods=["POST"]) for path, door in ways.items()),
            Route("/metrics", ingest.metrics),
            Route("/openapi.json", described),
            *(Route(path, alive) for path in health),
        ],
        exception_handlers={HTTPException: misdirected, Exception: broken},
        lifespan=ingest.lifespan,
    )
