"""What the edge can refuse, and the one shape in which it says so (RFC 9457, problem+json).

::

    RefusedError              the request is not taken; carries its status
    ├── BadRequestError       400: not JSON, or headers that contradict each other
    ├── UnauthorizedError     401: no valid token or signature
    ├── TooSlowError          408: the body does not come
    ├── TooLargeError         413: body, event or batch over its cap
    ├── UnsupportedError      415: a content type that is not CloudEvents
    ├── InvalidEventError     422: an event breaks its contract; names every entry and field
    ├── TooManyError          429: over the rate of this token; says when to come again
    ├── FailedError           500: a defect of this program
    └── UnavailableError      503: the log, or this process, cannot take more now
        └── CutOffError       503: the body was cut off, for there is no room
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from pipeline.ingest.redact import redact_text
from schemas.errors import ContractError

MAX_FAULTS = 20
"""Faults listed one by one; a batch of a thousand bad events gets a readable answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault: the entry of the batch (None outside one), its path, and why."""

    entry: int | None
    field: str
    kind: str
    reason: str


class RefusedError(Exception):
    """A request that is not taken."""

    status = HTTPStatus.BAD_REQUEST
    title = "Request refused"

    def __init__(
        self, detail: str, faults: Sequence[Fault] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = redact_text(detail)  # the name of a field may be a key that a sender made up
        self.faults = faults
        self.retry_after = retry_after


class BadRequestError(RefusedError):
    """The request cannot be read."""


class UnauthorizedError(RefusedError):
    """Nobody we know, or a signature that does not fit."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Not authorised"


class TooSlowError(RefusedError):
    """A body that does not come."""

    status = HTTPStatus.REQUEST_TIMEOUT
    title = "Too slow"


class TooLargeError(RefusedError):
    """More than is taken at once."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Too large"


class UnsupportedError(RefusedError):
    """Not a form of CloudEvents."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Content type not supported"


class InvalidEventError(RefusedError):
    """Well-formed JSON that breaks a contract."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Event refused"


class TooManyError(RefusedError):
    """Over the rate."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many requests"


class FailedError(RefusedError):
    """A defect of this program."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = "Failed"


class UnavailableError(RefusedError):
    """Not now; the same request will be taken later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Not available now"


class CutOffError(UnavailableError):
    """No room for the rest of a body."""


def faults_of(error: ContractError, entry: int | None) -> list[Fault]:
    """Return every fault of one event."""
    faults = (error, *error.others)
    return [Fault(entry, redact_text(e.field), e.kind, e.reason) for e in faults]


def problem(refused: RefusedError) -> Response:
    """Say it as problem+json."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": refused.title,
        "status": refused.status.value,
        "detail": refused.detail,
    }
    if refused.faults:
        body["errors"] = refused.faults[:MAX_FAULTS]
    headers: dict[str, str] = {}
    if refused.retry_after is not None:
        headers["retry-after"] = str(max(1, round(refused.retry_after)))
    if isinstance(refused, UnauthorizedError):
        headers["www-authenticate"] = "Bearer"
    if isinstance(refused, (TooLargeError, TooSlowError, CutOffError)):
        headers["connection"] = "close"  # there may be more to come, and nobody to read it
    return Response(
        msgspec.json.encode(body),
        refused.status.value,
        headers=headers,
        media_type="application/problem+json",
    )
