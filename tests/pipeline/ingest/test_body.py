from __future__ import annotations

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.ingest.body import read_body
from pipeline.ingest.in_flight import InFlight
from pipeline.ingest.problems import RefusedError, problem
from pipeline.ingest.server import serving


async def echo(request: Request) -> Response:
    try:
        with InFlight(requests=9, size=99).place(seconds=0.2) as place:
            return Response(await read_body(request, limit=10, place=place))
    except RefusedError as refused:
        return problem(refused)


APP = Starlette(routes=[Route("/", echo, methods=["POST"])])


async def answer(content: object) -> httpx.Response:
    async with serving(APP, "127.0.0.1", 0) as url, httpx.AsyncClient() as client:
        return await client.post(url, content=content)  # type: ignore[arg-type]


async def test_a_body_at_the_cap_is_read_whole():
    assert (await answer(b"0123456789")).content == b"0123456789"


async def test_a_body_one_byte_over_the_cap_is_refused():
    assert (await answer(b"01234567890")).status_code == 413


async def test_a_body_in_pieces_is_put_together():
    async def pieces():
        yield b"01234"
        yield b"56789"

    assert (await answer(pieces())).content == b"0123456789"


async def test_a_body_that_does_not_come_holds_no_place_for_long():
    async with serving(APP, "127.0.0.1", 0) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n0")
        async with asyncio.timeout(5):
            said = await reader.read()  # to the end: the server hangs up
        writer.close()
        await writer.wait_closed()
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in said


async def test_a_body_that_dribbles_in_holds_no_place_for_long():
    async with serving(APP, "127.0.0.1", 0) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        said = asyncio.create_task(reader.read(1000))
        async with asyncio.timeout(5):
            while not said.done():
                writer.write(b"1\r\n0\r\n")
                await asyncio.sleep(0.04)
        writer.transport.abort()
    assert (await said).startswith(b"HTTP/1.1 408 ")
