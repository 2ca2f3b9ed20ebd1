"""From an event accepted to an alert on its topic, under a steady load.

A day is played quickly: each simulated minute, some flows promise a run that never comes, and the
heartbeat that closes their window raises an alert for each. That heartbeat is posted to the real
edge; the clock runs from its 202 to the arrival of the alert at a read_committed consumer. So the
width of the window, which only the clock on the wall can shorten, is left out, and everything else
is in: the edge's log, fetch, the whole load of windows that close at the same moment, detection,
and the commit.

The load is written to the log in batches of 200, as a few more edges would, at a fixed rate: half
of what the same worker reaches on a full topic, which is measured first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

import httpx
import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console
from rich.progress import Progress

from benchmarks.process import StoppedError, cogentai, on_topics, workers
from benchmarks.throughput.faust import through_faust
from benchmarks.throughput.report import machine
from benchmarks.throughput.runs import START, event, heartbeat, iso, runs
from benchmarks.throughput.topics import topics
from benchmarks.throughput.workload import Shape, workload
from pipeline.log.base import Entry
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_consumer import running
from pipeline.settings import EngineSettings, KafkaSettings
from tests.broker import NoBrokerError, shared_broker

PARTITIONS = 2
A_RECORD = 200
PLANTED = 5
"""Promises a minute."""
FIRST_MINUTES = 5
"""Left out of the result: partitions are opened, and nothing is warm."""
GRACE_SECONDS = 20.0
ENVIRONMENT_MISSING = 3


class Alerts:
    """When the alerts that were planted arrived, by the window they are of."""

    def __init__(self) -> None:
        self.arrived: dict[str, tuple[int, float]] = {}

    async def follow(self, settings: KafkaSettings, ready: asyncio.Event) -> None:
        """Read committed alerts until cancelled."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        async with running(consumer):
            topic = settings.alerts_topic
            consumer.assign([TopicPartition(topic, n) for n in range(settings.partitions)])
            ready.set()
            while True:
                for records in (await consumer.getmany(timeout_ms=50)).values():
                    now = time.perf_counter()
                    for record in records:
                        self._note(json.loads(record.value)["data"], now)

    def _note(self, alert: dict[str, str], now: float) -> None:
        if alert["flow_id"].startswith("promise-"):
            minute = int(alert["flow_id"].split("-")[1])
            self.arrived.setdefault(alert["flow_id"], (minute, now))


def minutes(rate: float, seconds: float, flows: int) -> list[list[Entry]]:
    """Make the load, minute by minute."""
    stream = runs(int(rate * seconds), flows)
    by_minute = groupby(stream, lambda entry: entry.key is None)
    return [list(entries) for beat, entries in by_minute if not beat]


def promises(minute: int) -> list[bytes]:
    """Make the promises of a minute, due in it, which nobody will keep."""
    at = START + 60 * minute
    return [
        event(
            "cogent.schedule.expected",
            f"promise:{minute}:{n}",
            at,
            {"flow_id": f"promise-{minute}-{n}", "due_at": iso(at + 30), "tolerance_s": 0},
        )
        for n in range(PLANTED)
    ]


async def under_load(
    settings: KafkaSettings, url: str, load: list[list[Entry]], rate: float, progress: Progress
) -> tuple[list[float], float]:
    """Play the load; return the latencies of alerts, and the events a second that were written."""
    alerts, ready = Alerts(), asyncio.Event()
    accepted: dict[int, float] = {}
    log = await KafkaLog.open(settings)
    following = asyncio.create_task(alerts.follow(settings, ready))
    await ready.wait()
    task = progress.add_task(f"{rate:,.0f} events/s", total=len(load))
    began = time.perf_counter()
    written = 0
    async with httpx.AsyncClient(base_url=url) as edge, asyncio.TaskGroup() as group:
        for minute, entries in enumerate(load):
            step = PARTITIONS * A_RECORD
            for first in range(0, len(entries), step):
                chunk = entries[first : first + step]
                await asyncio.sleep(began + written / rate - time.perf_counter())
                group.create_task(log.append(chunk))
                written += len(chunk)
            group.create_task(_end_of_minute(edge, minute, accepted))
            progress.update(task, completed=minute + 1)
    reached = written / (time.perf_counter() - began)
    await _all_arrived(alerts, len(load) - 1)
    following.cancel()
    await log.aclose()
    return [
        now - accepted[minute + 1]
        for minute, now in alerts.arrived.values()
        if minute >= FIRST_MINUTES
    ], reached


