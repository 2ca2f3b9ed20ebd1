"""What keeps Faust from stopping, and what it does to a cluster unasked."""

from __future__ import annotations

import asyncio
import json
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from pipeline.log.base import Entry
from pipeline.settings import KafkaSettings
from tests.e2e.processes import Cogentai, environment
from tests.e2e.verifier import until
from tests.regressions.apps import NOTES
from tests.regressions.conftest import App, Fill

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_a_process_stops_although_events_are_not_acknowledged(
    app: App, fill: Fill, tmp_path: Path
) -> None:
    """Plain Faust waits for acknowledgements at SIGTERM, for ever: it had to be killed.

    (``stream_wait_empty`` is true by default.)
    """
    await fill([Entry(None, b"1")] * 100)
    with app("keeping") as keeping:
        await until((tmp_path / NOTES).exists, "a batch in hand")
        keeping.send(signal.SIGTERM)
        assert keeping.exit_code(within=10) == 0


async def test_a_process_that_fails_ends_although_offsets_are_not_committed_yet(
    app: App, fill: Fill
) -> None:
    """Plain Faust asks a thread to commit them that the failure has ended, and waits for ever.

    (A stream that is broken off may acknowledge what it held after Faust has committed for the
    last time. A worker that was fenced ended with another reason than that, seconds later.)
    """
    await fill([Entry(None, b"1")] * 100)
    with app("failing_late") as failing:
        assert await asyncio.to_thread(failing.exit_code, within=30) == 1
        assert not failing.said()


async def test_a_worker_creates_no_topics(topics: KafkaSettings, tmp_path: Path) -> None:
    """Plain Faust declares the topics it uses, and one for an election of a leader.

    On a cluster that gives workers no right to create topics, it would end at its start.
    """
    with KafkaAdminClient(bootstrap_servers=topics.bootstrap) as admin:
        before = set(admin.list_topics())
        with Cogentai(tmp_path, "worker", environment(topics)) as worker:
            await until(worker.ready, "ready")
            assert set(admin.list_topics()) - {"__consumer_offsets"} <= before


async def test_a_second_worker_joins_where_opentracing_is_not_installed(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    """Faust 0.15.1 failed at every rebalance without a package that it does not ask for."""
    assert find_spec("opentracing") is None
    one = Cogentai(tmp_path, "worker", environment(topics))
    two = Cogentai(tmp_path, "worker", environment(topics))
    with one, two:
        await until(lambda: _share(one) == _share(two) == 1, "a partition each")
        assert not one.ended()
        assert not two.ended()


def _share(worker: Cogentai) -> int | None:
    """How many partitions a worker was assigned last."""
    told = [json.loads(line) for line in worker.errors.read_text().splitlines()]
    shares = [len(line["partitions"]) for line in told if "partitions" in line]
    return shares[-1] if shares else None
