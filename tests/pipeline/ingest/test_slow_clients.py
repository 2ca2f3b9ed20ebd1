"""Clients that send half of it, dribble, or do not read, beside an honest one."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from pipeline.ingest import connections
from tests.pipeline.ingest.edge import EVENT, Edge, run, serve

HEAD = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: %b\r\n" % EVENT.encode()
HALF = HEAD + b"content-length: 50000\r\n\r\n"

Clients = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


@asynccontextmanager
async def clients(edge: Edge, count: int, says: bytes) -> AsyncIterator[Clients]:
    """So many connections that say the same and then nothing."""
    host, port = edge.url.removeprefix("http://").split(":")
    opened: Clients = []
    try:
        for _ in range(count):
            with socket.socket() as ours:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                ours.connect((host, int(port)))
                opened.append(await asyncio.open_connection(sock=ours.dup(), limit=1024))
            opened[-1][1].write(says)
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def honest(edge: Edge) -> int:
    async with asyncio.timeout(2):
        return (await edge.post(run(), connection="close")).status_code


async def answer(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side ends it."""
    said = b""
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            while more := await reader.read(65_536):
                said += more
    return said


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STUCK_SECONDS", 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("said", [b"", b"POST /v1/ev", HEAD + b"x-a: b\r\n"])
async def test_a_head_that_does_not_come_to_its_end_is_cut_off(said: bytes):
    async with serve() as edge, clients(edge, 20, said) as slow:
        assert await honest(edge) == 202
        assert {await answer(reader) for reader, _ in slow} == {b""}
        assert await honest(edge) == 202


@pytest.mark.usefixtures("impatient")
async def test_a_head_that_dribbles_in_is_cut_off():
    async with serve() as edge, clients(edge, 1, HEAD) as [(reader, writer)]:
        dribbled = 0
        while not reader.at_eof() and dribbled < 100:
            writer.write(b"x-%d: y\r\n" % dribbled)
            dribbled += 1
            with suppress(TimeoutError, ConnectionError):
                await asyncio.wait_for(reader.read(1), 0.05)
        assert dribbled < 40


@pytest.mark.usefixtures("impatient")
async def test_a_connection_is_kept_while_requests_come_and_their_log_takes_its_time():
    async with serve() as edge:
        edge.log.open.clear()
        posting = asyncio.create_task(edge.post(run()))
        await asyncio.sleep(1)
        edge.log.open.set()
        assert (await posting).status_code == 202


async def test_half_bodies_take_no_place_from_others():
    async with serve(max_in_flight=4) as edge, clients(edge, 10, HALF + b"{") as slow:
        for _ in range(5):
            assert await honest(edge) == 202
        said = await answer(slow[0][0])
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 2" in said


async def test_half_bodies_take_no_memory_from_others():
    half = HALF + b"x" * 49_000
    async with (
        serve(max_body_bytes=100_000, max_in_flight_bytes=200_000) as edge,
        clients(edge, 10, half),
    ):
        for _ in range(5):
            assert await honest(edge) == 202


async def test_where_bodies_that_wait_for_the_log_fill_the_room_others_are_told_to_come_again():
    room = len(json.dumps(run())) + 10
    async with serve(max_body_bytes=room, max_in_flight_bytes=room) as edge:
        edge.log.open.clear()
        posting = asyncio.create_task(edge.post(run()))
        await edge.log.asked.wait()
        refused = await edge.post(run())
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        edge.log.open.set()
        assert (await posting).status_code == 202
        assert await honest(edge) == 202


@pytest.mark.usefixtures("impatient")
async def test_a_client_that_does_not_read_is_cut_off():
    asks = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 200
    async with serve() as edge, clients(edge, 5, asks) as slow:
        await asyncio.sleep(1.5)
        assert await honest(edge) == 202
        for reader, _ in slow:
            assert len(await answer(reader)) < 200 * 80_000


async def test_silent_connections_beyond_the_most_make_room_for_others(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
    async with serve() as edge, clients(edge, 60, b"") as silent:
        for _ in range(5):
            assert await honest(edge) == 202
        ended = [reader.at_eof() for reader, _ in silent]
        assert ended[:40] == [True] * 40
        assert not any(ended[-10:])


async def test_heartbeats_go_on_while_others_dribble():
    async with (
        serve(max_in_flight=4, heartbeat_seconds=0.05, grace_seconds=0) as edge,
        clients(edge, 30, HALF + b"{"),
        clients(edge, 30, HEAD),
    ):
        async with asyncio.timeout(5):
            await edge.log.holds(10)
