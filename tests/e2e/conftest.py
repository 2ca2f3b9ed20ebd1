"""What every test on a broker needs: the log to write to, and workers to set upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pipeline.log.kafka import KafkaLog
from pipeline.settings import KafkaSettings
from tests.e2e.processes import Cogentai, environment


@pytest.fixture
async def log(topics: KafkaSettings) -> AsyncIterator[KafkaLog]:
    log = await KafkaLog.open(topics)
    yield log
    await log.aclose()


@pytest.fixture
def worker(topics: KafkaSettings, tmp_path: Path) -> Callable[[], Cogentai]:
    return lambda: Cogentai(tmp_path, "worker", environment(topics))
