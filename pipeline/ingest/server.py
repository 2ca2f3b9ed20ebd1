"""Serving the edge: uvicorn on a port, until told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette

from pipeline.ingest.connections import Connection

DRAIN_SECONDS = 5
"""Requests in flight get this long to finish when the server stops."""


class PortTakenError(OSError):
    """The server cannot listen where it should, mostly because something else does."""


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    app: Starlette, host: str, port: int, *, dates: bool = True
) -> AsyncIterator[str]:
    """Serve an application; give its address. Port 0 takes a free one.

    Without ``dates``, the application dates its answers itself.

    Raises
    ------
    PortTakenError
        If it cannot listen there.
    """
    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=dates,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Quiet(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if running.done():
                await running
            await asyncio.sleep(0.01)
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return _bound(*found[0])
    except OSError as error:
        raise PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def _bound(family: int, kind: int, protocol: int, _name: str, address: Any) -> socket.socket:
    # With the protocol left open, asyncio would leave Nagle's algorithm on: 40 ms an answer.
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
