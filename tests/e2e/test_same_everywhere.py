"""One log, three ways to run it: the same bytes for every flow."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.log.journal import Journal
from pipeline.log.kafka import KafkaLog
from pipeline.settings import JournalSettings, KafkaSettings, Settings
from pipeline.worker.embedded import work
from tests.conftest import MakeTopics
from tests.e2e.processes import Cogentai, environment
from tests.e2e.retail import Minute, minutes
from tests.e2e.verifier import ENGINE, Published, by_flow, expected, settled, until

PARTITIONS = 4


@pytest.fixture(scope="module")
def stretch() -> list[Minute]:
    found = list(minutes(flows=40, length=260, per_minute=18))
    assert sum(len(minute) for minute in found) > 100_000
    return found


async def on_kafka(topics: KafkaSettings, folder: Path, stretch: list[Minute], n: int) -> Published:
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Cogentai(folder, "worker", environment(topics))) for _ in range(n)
        ]
        for each in workers:
            await until(each.ready, "ready", seconds=60)
        log = await KafkaLog.open(topics)
        for entries in stretch:
            await log.append(entries)
        await log.aclose()
        return await settled(topics, await expected(topics, ENGINE))


async def embedded(folder: Path, stretch: list[Minute], wanted: Published) -> Published:
    settings = JournalSettings(path=folder / "journal.db", partitions=PARTITIONS)
    journal = await Journal.open(settings)
    for entries in stretch:
        await journal.append(entries)
    working = asyncio.create_task(work(journal, Settings(engine=ENGINE, journal=settings)))
    found: Published = {place: [] for place in wanted}
    seen = {"signals": 0, "alerts": 0}
    while any(len(found[place]) < len(wanted[place]) for place in wanted):
        for topic, after in seen.items():
            for row in await journal.outputs(topic, after):  # type: ignore[arg-type]
                found[topic, row.partition].append((row.output.key, row.output.value))
                seen[topic] = row.sequence
        assert not working.done()
        await asyncio.sleep(0.05)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await journal.aclose()
    return found


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_100_000_events_give_the_same_bytes_embedded_and_with_one_or_three_workers(
    kafka: str, make_topics: MakeTopics, tmp_path: Path, stretch: list[Minute]
) -> None:
    one = await on_kafka(make_topics(kafka, PARTITIONS), tmp_path, stretch, n=1)
    three = await on_kafka(make_topics(kafka, PARTITIONS), tmp_path, stretch, n=3)
    alone = await embedded(tmp_path, stretch, one)
    assert by_flow(three) == by_flow(one)
    assert by_flow(alone) == by_flow(one)
    assert len({name for name in by_flow(one) if name.startswith("alerts/")}) >= 10
