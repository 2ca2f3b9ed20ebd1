from __future__ import annotations

import asyncio
import signal

import httpx
import pytest

from pipeline.ingest.server import PortTakenError, serving
from tests.pipeline.ingest.edge import EVENT, run, serve


async def test_a_port_that_is_taken_is_named():
    async with serve() as edge:
        port = int(edge.url.rpartition(":")[2])
        with pytest.raises(PortTakenError, match=f"127.0.0.1:{port}"):
            async with serving(None, "127.0.0.1", port):  # type: ignore[arg-type]
                pass


async def test_signals_are_left_to_whoever_runs_the_process():
    before = signal.getsignal(signal.SIGTERM)
    async with serve():
        assert signal.getsignal(signal.SIGTERM) is before


async def test_stopping_lets_requests_in_flight_finish():
    async with httpx.AsyncClient() as client:
        async with serve() as edge:
            edge.log.open.clear()
            posting = asyncio.create_task(
                client.post(f"{edge.url}/v1/events", json=run(), headers={"content-type": EVENT})
            )
            await edge.log.asked.wait()
            asyncio.get_running_loop().call_later(0.2, edge.log.open.set)
        assert (await posting).status_code == 202
    assert len(edge.log.entries) == 1


async def test_answers_are_not_held_back_by_nagles_algorithm():
    async with serve() as edge:
        await edge.post(run())
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(20):
            await edge.post(run())
        assert loop.time() - began < 20 * 0.04


async def test_clients_that_say_nothing_or_half_of_it_hold_up_nobody():
    async with serve() as edge:
        host, port = edge.url.removeprefix("http://").split(":")
        writers = []
        for said in (
            b"",
            b"POST /v1/ev",
            b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n",
        ):
            for _ in range(20):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(said)
                await writer.drain()
                writers.append(writer)
        async with asyncio.timeout(2):
            assert (await edge.post(run())).status_code == 202
        for writer in writers:
            writer.transport.abort()
