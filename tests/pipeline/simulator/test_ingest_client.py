"""The client: against a real HTTP server that speaks as the ingest does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.simulator.client import IngestError, ingest

TOKEN = "a-secret-token"


class Door:
    """A server that answers as it is told, and accepts once it has no more to say."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.seen: list[tuple[str, str, bytes]] = []
        self.url = ""

    async def take(self, request: Request) -> Response:
        headers = request.headers
        self.seen.append((headers["authorization"], headers["content-type"], await request.body()))
        return self.answers.pop(0) if self.answers else Response(status_code=202)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    app = Starlette(routes=[Route("/v1/events", made.take, methods=["POST"])])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server._serve([listener]))  # without its signal handlers
        yield made
        server.should_exit = True
        await serving


async def test_a_batch_is_posted_with_its_content_type_and_token(door: Door):
    async with ingest(door.url, TOKEN) as send:
        await send(b"[]")
    assert door.seen == [(f"Bearer {TOKEN}", "application/cloudevents-batch+json", b"[]")]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_batch_is_sent_again_when_the_ingest_asks_to_wait(door: Door, status: int):
    door.answers = [Response(status_code=status, headers={"retry-after": "0"})] * 2
    async with ingest(door.url, TOKEN) as send:
        await send(b"[1]")
    assert [body for _, _, body in door.seen] == [b"[1]"] * 3


async def test_a_refusal_is_an_error_that_says_why_and_keeps_the_token_to_itself(door: Door):
    door.answers = [JSONResponse({"title": "data.depth: negative"}, 400)]
    async with ingest(door.url, TOKEN) as send:
        with pytest.raises(IngestError, match=r"400: .*data\.depth: negative") as refused:
            await send(b"[]")
    assert TOKEN not in str(refused.value)
    assert len(door.seen) == 1


async def test_it_does_not_wait_for_ever(door: Door):
    door.answers = [Response(status_code=503, headers={"retry-after": "0"})] * 1000
    async with ingest(door.url, TOKEN) as send:
        with pytest.raises(IngestError, match="503"):
            await send(b"[]")
