"""The feed: what is observed comes out again, in order, and is waited for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pipeline.simulator.feed import Feed

from .tiny_engine import START, firing


async def test_emissions_come_out_in_the_order_they_were_committed():
    feed = Feed()
    alerts = [firing("orders", START + timedelta(minutes=i)) for i in range(3)]
    feed.observe(0, alerts[:2])
    feed.observe(0, alerts[2:])
    emissions = aiter(feed)
    assert [await anext(emissions) for _ in range(3)] == alerts


async def test_a_reader_waits_for_the_next_commit():
    feed = Feed()
    reading = asyncio.ensure_future(anext(aiter(feed)))
    await asyncio.sleep(0)
    assert not reading.done()
    feed.observe(0, [firing("orders", START)])
    assert (await reading).flow_id == "orders"


async def test_it_ends_when_the_engine_does():
    feed = Feed()
    feed.observe(0, [firing("orders", START)])
    feed.close()
    assert [alert.flow_id async for alert in feed] == ["orders"]
