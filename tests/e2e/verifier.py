"""What a run must have published: exactly what a linear replay of the same log gives, in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.engine.engine import Engine
from pipeline.log.base import Output, Record
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings, KafkaSettings

Published = dict[tuple[str, int], list[tuple[bytes | None, bytes | None]]]
"""Key and value of every output, by topic and partition."""

ENGINE = EngineSettings(snapshot_records=150)
"""As the processes of these tests have it: snapshots often enough to be started from."""

TOPICS = ("signals", "alerts", "dead-letters")


async def read(settings: KafkaSettings, topic: str) -> dict[int, list[Record]]:
    """Read all that was committed to a topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, n) for n in range(settings.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: dict[int, list[Record]] = {n: [] for n in range(settings.partitions)}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, batch in (await consumer.getmany(timeout_ms=200)).items():
                found[place.partition] += [
                    Record(place.partition, m.offset, m.key, m.value, tuple(m.headers))
                    for m in batch
                ]
        return found
    finally:
        await consumer.stop()


async def published(settings: KafkaSettings) -> Published:
    """Read every output."""
    names = (settings.signals_topic, settings.alerts_topic, settings.dead_letters_topic)
    return {
        (topic, n): [(r.key, r.value) for r in records]
        for topic, name in zip(TOPICS, names, strict=True)
        for n, records in (await read(settings, name)).items()
    }


def replayed(records: dict[int, list[Record]], engine: EngineSettings, topic: str) -> Published:
    """Apply every partition from its first record to its last, in one go, undisturbed."""
    result: Published = {(name, n): [] for name in TOPICS for n in records}
    for n, of_partition in records.items():
        linear = Engine(engine, n)
        for record in of_partition:
            outputs: list[Output] = encode(linear.apply(record), topic=topic, partition=n)
            for output in outputs:
                result[output.topic, n].append((output.key, output.value))
    return result


async def expected(settings: KafkaSettings, engine: EngineSettings) -> Published:
    """Return what the records that are in the topic now must bring about."""
    return replayed(await read(settings, settings.events_topic), engine, settings.events_topic)


async def settled(settings: KafkaSettings, wanted: Published, seconds: float = 60) -> Published:
    """Wait until as much is published as must be, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = await published(settings)
        if all(len(found[place]) >= len(wanted[place]) for place in wanted):
            return found
        missing = sum(len(wanted[p]) - len(found[p]) for p in wanted)
        assert time.monotonic() < deadline, f"{missing} outputs are still missing"
        await asyncio.sleep(0.5)


async def verified(settings: KafkaSettings) -> Published:
    """Everything that had to be published was, once, in order, to the byte; return it."""
    wanted = await expected(settings, ENGINE)
    found = await settled(settings, wanted)
    assert found == wanted
    return found


def by_flow(everything: Published) -> dict[str, list[bytes]]:
    """Sort signals and alerts by the flow they speak of, in the order they were published."""
    import msgspec

    flows: dict[str, list[bytes]] = {}
    for (topic, _), outputs in sorted(everything.items()):
        for _, value in outputs if topic != "dead-letters" else []:
            events = msgspec.json.decode(value or b"[]")
            for e in events if isinstance(events, list) else [events]:
                name = f"{topic}/{e['data']['tenant']}:{e['data']['flow_id']}"
                flows.setdefault(name, []).append(msgspec.json.encode(e))
    return flows


async def until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.1)
