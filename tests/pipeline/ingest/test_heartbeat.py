from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from pipeline.ingest.heartbeat import beat
from pipeline.log.base import LogUnavailableError
from pipeline.settings import IngestSettings
from schemas.decode import decode_event
from schemas.structs import EventStruct
from tests.make import heartbeat
from tests.pipeline.ingest.edge import NOW, MemoryLog, serve

BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)
SETTINGS = IngestSettings(collector="edge-1", heartbeat_seconds=0.001, grace_seconds=30)


class Clock:
    """Ten seconds pass between any two looks."""

    def __init__(self) -> None:
        self.now = BEGAN - timedelta(seconds=10)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=10)
        return self.now


async def beats(log: MemoryLog, count: int) -> list[EventStruct]:
    task = asyncio.create_task(beat(log, SETTINGS, Clock()))
    await log.holds(count)
    task.cancel()
    return [decode_event(entry.value) for entry in log.entries[:count]]


async def test_the_watermark_follows_the_clock_at_the_distance_of_the_grace():
    events = await beats(MemoryLog(), 3)
    assert [event.data.watermark - BEGAN for event in events] == [
        timedelta(seconds=seconds) for seconds in (0, 10, 20)
    ]


async def test_no_heartbeat_vouches_for_the_time_before_this_process():
    for event in await beats(MemoryLog(), 3):
        assert event.data.since == BEGAN
        assert event.data.watermark >= BEGAN


async def test_a_heartbeat_names_its_collector_and_goes_to_every_partition():
    log = MemoryLog()
    (event,) = await beats(log, 1)
    assert (event.type, event.data.collector) == ("cogent.collector.heartbeat", "edge-1")
    assert log.entries[0].key is None


async def test_heartbeats_go_on_after_any_failure_of_the_log():
    for failure in (LogUnavailableError("away"), RuntimeError("a defect")):
        log = MemoryLog()
        log.failure = failure
        task = asyncio.create_task(beat(log, SETTINGS, Clock()))
        await log.asked.wait()
        log.failure = None
        await log.holds(1)
        task.cancel()


async def test_nobody_vouches_for_the_future():
    async with serve() as edge:
        soon, week = (NOW.timestamp() + ahead for ahead in (60, 7 * 86_400))
        assert (await edge.post(heartbeat(soon, "poller"))).status_code == 202
        refused = await edge.post(heartbeat(week, "poller"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "data.watermark"
    assert "lies in the future" in refused.json()["detail"]
