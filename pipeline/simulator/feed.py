"""The feed: what a partition commits, handed on to whoever iterates over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from pipeline.engine.emissions import Emission


class Feed:
    """An observer of partitions (:class:`pipeline.worker.partition.Observer`) to iterate over.

    What it holds is bounded by how far the demo runs ahead, so it needs no bound of its own.
    """

    def __init__(self) -> None:
        self._emissions: asyncio.Queue[Emission | None] = asyncio.Queue()

    def opened(self, partition: object) -> None:
        """Nothing to note."""

    def observe(self, _partition: int, emissions: Sequence[Emission]) -> None:
        """Take emissions in."""
        for emission in emissions:
            self._emissions.put_nowait(emission)

    def progress(self, partition: object) -> None:
        """Nothing to note: closed windows tell how far a partition is."""

    def forget(self, partition: int) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """End the iteration after what is still to come out: the engine has stopped."""
        self._emissions.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Emission]:
        while (emission := await self._emissions.get()) is not None:
            yield emission
