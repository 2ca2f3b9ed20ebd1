"""``cogentai ingest`` and ``cogentai worker``, killed at every step between request and alert."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.log.base import Record
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_partition import KafkaPartitionLog
from pipeline.settings import EngineSettings, KafkaSettings
from tests.conftest import MakeTopics
from tests.e2e.group import move
from tests.e2e.processes import Cogentai, environment, free_port
from tests.e2e.retail import feed
from tests.e2e.verifier import published, read, replayed, settled, until, verified
from tests.e2e.warm import Program
from tests.guarantees.page import Death, deaths, name
from tests.guarantees.scenario import (
    ENV,
    OUTAGE,
    STRETCH,
    check_counted_once,
    of_outage,
    program,
    seen_of_last,
    seen_of_request,
    work_all_but_one,
    work_half,
)
from tests.guarantees.sender import Sender

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

Start = Callable[..., Cogentai]


@pytest.fixture
def topics(kafka: str, make_topics: MakeTopics) -> KafkaSettings:
    return make_topics(kafka, 1)


@pytest.fixture
def start(topics: KafkaSettings, tmp_path: Path) -> Start:
    def one(command: str, program: Program = main, port: int = 0):
        env = environment(topics) | ENV | {"COGENTAI_INGEST__PORT": str(port)}
        return Cogentai(tmp_path, command, env, program)

    return one


async def records(topics: KafkaSettings) -> list[Record]:
    return (await read(topics, topics.events_topic))[0]


def answering(port: int) -> bool:
    import httpx

    try:
        return httpx.get(f"http://127.0.0.1:{port}/-/ready").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("death", deaths("From the request to the topic"), ids=name)
async def test_a_request_in_which_ingest_dies(
    death: Death, topics: KafkaSettings, start: Start
) -> None:
    sender = Sender(STRETCH)
    with start("ingest", program(death), port := free_port()) as victim:
        await until(lambda: answering(port), "ready")
        answers = await sender.send(port)
        assert victim.exit_code(within=5) == -signal.SIGKILL
    seen = seen_of_request(death, answers, await records(topics))
    assert seen == death.seen or seen.replace("not ", "perhaps ") == death.seen
    with start("ingest", port=(port := free_port())):
        await until(lambda: answering(port), "ready")
        assert set(await sender.send(port)) == {"202"}
    check_counted_once(replayed({0: await records(topics)}, EngineSettings(), "any"))


@pytest.mark.parametrize("death", deaths("From the topic to the alert"), ids=name)
async def test_a_batch_in_which_the_worker_dies(
    death: Death, topics: KafkaSettings, start: Start
) -> None:
    log = await KafkaLog.open(topics)
    await feed(log, STRETCH)
    await log.aclose()
    half = KafkaPartitionLog(topics, 0)
    applied = await work_half(half, await records(topics), topics.events_topic)
    await move(topics, {0: applied + 1})
    before = await published(topics)
    with start("worker", program(death)) as victim:
        code = await asyncio.to_thread(victim.exit_code, within=60)
        assert code == -signal.SIGKILL, victim.said()
    is_published = await published(topics) != before
    assert ("published" if is_published else "not published") == death.seen
    with start("worker"):
        check_counted_once(await verified(topics))


@pytest.mark.parametrize("death", deaths("From one record to several transactions"), ids=name)
async def test_a_record_of_several_transactions_in_which_the_worker_dies(
    death: Death, topics: KafkaSettings, start: Start
) -> None:
    log = await KafkaLog.open(topics)
    await feed(log, OUTAGE)
    await log.aclose()
    partition = KafkaPartitionLog(topics, 0)
    await work_all_but_one(partition, await records(topics), topics.events_topic)
    before = await published(topics)
    with start("worker", program(death)) as victim:
        code = await asyncio.to_thread(victim.exit_code, within=60)
        assert code == -signal.SIGKILL, victim.said()
    assert seen_of_last(before, await published(topics)) == death.seen
    with start("worker"):
        assert await settled(topics, of_outage()) == of_outage()
