"""Processes of this folder's own making, and topics full of single records."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pipeline.log.base import Entry
from pipeline.log.kafka import KafkaLog
from pipeline.settings import KafkaSettings
from tests.conftest import MakeTopics
from tests.e2e.processes import Cogentai, environment

ROOT = Path(__file__).parents[2]

App = Callable[..., Cogentai]
Fill = Callable[[list[Entry]], Awaitable[None]]


@pytest.fixture
def topics(kafka: str, make_topics: MakeTopics) -> KafkaSettings:
    """Topics of two partitions."""
    return make_topics(kafka, 2)


@pytest.fixture
def app(topics: KafkaSettings, tmp_path: Path) -> App:
    """Start one of the processes of ``apps`` on these topics."""

    def start(name: str, **more: str) -> Cogentai:
        env = environment(topics) | {"PYTHONPATH": str(ROOT)} | more
        code = f"from tests.regressions import apps; apps.{name}()"
        return Cogentai(tmp_path, name, env, (sys.executable, "-c", code))

    return start


@pytest.fixture
def fill(topics: KafkaSettings) -> Fill:
    """Write entries, each as a record of its own."""

    async def write(entries: list[Entry]) -> None:
        log = await KafkaLog.open(topics)
        for at in range(0, len(entries), 2000):
            await asyncio.gather(*(log.append([entry]) for entry in entries[at : at + 2000]))
        await log.aclose()

    return write
