"""The peers of the throughput benchmark do the work they are said to do."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.throughput.cases import CASES
from benchmarks.throughput.peers.minutes import closed, of_run
from benchmarks.throughput.peers.river_loop import Flow
from benchmarks.throughput.peers.task import RUN
from benchmarks.throughput.quix.environment import NoQuixError, quix_python
from benchmarks.throughput.topics import fill, topics
from benchmarks.throughput.workload import Shape, Workload, workload
from pipeline.settings import KafkaSettings

Minutes = dict[tuple[str, int], dict[str, float]]


def counted(work: Workload) -> Minutes:
    """Count every flow and minute of a workload, one event after the other."""
    sums: defaultdict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0] * 4)
    for append in work.appends:
        for entry in append:
            event = json.loads(entry.value)
            if event["type"] == RUN:
                flow, (minute, *adds) = of_run(event)
                known = sums[flow, int(minute)]
                sums[flow, int(minute)] = [a + b for a, b in zip(known, adds, strict=True)]
    return {key: closed([key[1], *values]) for key, values in sums.items()}


async def published(settings: KafkaSettings) -> Minutes:
    """Read the minutes a peer has published."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        places = [TopicPartition(settings.signals_topic, n) for n in range(settings.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: Minutes = {}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    minute = json.loads(record.value)
                    found[record.key.decode().strip('"'), int(minute["minute"])] = minute
        return found
    finally:
        await consumer.stop()


@pytest.mark.kafka
@pytest.mark.parametrize("name", ["table", "quix", "river"])
def test_a_peer_publishes_the_statistics_of_each_flow_and_minute(
    name: str, kafka: str, tmp_path: Path
) -> None:
    if name == "quix":
        try:
            quix_python()
        except NoQuixError as error:
            pytest.skip(f"no environment for Quix Streams: {error}")
    work = workload(4_000, Shape(40, 10, 5), partitions=2)
    with topics(kafka, work.partitions) as settings:
        asyncio.run(fill(settings, work))
        rate = asyncio.run(CASES[name].measure(settings, work, tmp_path))
        found = asyncio.run(published(settings))

    expected = counted(work)
    assert rate > 0
    assert len(found) > len(expected) / 4  # it ends without waiting for what it has sent
    for key, minute in found.items():
        minute.pop("score", None)
        assert minute == pytest.approx(expected[key])


def test_rivers_statistics_are_those_of_the_other_peers() -> None:
    flow = Flow()
    runs = [[7.0, 1.0, failed, took, took * took] for failed, took in [(0, 6.0), (1, 7.5), (0, 5)]]
    for run in runs:
        assert flow.add(run) is None

    minute = flow.add([8.0, 1.0, 0.0, 6.0, 36.0])

    assert minute is not None
    minute.pop("score")
    sums = [sum(column) for column in zip(*runs, strict=True)]
    assert minute == pytest.approx(closed([7.0, *sums[1:]]))
