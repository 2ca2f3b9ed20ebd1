"""The ways in: by its path, who may use each, and how to read what comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from starlette.requests import Request

from pipeline.ingest.auth import Authenticator
from pipeline.ingest.bindings import mode_of, raw_events
from pipeline.ingest.failing_run import failing_run
from pipeline.ingest.report import reported
from pipeline.ingest.shopify import received, signed
from pipeline.settings import ShopifySettings


class Door(NamedTuple):
    """One way in.

    Attributes
    ----------
    check
        Returns the name a sender is counted by, or refuses.
    read
        Returns the events of a request, each in structured JSON, or refuses.
    """

    check: Callable[[Request, bytes], str]
    read: Callable[[Request, bytes], list[bytes]]


def doors(
    authenticator: Authenticator,
    shops: dict[str, ShopifySettings],
    clock: Callable[[], datetime],
) -> dict[str, Door]:
    """Return every way in, by its path."""

    def known(request: Request, body: bytes) -> str:
        client = request.client.host if request.client else ""
        return authenticator.check(request.headers, body, client)

    def known_with_events(request: Request, body: bytes) -> str:
        mode_of(request.headers)  # what cannot be read is refused before anybody is known
        return known(request, body)

    def events(request: Request, body: bytes) -> list[bytes]:
        return raw_events(mode_of(request.headers), request.headers, body)

    def report(request: Request, body: bytes) -> list[bytes]:
        return reported(body, request.query_params.get("tenant"), clock())

    def failing(request: Request, body: bytes) -> list[bytes]:
        return failing_run(body, request.query_params.get("tenant"), clock())

    def signed_by_shop(request: Request, body: bytes) -> str:
        return signed(shops, request.path_params["name"], request.headers, body)

    def webhook(request: Request, body: bytes) -> list[bytes]:
        return received(shops[request.path_params["name"]], request.headers, body, clock())

    return {
        "/v1/events": Door(known_with_events, events),
        "/v1/report": Door(known, report),
        "/v1/failing-run": Door(known, failing),
        "/v1/webhooks/shopify/{name}": Door(signed_by_shop, webhook),
    }
