"""Reading a request's body: no more of it than is allowed, and no longer than is reasonable."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from pipeline.ingest.problems import BadRequestError, TooLargeError, TooSlowError

BODY_SECONDS = 30.0
"""A body of the default cap comes within this at 35 kB/s; slower ones would only hold places."""

LINGER = 8
"""Caps' worth of a body that is too large to read on, and throw away: a sender that is cut off
while it still sends may never see the answer."""


async def read_body(request: Request, limit: int, seconds: float = BODY_SECONDS) -> bytes:
    """Return the body.

    Raises
    ------
    TooLargeError
        If it has more than ``limit`` bytes.
    TooSlowError
        If it has not come within ``seconds``.
    BadRequestError
        If the client went away in the middle.
    """
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= limit:
                    body += chunk
                elif size > limit * LINGER:
                    break
    except ClientDisconnect:
        raise BadRequestError("the connection ended before the body did") from None
    except TimeoutError:
        raise TooSlowError(f"the body did not come within {seconds:g} seconds") from None
    if size > limit:
        raise TooLargeError(f"the body is larger than {limit:,} bytes")
    return bytes(body)
