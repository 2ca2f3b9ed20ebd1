"""Reading a request's body: no more of it than is allowed, and no longer than is reasonable."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from pipeline.ingest.in_flight import Place
from pipeline.ingest.problems import BadRequestError, TooLargeError, TooSlowError

LINGER = 8
"""Caps' worth of a body that is too large to read on, and throw away: a sender that is cut off
while it still sends may never see the answer."""


async def read_body(request: Request, limit: int, place: Place) -> bytes:
    """Return the body.

    Parameters
    ----------
    limit
        Its most bytes.
    place
        Where its bytes are held, and which says how long it may take.

    Raises
    ------
    TooLargeError
        If it has more than ``limit`` bytes.
    TooSlowError
        If it has not come in time.
    UnavailableError
        If there was no room for it, or it was cut off for the sake of others.
    BadRequestError
        If the client went away in the middle.
    """
    body = bytearray()
    size = 0
    try:
        async with place.timeout:
            async for chunk in request.stream():
                size += len(chunk)
                if size <= limit:
                    place.grow(len(chunk))
                    body += chunk
                elif size > limit * LINGER:
                    break
    except ClientDisconnect:
        raise BadRequestError("the connection ended before the body did") from None
    except TimeoutError:
        place.check()
        raise TooSlowError(f"the body did not come within {place.seconds:g} seconds") from None
    if size > limit:
        raise TooLargeError(f"the body is larger than {limit:,} bytes")
    place.wait()
    return bytes(body)
