"""Events per second through the whole path, side by side with a bare consumer.

    python -m benchmarks.throughput [--events N] [--flows N] [--json]

Each case works off the same events from a full log: a consumer that only decodes, the engine
through Faust (a ``cogentai worker`` of its own), the engine on the journal, and the engine alone.
On one machine, broker included; ratios count, absolute figures are the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from benchmarks.retail import runs
from pipeline.engine.engine import Engine
from pipeline.log.base import Entry, Record
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.log.journal import Journal
from pipeline.log.kafka import KafkaLog
from pipeline.log.topics import apply
from pipeline.settings import EngineSettings, JournalSettings, KafkaSettings, Settings
from pipeline.worker.embedded import work
from pipeline.worker.partition import Partition
from schemas.decode import decode_batch
from tests.broker import shared_broker

PARTITIONS = 2
PORT = 29_464
say = Console(stderr=True)


def chunks(entries: Sequence[Entry], size: int) -> list[Sequence[Entry]]:
    """Cut entries into appends of ``size``."""
    return [entries[at : at + size] for at in range(0, len(entries), size)]


def alone(entries: Sequence[Entry], size: int) -> float:
    """Apply everything in memory; return events per second."""
    engines = [Engine(EngineSettings(), n) for n in range(PARTITIONS)]
    records = [
        Record(batch.partition, offset, None, batch.value, BATCH_HEADERS)
        for offset, chunk in enumerate(chunks(entries, size * PARTITIONS))
        for batch in pack(chunk, PARTITIONS)
    ]
    began = time.perf_counter()
    for record in records:
        engines[record.partition].apply(record)
    return len(entries) / (time.perf_counter() - began)


class Finish:
    """An observer that says when every partition has read to its end."""

    def __init__(self, ends: dict[int, int]) -> None:
        self._ends = ends
        self.reached = asyncio.Event()

    def opened(self, partition: Partition) -> None:
        """Nothing to note."""

    def observe(self, partition: int, emissions: object) -> None:
        """Nothing to note."""

    def progress(self, partition: Partition) -> None:
        """Note that a partition has got so far."""
        if (partition.applied or 0) >= self._ends.get(partition.number, 0):
            self._ends.pop(partition.number, None)
        if not self._ends:
            self.reached.set()

    def forget(self, partition: int) -> None:
        """Nothing to forget."""


async def embedded(entries: Sequence[Entry], size: int, folder: Path) -> float:
    """Work off a full journal; return events per second."""
    settings = JournalSettings(path=folder / f"{size}.db", partitions=PARTITIONS)
    journal = await Journal.open(settings)
    for chunk in chunks(entries, size * PARTITIONS):
        await journal.append(chunk)
    ends = {n: await _end(journal, n) for n in range(PARTITIONS)}
    finish = Finish(ends)
    began = time.perf_counter()
    working = asyncio.create_task(work(journal, Settings(journal=settings), [finish]))
    await finish.reached.wait()
    took = time.perf_counter() - began
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    await journal.aclose()
    return len(entries) / took


async def _end(journal: Journal, partition: int) -> int:
    last: int | None = None
    while records := await journal.read(partition, last):
        last = records[-1].offset
    return last or 0


async def fill(settings: KafkaSettings, entries: Sequence[Entry], size: int) -> None:
    """Write everything to a topic of its own, ``size`` events a record."""
    apply(settings)
    log = await KafkaLog.open(settings)
    appends = [log.append(chunk) for chunk in chunks(entries, size * PARTITIONS if size > 1 else 1)]
    for some in range(0, len(appends), 500):
        await asyncio.gather(*appends[some : some + 500])
    await log.aclose()


async def bare(settings: KafkaSettings, total: int) -> float:
    """Consume and decode, no more; return events per second."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    places = [TopicPartition(settings.events_topic, n) for n in range(PARTITIONS)]
    consumer.assign(places)
    ends = await consumer.end_offsets(places)
    seen = 0
    began = time.perf_counter()
    while any([await consumer.position(place) < ends[place] for place in places]):
        for batch in (await consumer.getmany(timeout_ms=200)).values():
            seen += sum(len(decode_batch(message.value)) for message in batch)
    took = time.perf_counter() - began
    await consumer.stop()
    assert seen >= total
    return seen / took


