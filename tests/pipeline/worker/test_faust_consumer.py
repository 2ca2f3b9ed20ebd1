from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pipeline.worker.faust_consumer import EagerService

Case = Callable[[EagerService, asyncio.Event], Awaitable[None]]


def with_service(case: Case) -> None:
    """Run a case with a service, and an event that nobody sets."""

    async def run() -> None:
        await case(EagerService(), asyncio.Event())

    asyncio.run(run())


def test_what_need_not_wait_is_done_without_a_task() -> None:
    async def case(service: EagerService, never: asyncio.Event) -> None:
        seen = []

        async def delivered() -> str:
            seen.append(asyncio.current_task())
            return "done"

        delivery = delivered()
        found = await service.wait_first(delivery, never.wait())
        assert (found.done, found.results, found.stopped) == ([delivery], ["done"], False)
        assert seen == [asyncio.current_task()]

    with_service(case)


def test_what_waits_goes_on_where_it_was_and_is_waited_for() -> None:
    async def case(service: EagerService, never: asyncio.Event) -> None:
        room, steps = asyncio.Event(), []

        async def delivered() -> str:
            steps.append("begun")
            await room.wait()
            await asyncio.sleep(0.001)
            steps.append("done")
            return "late"

        asyncio.get_running_loop().call_later(0.01, room.set)
        found = await service.wait_first(delivered(), never.wait())
        assert (found.results, found.stopped) == (["late"], False)
        assert steps == ["begun", "done"]

    with_service(case)


def test_what_waits_is_broken_off_by_the_other() -> None:
    async def case(service: EagerService, _never: asyncio.Event) -> None:
        suspended, ended = asyncio.Event(), []

        async def delivered() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        asyncio.get_running_loop().call_later(0.01, suspended.set)
        found = await service.wait_first(delivered(), suspended.wait())
        assert (found.results, found.stopped) == ([True], False)
        await asyncio.sleep(0)
        assert ended == [True]

    with_service(case)


@pytest.mark.parametrize("steps", [0, 1])
def test_an_error_is_raised(steps: int) -> None:
    async def case(service: EagerService, never: asyncio.Event) -> None:
        async def delivered() -> None:
            for _ in range(steps):
                await asyncio.sleep(0.001)
            raise ValueError("a bad record")

        with pytest.raises(ValueError, match="a bad record"):
            await service.wait_first(delivered(), never.wait())

    with_service(case)


def test_an_event_is_waited_for_as_ever() -> None:
    async def case(service: EagerService, _never: asyncio.Event) -> None:
        resumed = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, resumed.set)
        assert not (await service.wait(resumed)).stopped

    with_service(case)
