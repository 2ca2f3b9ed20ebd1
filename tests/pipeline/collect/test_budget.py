"""The budget, at a time that passes while it waits."""

from __future__ import annotations

import asyncio
import random
from collections import deque

import pytest

from pipeline.collect.budget import LONGEST_PAUSE, Budget
from tests.pipeline.collect.patchworks import SleptClock


def busiest(times: list[float]) -> int:
    """Most requests in any minute."""
    most, window = 0, deque[float]()
    for time in times:
        window.append(time)
        while window[0] <= time - 60:
            window.popleft()
        most = max(most, len(window))
    return most


@pytest.mark.parametrize("per_minute", [12, 60, 120, 240])
async def test_no_minute_has_more_requests_than_allowed(per_minute: int):
    clock, dice = SleptClock(), random.Random(1)
    budget, times = Budget(per_minute, clock), []
    for _ in range(20 * per_minute):
        if dice.random() < 0.02:
            await clock.sleep(30)
        await budget.take()
        times.append(clock.seconds())
    assert 0.8 * per_minute < busiest(times) <= per_minute


async def test_nor_if_the_collector_is_killed_again_and_again():
    clock, dice, times = SleptClock(), random.Random(1), []
    for _ in range(200):
        budget = Budget(120, clock)
        for _ in range(dice.randrange(40)):
            await budget.take()
            times.append(clock.seconds())
    assert busiest(times) <= 120


async def test_those_who_wait_are_served_in_their_order():
    budget, served = Budget(12, SleptClock()), []

    async def ask(number: int) -> None:
        await budget.take()
        served.append(number)

    await asyncio.gather(*(ask(number) for number in range(10)))
    assert served == list(range(10))


async def test_detail_is_shed_before_the_budget_is_spent():
    clock = SleptClock()
    budget = Budget(120, clock)
    assert not budget.spare()
    await clock.sleep(60)
    assert budget.spare()
    for _ in range(11):
        await budget.take()
    assert not budget.spare()


async def test_a_limit_that_is_spent_is_waited_for():
    clock = SleptClock()
    budget = Budget(120, clock)
    budget.heed(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"})
    await budget.take()
    assert clock.seconds() >= 30


async def test_no_reply_makes_it_wait_for_long():
    clock = SleptClock()
    budget = Budget(120, clock)
    budget.heed(429, {"retry-after": "999999"})
    await budget.take()
    assert clock.seconds() <= LONGEST_PAUSE + 1