def through_faust(settings: KafkaSettings, total: int, folder: Path) -> float:
    """Let a worker process work the topic off; return events per second between two commits."""
    names = ("bootstrap", "group", "partitions", "events_topic", "dead_letters_topic")
    names += ("checkpoints_topic", "signals_topic", "alerts_topic")
    env = {f"COGENTAI_KAFKA__{n.upper()}": str(getattr(settings, n)) for n in names}
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "worker"]
    with (
        (folder / "worker.err").open("wb") as errors,
        subprocess.Popen(
            command,
            env={**os.environ, **env, "COGENTAI_METRICS__PORT": str(PORT)},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        ) as worker,
    ):
        try:
            return _rate_of_worker(total)
        finally:
            worker.terminate()


def _rate_of_worker(total: int) -> float:
    first: tuple[float, float] | None = None
    while True:
        now, seen = time.perf_counter(), _events_seen()
        if seen and first is None:
            first = (now, seen)
        if first is not None and seen >= total:
            return (seen - first[1]) / (now - first[0]) if seen > first[1] else total
        time.sleep(0.02)


def _events_seen() -> float:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    except OSError:
        return 0.0
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        if family.name == "cogentai_events"
        for sample in family.samples
        if sample.name.endswith("_total") and "heartbeat" not in sample.labels["type"]
    )


def measure(events: int, flows: int) -> list[dict[str, object]]:
    """Run every case in both shapes."""
    entries = list(runs(events, flows))
    total = sum(entry.key is not None for entry in entries)
    found: list[dict[str, object]] = []
    broker = shared_broker(say.print)
    try:
        for size in (200, 1):
            # One event a record is many times slower everywhere, so it gets a tenth of the events.
            part = entries if size > 1 else entries[: len(entries) // 10]
            some = sum(entry.key is not None for entry in part)
            name = f"bench-{uuid4().hex[:8]}"
            topics = {
                f"{topic}_topic": f"{name}.{topic}"
                for topic in ("events", "dead_letters", "checkpoints", "signals", "alerts")
            }
            settings = KafkaSettings(
                bootstrap=broker.bootstrap, group=name, partitions=PARTITIONS, **topics
            )
            say.print(f"{size} events a record: filling the log …")
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(fill(settings, part, size))
                say.print("bare consumer …")
                ceiling = asyncio.run(bare(settings, some))
                say.print("engine through Faust …")
                faust = through_faust(settings, some, Path(folder))
                say.print("engine on the journal …")
                journal = asyncio.run(embedded(part, size, Path(folder)))
            cases = {
                "bare consumer with decoding": ceiling,
                "engine through Faust": faust,
                "engine embedded": journal,
                "engine alone": alone(part, size),
            }
            found += [
                {"events_per_record": size, "case": case, "events_per_s": round(rate),
                 "ratio": round(rate / ceiling, 3), "events": total if size > 1 else some}
                for case, rate in cases.items()
            ]  # fmt: skip
    finally:
        broker.stop()
    return found


def conditions(flows: int, entry: Entry) -> str:
    """Say what the figures were measured on."""
    model = "unknown CPU"
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(": ")[1] for x in lines if x.startswith("model name")), model)
    return (
        f"{os.cpu_count()} x {model}, Python {platform.python_version()}, with the broker; "
        f"{flows} flows, {PARTITIONS} partitions, {len(entry.value)} bytes an event, one worker"
    )


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--flows", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    rows = measure(given.events, given.flows)
    if given.json:
        for row in rows:
            print(json.dumps(row))
        return
    table = Table("events a record", "case", "events/s", "ratio to bare")
    for row in rows:
        table.add_row(
            str(row["events_per_record"]),
            str(row["case"]),
            f"{row['events_per_s']:,}",
            f"{row['ratio']:.2f}",
        )
    console = Console()
    console.print(table)
    console.print(conditions(given.flows, next(runs(1, 1))), style="dim")


if __name__ == "__main__":
    main()
