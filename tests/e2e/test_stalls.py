"""A worker that has records to apply and commits none ends, whatever it is that hangs."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from pipeline.log.base import Entry
from pipeline.log.kafka import KafkaLog
from pipeline.settings import KafkaSettings
from tests.broker import Broker
from tests.conftest import MakeTopics
from tests.e2e.processes import Cogentai, environment
from tests.e2e.retail import feed, minutes
from tests.e2e.verifier import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

STALL = {"COGENTAI_KAFKA__STALL_SECONDS": "3"}
SAID = re.compile(r"cogentai: worker stopped: partition \d: no commit for 3 s, \d+ behind")

HANGS = """
import time
from pipeline.cli.service import configure_logging
from pipeline.settings import Settings
from pipeline.worker.faust_worker import FaustWorker

class Hangs:
    def opened(self, partition): ...
    def forget(self, partition): ...
    def observe(self, partition, emissions): ...
    def progress(self, partition):
        time.sleep(3600)

configure_logging()
FaustWorker(Settings.load(), [Hangs()]).run()
"""


async def test_a_worker_whose_event_loop_hangs_ends_and_tells_where(
    topics: KafkaSettings, log: KafkaLog, tmp_path: Path
) -> None:
    await feed(log, list(minutes(flows=4, length=30, per_minute=2)))
    program = (sys.executable, "-c", HANGS)
    with Cogentai(tmp_path, "worker", environment(topics) | STALL, program) as worker:
        assert await asyncio.to_thread(worker.exit_code, within=30) == 1
        (line,) = worker.said()
        assert SAID.fullmatch(line)
        told = json.loads(worker.errors.read_text().splitlines()[-2])
        assert told["event"] == "worker stopped"
        assert "in progress" in told["stack"]


async def test_a_worker_with_work_to_do_ends_when_the_broker_freezes(
    broker: Broker, make_topics: MakeTopics, tmp_path: Path
) -> None:
    topics = make_topics(broker.bootstrap)
    await _one_by_one(topics, [e for m in minutes(flows=40, length=250, per_minute=4) for e in m])
    with Cogentai(tmp_path, "worker", environment(topics) | STALL) as worker:
        await until(lambda: "applied_offset{" in worker.get("/metrics")[1], "a commit")
        broker.pause()
        assert await asyncio.to_thread(worker.exit_code, within=20) == 1
        (line,) = worker.said()
        assert SAID.fullmatch(line)


async def _one_by_one(topics: KafkaSettings, entries: list[Entry]) -> None:
    """Fill the topic with so many records that a worker is busy for seconds."""
    log = await KafkaLog.open(topics)
    for at in range(0, len(entries), 2000):
        await asyncio.gather(*(log.append([entry]) for entry in entries[at : at + 2000]))
    await log.aclose()
