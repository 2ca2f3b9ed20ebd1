"""A real edge on a real port, in front of a log that can be told to fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from pipeline.ingest.app import create_app
from pipeline.ingest.server import serving
from pipeline.log.base import Entry
from pipeline.settings import IngestSettings

NOW = datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC)
EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


class MemoryLog:
    """An event log in memory. ``failure`` is raised if set; while ``open`` is clear, it hangs."""

    partitions = 1

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self.grown = asyncio.Condition()

    async def append(self, entries: Sequence[Entry]) -> None:
        self.asked.set()
        await self.open.wait()
        if self.failure:
            raise self.failure
        self.entries += entries
        async with self.grown:
            self.grown.notify_all()

    async def holds(self, count: int) -> None:
        async with asyncio.timeout(5), self.grown:
            await self.grown.wait_for(lambda: len(self.entries) >= count)

    async def aclose(self) -> None:
        pass

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(entry.value) for entry in self.entries]


@dataclass
class Edge:
    url: str
    client: httpx.AsyncClient
    log: MemoryLog

    async def post(self, body: Any, media: str = EVENT, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post(
            "/v1/events", content=content, headers={"content-type": media, **headers}
        )


@asynccontextmanager
async def serve(**settings: Any) -> AsyncIterator[Edge]:
    """Serve an edge; without heartbeats unless asked for."""
    log = MemoryLog()
    chosen = IngestSettings(**{"heartbeat_seconds": 0, **settings})
    app = create_app(chosen, log, clock=lambda: NOW)
    async with (
        serving(app, "127.0.0.1", 0) as url,
        httpx.AsyncClient(base_url=url, timeout=10) as client,
    ):
        yield Edge(url, client, log)


def run(**changes: Any) -> dict[str, Any]:
    """A good event about a run; keyword arguments change its envelope."""
    event = {
        "specversion": "1.0",
        "id": "run:8841:success",
        "source": "shop",
        "type": "cogent.flow.run",
        "time": "2026-03-02T10:00:00Z",
        "tenant": "acme",
        "data": {"run_id": "8841", "flow_id": "orders", "state": "success"},
    }
    return {**event, **changes}
