"""Serving the edge: uvicorn on a port, until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

DRAIN_SECONDS = 5
"""Requests in flight get this long to finish when the server stops."""


class PortTakenError(OSError):
    """Something else listens where this server should."""


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: Starlette, host: str, port: int) -> AsyncIterator[str]:
    """Serve an application; give its address. Port 0 takes a free one.

    Raises
    ------
    PortTakenError
        If the port is not free.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    try:
        socket = config.bind_socket()
    except SystemExit:
        raise PortTakenError(f"{host}:{port} is taken by another program") from None
    server = _Quiet(config)
    running = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        while not server.started:
            if running.done():
                await running
            await asyncio.sleep(0.01)
        yield f"http://{host}:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        socket.close()
