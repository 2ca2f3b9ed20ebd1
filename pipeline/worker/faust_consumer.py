"""Faust's consumer, quicker to hand records over and to end after a failure."""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from typing import Any

from faust.transport.drivers.aiokafka import Consumer
from mode import Service
from mode.services import WaitResults


class EagerService(Service):  # type: ignore[misc] # the library is untyped
    """A service that takes the first step of what it waits for by itself, without a task."""

    async def wait_first(self, *waits: Any, timeout: Any = None) -> WaitResults:  # noqa: ASYNC109 - as it is overridden
        """Wait for the first of several, as `mode.Service.wait_first` does."""
        first, *others = waits
        if not isinstance(first, Coroutine):
            return await super().wait_first(*waits, timeout=timeout)
        try:
            awaited = first.send(None)
        except BaseException as ended:
            for other in others:
                other.close()
            if isinstance(ended, StopIteration):
                return WaitResults([first], [ended.value], stopped=False)
            raise
        return await super().wait_first(_rest(first, awaited), *others, timeout=timeout)


class FaustConsumer(EagerService, Consumer):  # type: ignore[misc] # the library is untyped
    """Faust's consumer as such a service.

    Faust races the hand-over of every record against three events that would break it off, which
    takes four tasks; but nearly always there is room, and the hand-over need not wait. A worker
    takes two thirds more records of one event for it (`python -m benchmarks.throughput --sizes 1`).
    """

    async def on_stop(self) -> None:
        """Commit the group's offsets, unless what failed has ended the thread that would do it.

        Faust would wait for that thread for ever. Nothing is lost: the partitions' own commits
        decide where to go on.
        """
        if not self.crashed:
            await super().on_stop()


async def _rest(begun: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    """Go on with a coroutine that waits already."""
    return await _resumed(begun, awaited)


@types.coroutine
def _resumed(begun: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    yield awaited
    return (yield from begun)