async def _end_of_minute(edge: httpx.AsyncClient, minute: int, accepted: dict[int, float]) -> None:
    """Post a minute's promises, then the heartbeat at its end: it closes the minute before."""
    headers = {"content-type": "application/cloudevents-batch+json"}
    for events in (promises(minute), [heartbeat(START + 60 * (minute + 1))]):
        body = b"[" + b",".join(events) + b"]"
        answer = await edge.post("/v1/events", content=body, headers=headers)
        answer.raise_for_status()
    accepted[minute] = time.perf_counter()


async def _all_arrived(alerts: Alerts, minutes: int) -> None:
    until = time.perf_counter() + GRACE_SECONDS
    while len(alerts.arrived) < minutes * PLANTED:
        if time.perf_counter() > until:
            missing = minutes * PLANTED - len(alerts.arrived)
            raise StoppedError(f"{missing} alerts are missing: the load is more than it can take")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def serving(settings: KafkaSettings, folder: Path) -> AsyncIterator[str]:
    """Run an edge and a worker; give the edge's address."""
    quiet = on_topics(settings) | {
        "COGENTAI_INGEST__HEARTBEAT_SECONDS": "0",
        "COGENTAI_INGEST__REQUESTS_PER_SECOND": "1000000",
    }
    async with cogentai("ingest", quiet, folder) as edge, workers(1, settings, folder):
        await edge.ready()
        yield f"http://127.0.0.1:{edge.port}"


async def measure(
    given: argparse.Namespace, bootstrap: str, progress: Progress
) -> dict[str, object]:
    """Find the maximum, then play half of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rate = given.rate
        if rate is None:
            progress.add_task("measuring the maximum", total=None)
            full = workload(given.events, Shape(A_RECORD, given.flows, 5), PARTITIONS)
            with topics(bootstrap, PARTITIONS) as settings:
                rate = await through_faust(settings, full, folder) / 2
        load = minutes(rate, given.seconds, given.flows)
        with topics(bootstrap, PARTITIONS) as settings:
            async with serving(settings, folder) as url:
                found, reached = await under_load(settings, url, load, rate, progress)
    p50, p90, p99 = np.percentile(found, [50, 90, 99])
    return {
        "p50_ms": round(1000 * p50),
        "p90_ms": round(1000 * p90),
        "p99_ms": round(1000 * p99),
        "max_ms": round(1000 * max(found)),
        "alerts": len(found),
        "events_per_s": round(reached),
        "maximum_events_per_s": None if given.rate else round(2 * rate),
        "flows": given.flows,
        "minutes_played": len(load),
        "lateness_seconds": EngineSettings().lateness_seconds,
        "partitions": PARTITIONS,
    }


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.latency",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=30, help="of load; default: %(default)s")
    parser.add_argument("--flows", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--rate", type=float, help="events/s, instead of half the maximum")
    parser.add_argument(
        "--events", type=int, default=200_000, help="to find the maximum; default: %(default)s"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    console = Console(stderr=True)
    try:
        broker = shared_broker(console.print)
    except NoBrokerError as error:
        console.print(f"no Kafka broker: {error}")
        raise SystemExit(ENVIRONMENT_MISSING) from None
    conditions = machine()
    try:
        with Progress(console=console, transient=True) as progress:
            found = asyncio.run(measure(given, broker.bootstrap, progress)) | conditions
    finally:
        broker.stop()
    if given.json:
        print(json.dumps(found))
    else:
        for what, value in found.items():
            print(f"{what.replace('_', ' ')}: {value}")


if __name__ == "__main__":
    main()
