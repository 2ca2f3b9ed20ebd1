"""What goes wrong with state in a Faust table: the design that ADR 0002 turned down, and why.

Two workers count events of a hundred flows. Their state are pages in a table; each page also holds
the last offset it has applied. For every batch they send the changed pages to the changelog, wait
until those are confirmed, and only then acknowledge. That holds when workers are killed. It does
not when one sleeps past its session and wakes up: it goes on with what it had in hand, nobody
stops it, and its stale pages land behind those of its successor.

    python -m tests.chaos.zombie_table --stops 6

prints how many flows are counted wrong in the end. Without a sleep (``--stops 0``) none is.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from kafka import KafkaAdminClient
from rich.console import Console
from rich.progress import Progress

from benchmarks.throughput.topics import topics
from pipeline.cli.console import ENVIRONMENT_MISSING, PROGRESS_COLUMNS
from pipeline.log.kafka_backlog import Backlog
from pipeline.log.kafka_producer import start_producer, stop_producer
from pipeline.log.partitioner import partition_of
from pipeline.settings import KafkaSettings, Settings
from pipeline.worker.faust_process import FaustProcess, make_app
from tests.broker import NoBrokerError, own_broker
from tests.chaos.fleet import Fleet
from tests.chaos.schedule import SLEEP_SECONDS
from tests.e2e.processes import environment
from tests.e2e.verifier import read

FLOWS = 100
PARTITIONS = 4
PAGES = 8
"""Of a partition: few, so that few records go to the changelog."""

WORKERS = 2
PER_SECOND = 1000
START_SECONDS = 15.0
REJOIN_SECONDS = 8.0
SETTLE_SECONDS = 90.0


class Page(msgspec.Struct):
    """Some flows of a partition: how many events of each, up to which offset."""

    applied: int = -1
    counts: dict[str, int] = {}


class Wrong(NamedTuple):
    """How many flows are counted wrong, and how many of all events are lost or counted twice."""

    flows: int
    lost: int
    doubled: int
    events: int


def worker() -> None:
    """Count, as the whole of a process."""
    kafka = Settings.load().kafka
    app = make_app(kafka)
    table = app.Table("pages", partitions=PARTITIONS, key_type=bytes, value_type=bytes)

    async def agent(stream: Any) -> None:
        async for events in stream.noack_take(200, within=0.1):
            changed = _apply(table, events)
            sent = [
                table.send_changelog(partition, key, msgspec.json.encode(page))
                for (partition, key), page in changed.items()
            ]
            for confirmed in sent:
                await confirmed
            for event in events:
                event.ack()

    app.agent(app.topic(kafka.events_topic, key_type=bytes, value_type=bytes))(agent)
    sys.exit(FaustProcess(app, _nothing).run() is not None)


def _apply(table: Any, events: list[Any]) -> dict[tuple[int, bytes], Page]:
    """Count events above each page's offset; return the pages that changed."""
    changed: dict[tuple[int, bytes], Page] = {}
    for event in events:
        partition, offset = event.message.partition, event.message.offset
        flow = event.value.decode()
        key = b"%d/%d" % (partition, partition_of(flow, PARTITIONS * PAGES) // PARTITIONS)
        page = changed.get((partition, key)) or _load(table, key)
        if offset > page.applied:
            page.counts[flow] = page.counts.get(flow, 0) + 1
            changed[partition, key] = page
    for (partition, key), page in changed.items():
        page.applied = max(e.message.offset for e in events if e.message.partition == partition)
        table.data[key] = msgspec.json.encode(page)
    return changed


def _load(table: Any, key: bytes) -> Page:
    raw = table.data.get(key)
    return Page(counts={}) if raw is None else msgspec.json.decode(raw, type=Page)


async def _nothing() -> None: ...


async def feed(settings: KafkaSettings, done: asyncio.Event) -> Counter[str]:
    """Write events one by one, until told; return how many there are of each flow."""
    fed: Counter[str] = Counter()
    producer = await start_producer(settings)
    while not done.is_set():
        for n in range(PER_SECOND // 10):
            flow = f"flow-{n % FLOWS}"
            partition = partition_of(flow, PARTITIONS)
            await producer.send(settings.events_topic, flow.encode(), partition=partition)
            fed[flow] += 1
        await producer.flush()
        await asyncio.sleep(0.1)
    await stop_producer(producer)
    return fed


async def counted(settings: KafkaSettings) -> Counter[str]:
    """Read the changelog as a worker that takes over would."""
    pages: dict[bytes | None, Page] = {}
    for records in (await read(settings, changelog(settings))).values():
        for record in records:
            pages[record.key] = msgspec.json.decode(record.value or b"", type=Page)
    total: Counter[str] = Counter()
    for page in pages.values():
        total.update(page.counts)
    return total


async def run(settings: KafkaSettings, folder: Path, stops: int, progress: Progress) -> Wrong:
    """Let workers sleep in turn while events flow; return what is wrong in the end."""
    root = str(Path(__file__).parents[2])
    env = environment(settings) | {"PYTHONPATH": root}
    program = (sys.executable, "-c", "from tests.chaos import zombie_table; zombie_table.worker()")
    fleet = Fleet(folder, env, program)
    for _ in range(WORKERS):
        fleet.join()
    watching = asyncio.create_task(fleet.watch())
    done = asyncio.Event()
    feeding = asyncio.create_task(feed(settings, done))
    try:
        await asyncio.sleep(START_SECONDS)
        for n in progress.track(range(stops), description="SIGSTOP past the session"):
            fleet.send(n % WORKERS, signal.SIGSTOP)
            await asyncio.sleep(SLEEP_SECONDS)
            fleet.send(n % WORKERS, signal.SIGCONT)
            await asyncio.sleep(REJOIN_SECONDS)
        done.set()
        fed = await feeding
        await asyncio.to_thread(_worked_off, settings)
        found = await counted(settings)
    finally:
        watching.cancel()
        fleet.kill()
    return Wrong(
        sum(fed[flow] != found[flow] for flow in fed),
        (fed - found).total(),
        (found - fed).total(),
        fed.total(),
    )


def _worked_off(settings: KafkaSettings) -> None:
    """Wait until the group has acknowledged everything."""
    deadline = time.monotonic() + SETTLE_SECONDS
    with closing(Backlog(settings)) as backlog:
        while time.monotonic() < deadline:
            ends = backlog.ends(range(PARTITIONS))
            if all(backlog.committed(number) == end for number, end in ends.items()):
                return
            time.sleep(0.5)
    raise AssertionError(f"the workers are still behind after {SETTLE_SECONDS:g} s")


def changelog(settings: KafkaSettings) -> str:
    """Return the name that Faust gives to the topic behind the table."""
    return f"{settings.group}-pages-changelog"


def create_changelog(settings: KafkaSettings) -> None:
    """Create that topic, since the app is told to declare none."""
    config = {"cleanup.policy": "compact"}
    plan = {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": config}
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        admin.create_topics({changelog(settings): plan})
        admin.wait_for_topics([changelog(settings)])


def main() -> int:
    """Show it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.zombie_table",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stops", type=int, default=6, help="default: %(default)s")
    stops = parser.parse_args().stops
    console = Console(stderr=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave no process behind
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        broker = own_broker(console.print)
    except NoBrokerError as error:
        console.print(f"no Kafka broker: {error}")
        return ENVIRONMENT_MISSING
    try:
        with (
            topics(broker.bootstrap, PARTITIONS) as settings,
            tempfile.TemporaryDirectory() as folder,
            Progress(*PROGRESS_COLUMNS, console=console, transient=True) as progress,
        ):
            create_changelog(settings)
            wrong = asyncio.run(run(settings, Path(folder), stops, progress))
    finally:
        broker.stop()
    print(
        f"{stops} sleeps: {wrong.flows} of {FLOWS} flows are counted wrong; of {wrong.events:,} "
        f"events {wrong.lost:,} are lost and {wrong.doubled:,} counted twice"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
