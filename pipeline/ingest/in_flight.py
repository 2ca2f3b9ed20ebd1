"""Requests that are being taken: how many at once, and how many bytes of them.

Half a body, or one that dribbles in, costs its sender nothing. So where room is short a newcomer is
not turned away for it: the one that has been sending longest is cut off. An honest sender is done
in milliseconds. Only what waits for the log is never cut off; if that fills the room, newcomers are
told to come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.ingest.problems import CutOffError, UnavailableError

BODY_SECONDS = 30.0
"""A body of the default cap comes within this at 35 kB/s; slower ones would only hold places."""

RETRY_AFTER = 2.0
"""Seconds after which a sender may try again when the log or this process is overloaded."""


class InFlight:
    """Places for requests, and room for their bytes.

    Parameters
    ----------
    requests
        How many may send at once, and as many again may wait for the log.
    size
        Bytes of bodies, whole ones and beginnings.
    """

    def __init__(self, requests: int, size: int) -> None:
        self._requests = requests
        self._size = size
        self._sending: dict[Place, None] = {}  # the one that has been sending longest comes first
        self._waiting = 0
        self._held = 0

    def __len__(self) -> int:
        return len(self._sending) + self._waiting

    @contextmanager
    def place(self, seconds: float = BODY_SECONDS) -> Iterator[Place]:
        """Give a request a place, for as long as it is being taken."""
        if len(self._sending) >= self._requests:
            self._cut_off(next(iter(self._sending)))
        place = Place(self, seconds)
        self._sending[place] = None
        try:
            yield place
        finally:
            self._release(place)
            self._waiting -= place.waits

    def grow(self, place: Place, more: int) -> None:
        """Hold more bytes of a body, those of slower ones having been let go if need be."""
        place.size += more
        self._held += more
        while self._held > self._size:
            oldest = next(iter(self._sending))
            if oldest is place:
                raise CutOffError("too many bytes are in flight", retry_after=RETRY_AFTER)
            self._cut_off(oldest)

    def wait(self, place: Place) -> None:
        """Let a request whose body has come wait for the log."""
        if self._waiting >= self._requests:
            raise UnavailableError("too many requests are in flight", retry_after=RETRY_AFTER)
        del self._sending[place]
        place.waits = True
        self._waiting += 1

    def _cut_off(self, place: Place) -> None:
        self._release(place)
        place.cut_off()

    def _release(self, place: Place) -> None:
        self._sending.pop(place, None)
        self._held -= place.size
        place.size = 0


class Place:
    """One request's place.

    Attributes
    ----------
    size
        Bytes of its body that are held.
    waits
        Whether its body has come, and it waits for the log.
    timeout
        Until when the body must have come; to be entered while it is read.
    """

    def __init__(self, in_flight: InFlight, seconds: float) -> None:
        self._in_flight = in_flight
        self._cut_off = False
        self.seconds = seconds
        self.size = 0
        self.waits = False
        self.timeout = asyncio.timeout(seconds)

    def grow(self, more: int) -> None:
        """Hold more bytes.

        Raises
        ------
        CutOffError
            If there is no room for them.
        """
        if not self._cut_off:
            self._in_flight.grow(self, more)

    def wait(self) -> None:
        """The body has come.

        Raises
        ------
        UnavailableError
            If too many wait for the log.
        CutOffError
            If this was cut off.
        """
        self.check()
        self._in_flight.wait(self)

    def cut_off(self) -> None:
        """Stop reading, for the sake of others."""
        self._cut_off = True
        self.timeout.reschedule(asyncio.get_running_loop().time())

    def check(self) -> None:
        """Raise a :class:`CutOffError` if this was cut off."""
        if self._cut_off:
            raise CutOffError(
                "there was no more room, and this body was the slowest", retry_after=RETRY_AFTER
            )
