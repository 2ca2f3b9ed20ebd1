"""A cluster gets more partitions, and every flow goes on as if nothing had happened."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from pipeline.engine.engine import Engine
from pipeline.log.base import NOTHING, Entry, Record
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.log.topics import check
from pipeline.outputs.encode import encode
from pipeline.settings import KafkaSettings, Settings
from pipeline.worker.growing import GrowthError, Moved, grow
from tests.conftest import MakeTopics
from tests.e2e.processes import Cogentai, environment
from tests.e2e.retail import feed, minutes
from tests.e2e.verifier import ENGINE, Published, by_flow, published, read, until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(170)]


def settings_on(topics: KafkaSettings) -> Settings:
    return Settings(kafka=topics, engine=ENGINE)


async def work_off(topics: KafkaSettings, folder: Path) -> None:
    """Let a worker apply everything there is, and stop it."""
    ends = {n: rs[-1].offset for n, rs in (await read(topics, topics.events_topic)).items() if rs}
    with Cogentai(folder, "worker", environment(topics)) as worker:
        await until(worker.ready, "ready")
        for number, end in ends.items():
            while await applied(topics, number) < end:
                assert not worker.ended()
                await asyncio.sleep(0.3)
        worker.send(signal.SIGTERM)
        assert worker.exit_code(within=15) == 0


async def applied(topics: KafkaSettings, number: int) -> int:
    records = (await read(topics, topics.checkpoints_topic))[number]
    headers = [json.loads(r.value or b"{}") for r in records if r.key == b"header"]
    return int(headers[-1]["applied"]) if headers else -1


def replayed_undivided(stretch: list[list[Entry]], partitions: int) -> Published:
    """What engines of the old number would have told of everything."""
    found: Published = {}
    for number in range(partitions):
        engine = Engine(ENGINE, number)
        for offset, entries in enumerate(stretch):
            for batch in pack(entries, partitions):
                if batch.partition == number:
                    record = Record(number, offset, None, batch.value, BATCH_HEADERS)
                    for output in encode(engine.apply(record), topic="events", partition=number):
                        place = found.setdefault((output.topic, number), [])
                        place.append((output.key, output.value))
    return found


def without_forecasts(told: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    """All but what is also learned from the flows around, which are fewer after a division."""
    return {
        name: [e for e in each if json.loads(e)["data"].get("signal") != "failure"]
        for name, each in told.items()
    }


async def written(settings: KafkaSettings, stretch: list[list[Entry]]) -> None:
    log = await KafkaLog.open(settings)
    await feed(log, stretch)
    await log.aclose()


async def test_flows_move_with_their_history_even_if_the_first_attempt_breaks_off(
    kafka: str, make_topics: MakeTopics, tmp_path: Path
) -> None:
    stretch = list(minutes(flows=8, length=200, per_minute=2))
    topics = make_topics(kafka, 2)
    await written(topics, stretch[:120])
    await work_off(topics, tmp_path)
    told: list[Moved] = []

    def break_off(moved: Moved) -> None:
        raise KeyboardInterrupt(moved)

    with pytest.raises(KeyboardInterrupt):
        await grow(settings_on(topics), 4, break_off)
    await grow(settings_on(topics), 4, told.append)

    assert [(m.source, m.target) for m in told] == [(0, 2), (1, 3)]
    assert all(m.flows for m in told)
    grown = topics.model_copy(update={"partitions": 4})
    await written(grown, stretch[120:])
    await work_off(grown, tmp_path)
    before = without_forecasts(by_flow(replayed_undivided(stretch, 2)))
    assert any(name.startswith("alerts/") for name in before)
    assert without_forecasts(by_flow(await published(grown))) == before


async def test_nothing_is_changed_while_records_wait(kafka: str, make_topics: MakeTopics) -> None:
    topics = make_topics(kafka, 2)
    await written(topics, list(minutes(flows=4, length=3, per_minute=2)))

    with pytest.raises(GrowthError, match="partition 0 has 3 records that are not applied"):
        await grow(settings_on(topics), 4)

    assert check(topics) == ()


async def test_nothing_is_changed_while_half_of_a_record_is_applied(
    kafka: str, make_topics: MakeTopics
) -> None:
    topics = make_topics(kafka, 2)
    log = KafkaPartitionLog(topics, 1)
    await log.open()
    await log.commit(NOTHING, (), ahead=3)
    await log.aclose()

    with pytest.raises(GrowthError, match="partition 1 has half of a record applied"):
        await grow(settings_on(topics), 4)

    assert check(topics) == ()


async def test_a_number_that_is_no_multiple_is_refused(topics: KafkaSettings) -> None:
    for number in (2, 4, 6):
        with pytest.raises(ValueError, match="a multiple of 4"):
            await grow(settings_on(topics), number)


async def test_a_topic_of_another_number_is_refused(kafka: str, make_topics: MakeTopics) -> None:
    topics = make_topics(kafka, 3)

    with pytest.raises(GrowthError, match="has 3 partitions instead of 2"):
        await grow(settings_on(topics.model_copy(update={"partitions": 2})), 4)
