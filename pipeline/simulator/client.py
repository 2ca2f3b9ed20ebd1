"""The sending side of the HTTP ingest: batches of events, sent again while it asks to wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

Send = Callable[[bytes], Awaitable[None]]
"""Delivers one ``application/cloudevents-batch+json`` body, and returns once it is accepted."""

_ATTEMPTS = 30
_WAIT = (429, 503)
"""Too many requests, or the log cannot take records now: both pass."""


class IngestError(Exception):
    """The ingest did not take a batch. The message holds its status and what it says, no token."""


@asynccontextmanager
async def ingest(url: str, token: str) -> AsyncIterator[Send]:
    """Open a connection to an ingest at ``url``, and give what sends to it.

    Raises
    ------
    IngestError
        From sending: a batch was refused, or could not be delivered in many attempts.
    """
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/cloudevents-batch+json",
    }
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30.0) as client:

        async def send(body: bytes) -> None:
            response = await _post(client, body)
            if not response.is_success:
                raise IngestError(f"ingest answered {response.status_code}: {response.text}")

        yield send


async def _post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    for _ in range(_ATTEMPTS - 1):
        response = await client.post("/v1/events", content=body)
        if response.status_code not in _WAIT:
            return response
        await asyncio.sleep(_seconds(response.headers.get("retry-after", "1")))
    return await client.post("/v1/events", content=body)


def _seconds(retry_after: str) -> float:
    return min(float(retry_after), 30.0) if retry_after.isdecimal() else 1.0
