"""Reading a request's body: no more of it than is allowed, and no longer than is reasonable."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from pipeline.ingest.problems import BadRequestError, TooLargeError, TooSlowError

BODY_SECONDS = 30.0
"""A body of the default cap comes within this at 35 kB/s; slower ones would only hold places."""


async def read_body(request: Request, limit: int, seconds: float = BODY_SECONDS) -> bytes:
    """Return the body, whether or not its length was announced.

    Raises
    ------
    TooLargeError
        As soon as it is known to exceed ``limit`` bytes.
    TooSlowError
        If it has not come within ``seconds``.
    BadRequestError
        If the client went away in the middle.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except ClientDisconnect:
        raise BadRequestError("the connection ended before the body did") from None
    except TimeoutError:
        raise TooSlowError(f"the body did not come within {seconds:g} seconds") from None
    return bytes(body)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit:,} bytes")
