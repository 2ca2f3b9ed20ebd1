"""An ingest edge elsewhere, used as a log: what is collected here is posted there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Self

import httpx

from pipeline.log.base import Entry, LogUnavailableError

MOST_EVENTS = 500
MOST_BYTES = 700_000
"""A body holds at most this; the edge takes 1000 events and a megabyte by default."""

ATTEMPTS = 5
WAITS = frozenset({429, 503})
"""Answers that ask to come again."""


class IngestLog:
    """An :class:`~pipeline.log.base.EventLog` at the other end of HTTP.

    Raises
    ------
    LogUnavailableError
        From ``append``, if the edge does not take what it is sent.
    """

    partitions = 1

    def __init__(self, url: str, token: str | None) -> None:
        headers = {"content-type": "application/cloudevents-batch+json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=30.0)
        self._url = url

    @classmethod
    async def open(cls, url: str, token: str | None) -> Self:
        """Connect, and make sure that somebody answers.

        Raises
        ------
        LogUnavailableError
            If nobody does.
        """
        edge = cls(url, token)
        try:
            (await edge._http.get("/-/healthy")).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            await edge.aclose()
            raise LogUnavailableError(f"ingest at {url}: {error}") from None
        return edge

    async def append(self, entries: Sequence[Entry]) -> None:
        """Post all entries, in order, and return once they are acknowledged."""
        for body in bodies(entries):
            await self._post(body)

    async def _post(self, body: bytes) -> None:
        answer = "no answer"
        for attempt in range(ATTEMPTS):
            try:
                response = await self._http.post("/v1/events", content=body)
            except httpx.HTTPError as error:
                answer = str(error) or type(error).__name__
            else:
                if response.is_success:
                    return
                answer = f"{response.status_code} {response.reason_phrase}"
                if response.status_code not in WAITS:
                    break
            await asyncio.sleep(2**attempt)
        raise LogUnavailableError(f"ingest at {self._url}: {answer}")

    async def aclose(self) -> None:
        """Let go."""
        await self._http.aclose()


def bodies(entries: Sequence[Entry]) -> Iterator[bytes]:
    """Yield entries as batches that an edge takes.

    >>> list(bodies([Entry(None, b"{}"), Entry(None, b"1")]))
    [b'[{},1]']
    """
    held: list[bytes] = []
    size = 0
    for entry in entries:
        if held and (len(held) == MOST_EVENTS or size + len(entry.value) > MOST_BYTES):
            yield b"[" + b",".join(held) + b"]"
            held, size = [], 0
        held.append(entry.value)
        size += len(entry.value) + 1
    if held:
        yield b"[" + b",".join(held) + b"]"
