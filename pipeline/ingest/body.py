"""Reading a request's body, and no more of it than is allowed."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from pipeline.ingest.problems import BadRequestError, TooLargeError


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body, whether or not its length was announced.

    Raises
    ------
    TooLargeError
        As soon as it is known to exceed ``limit`` bytes.
    BadRequestError
        If the client went away in the middle.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except ClientDisconnect:
        raise BadRequestError("the connection ended before the body did") from None
    return bytes(body)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit:,} bytes")
