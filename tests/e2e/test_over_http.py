"""From an HTTP request to an alert, in processes of their own."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pipeline.log.journal import Journal
from pipeline.log.journal_reader import JournalReader
from pipeline.settings import EngineSettings, JournalSettings, KafkaSettings
from tests.e2e.processes import Cogentai, environment, free_port
from tests.e2e.retail import Minute, minutes
from tests.e2e.verifier import Published, replayed, until

PARTITIONS = 2
BATCH = {"content-type": "application/cloudevents-batch+json"}


def body(minute: Minute) -> bytes:
    return b"[" + b",".join(entry.value for entry in minute) + b"]"


def alerts(source: str, env: dict[str, str], folder: Path) -> list[dict[str, object]]:
    command = [sys.executable, "-c", "from pipeline.cli import main; main()"]
    told = subprocess.run(
        [*command, "alerts", "--from", source, "--json"],
        env={**env, "PATH": ""},
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


class Edge:
    """Posts like a sender that does not give up: the same again until it is taken."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/v1/events"
        self.client = httpx.AsyncClient(headers=BATCH, timeout=10)

    async def post(self, minute: Minute) -> bool:
        try:
            return (await self.client.post(self._url, content=body(minute))).status_code == 202
        except httpx.TransportError:
            return False


async def published(path: Path) -> Published:
    reader = await JournalReader.open(path)
    found: Published = {
        (topic, n): [] for topic in ("signals", "alerts", "dead-letters") for n in range(PARTITIONS)
    }
    for topic in ("signals", "alerts"):
        after = 0
        while page := await reader.outputs(topic, after):  # type: ignore[arg-type]
            for row in page:
                found[topic, row.partition].append((row.output.key, row.output.value))
            after = page[-1].sequence
    await reader.aclose()
    return found


async def linear(path: Path) -> Published:
    journal = await Journal.open(JournalSettings(path=path, partitions=PARTITIONS))
    records = {n: await journal.read(n, None, limit=100_000) for n in range(PARTITIONS)}
    await journal.aclose()
    return replayed(records, EngineSettings(), "journal")


@pytest.mark.timeout(120)
async def test_one_machine_killed_again_and_again_loses_and_repeats_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    env = {
        "COGENTAI_JOURNAL__PATH": str(path),
        "COGENTAI_JOURNAL__PARTITIONS": str(PARTITIONS),
        "COGENTAI_INGEST__HEARTBEAT_SECONDS": "0",
        "COGENTAI_ENGINE__SNAPSHOT_RECORDS": "40",
    }
    waiting = list(minutes(flows=6, length=200, per_minute=3))
    sent = 0
    while waiting:
        port = free_port()
        with Cogentai(tmp_path, "run", {**env, "COGENTAI_INGEST__PORT": str(port)}) as one:
            await until(one.ready, "ready")
            edge = Edge(port)
            for _ in range(45):
                if waiting and await edge.post(waiting[0]):
                    sent += len(waiting.pop(0))
            await edge.client.aclose()
            if waiting:
                one.send(signal.SIGKILL)
            else:
                wanted = await linear(path)
                lengths = {place: len(outputs) for place, outputs in wanted.items()}
                await _until_published(path, lengths)
                one.send(signal.SIGINT)
                assert one.exit_code(within=10) == 0
    assert await published(path) == wanted
    assert sent > 2000
    raised = alerts("journal", env, tmp_path)
    assert {a["flow_id"] for a in raised if a["status"] == "firing"} >= {"flow-1", "flow-3"}


async def _until_published(path: Path, lengths: dict[tuple[str, int], int]) -> None:
    for _ in range(300):
        found = await published(path)
        if all(len(found[place]) >= n for place, n in lengths.items()):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("not everything was published in time")


@pytest.mark.kafka
@pytest.mark.timeout(120)
async def test_an_event_posted_to_the_edge_becomes_an_alert_on_kafka(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    port = free_port()
    env = {
        **environment(topics),
        "COGENTAI_INGEST__PORT": str(port),
        "COGENTAI_INGEST__HEARTBEAT_SECONDS": "0",
    }
    with Cogentai(tmp_path, "ingest", env) as edge, Cogentai(tmp_path, "worker", env) as worker:
        await until(worker.ready, "ready", seconds=60)
        sender = Edge(port)
        for minute in minutes(flows=4, length=100, per_minute=2):
            while not await sender.post(minute):
                assert not edge.ended()
        await sender.client.aclose()

        def raised() -> bool:
            return worker.get("/metrics")[1].count("cogentai_alerts_total{") >= 2

        await until(raised, "two flows have been alerted on", seconds=60)
        assert {a["flow_id"] for a in alerts("kafka", env, tmp_path)} >= {"flow-1", "flow-3"}
        edge.send(signal.SIGTERM)
        assert edge.exit_code(within=10) == 0
