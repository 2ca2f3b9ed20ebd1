"""Connections that are let go when they do not get on.

Uvicorn ends a connection that is idle after an answer, but waits for ever for a request to begin or
to go on, and for a client to read. Each such connection would keep a file open.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

STUCK_SECONDS = 10.0
"""A request's head comes, and an answer is read, within this; at most twice of it."""

MAX_CONNECTIONS = 800
"""Below the 1,024 files that a process may usually have open."""


class Connection(H11Protocol):
    """A connection to one client."""

    _check: asyncio.TimerHandle | None = None
    _stuck_at: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; the one that has idled longest makes room if there are too many."""
        self.idle_since = self.loop.time()
        super().connection_made(transport)
        self._check_later()
        if len(self.connections) > MAX_CONNECTIONS:
            idle = [c for c in self.connections if isinstance(c, Connection) and c.idle]
            min(idle, key=lambda connection: connection.idle_since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking after it."""
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.idle_since = self.loop.time()
        super().on_response_complete()

    @property
    def idle(self) -> bool:
        """Whether it has no request that is being taken."""
        return self.cycle is None or self.cycle.response_complete

    def _check_later(self) -> None:
        self._check = self.loop.call_later(STUCK_SECONDS, self._end_if_stuck)

    def _end_if_stuck(self) -> None:
        """End it if it waits for its client at the same place as at the last look.

        A body that does not come is looked after where it is read.
        """
        unread = self.transport.get_write_buffer_size() > 0
        place = (self.cycle, unread) if self.idle or unread else None
        if place is not None and place == self._stuck_at:
            self.transport.abort()
            return
        self._stuck_at = place
        self._check_later()
