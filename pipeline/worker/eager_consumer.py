"""Faust's consumer, handing records over without a task for each.

Faust races the hand-over of every record against three events that would break it off, which takes
four tasks; but there is almost always room, and the hand-over is done without waiting. So its first
step is taken at once, and only one that has to wait after that is raced as before. A record of one
event costs the worker half of what it did (`python -m benchmarks.throughput --sizes 1`).
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from typing import Any

from faust.transport.drivers.aiokafka import Consumer
from mode.services import WaitResults


class EagerConsumer(Consumer):  # type: ignore[misc] # the library is untyped
    """A consumer that takes the first step of what it waits for by itself."""

    async def wait_first(self, *waits: Any, timeout: float | None = None) -> WaitResults:
        """Wait for the first of several, as `mode.Service.wait_first` does."""
        delivery, *others = waits
        if not isinstance(delivery, Coroutine):
            return await super().wait_first(*waits, timeout=timeout)
        try:
            awaited = delivery.send(None)
        except StopIteration as done:
            for other in others:
                other.close()
            return WaitResults([delivery], [done.value], False)
        return await super().wait_first(_rest(delivery, awaited), *others, timeout=timeout)


async def _rest(begun: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    """Go on with a coroutine that waits already."""
    return await _resumed(begun, awaited)


@types.coroutine
def _resumed(begun: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    yield awaited
    return (yield from begun)
