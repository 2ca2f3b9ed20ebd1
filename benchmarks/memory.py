"""Memory of a worker with many flows, and how soon it works again after a restart.

A real cogentai worker on Kafka is fed minute by minute, never far behind. Two things fill it: what
is remembered of each flow, and the ids of recent events (an hour or two of them, to know a repeat),
which grow with the rate and not with the flows. So the rate is part of the result: --per-minute
events a flow, over --minutes of event time; from 130 minutes on the ids are at their fullest.

The restart is a SIGTERM, which leaves a snapshot behind, and then the time from the start of a new
process to its first commit in every partition.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from benchmarks.process import Cogentai, cogentai, on_topics
from benchmarks.throughput.faust import checkpoints
from benchmarks.throughput.report import machine
from benchmarks.throughput.runs import START, heartbeat, minute
from benchmarks.throughput.topics import topics
from pipeline.log.base import Entry
from pipeline.log.kafka import KafkaLog
from pipeline.settings import KafkaSettings
from tests.broker import NoBrokerError, shared_broker

A_RECORD = 200
AHEAD = 200
"""Records a partition may be behind. What lies in the worker's buffers is memory too."""
ENVIRONMENT_MISSING = 3


class Feed:
    """Writes to the log, and knows how far the worker has come."""

    def __init__(self, settings: KafkaSettings, log: KafkaLog) -> None:
        self._settings = settings
        self._log = log
        self._applied = dict.fromkeys(range(settings.partitions), -1)
        self._written = 0
        self._commits = 0

    async def follow(self) -> None:
        """Read the worker's checkpoints until cancelled."""
        async for commit in checkpoints(self._settings):
            if commit is not None:
                self._applied[commit.partition] = commit.applied
                self._commits += 1

    async def write(self, entries: list[Entry], worker: Cogentai, ahead: int = AHEAD) -> None:
        """Write entries, and wait until the worker is near."""
        step = A_RECORD * self._settings.partitions
        for first in range(0, len(entries), step):
            await self._log.append(entries[first : first + step])
            self._written += 1
            while self._written - 1 - min(self._applied.values()) > ahead:
                worker.check()
                await asyncio.sleep(0.05)


def chunks(given: argparse.Namespace) -> Iterator[list[Entry]]:
    """Yield minute after minute, the heartbeat at the end of each included."""
    rng = np.random.default_rng(1)
    for number in range(given.minutes):
        yield [*minute(number, given.flows, given.per_minute, rng), _beat(number + 1)]


def _beat(number: int) -> Entry:
    return Entry(None, heartbeat(START + 60 * number))


async def measure(
    given: argparse.Namespace, settings: KafkaSettings, folder: Path, progress: Progress
) -> dict[str, object]:
    """Feed a worker, look at it, restart it."""
    task = progress.add_task("minutes", total=given.minutes)
    log = await KafkaLog.open(settings)
    feed = Feed(settings, log)
    following = asyncio.create_task(feed.follow())
    async with cogentai("worker", on_topics(settings), folder) as worker:
        await worker.ready()
        idle = resident(worker)["VmRSS"]
        events = 0
        for entries in chunks(given):
            await feed.write(entries, worker)
            events += len(entries)
            progress.advance(task)
        await feed.write([_beat(given.minutes + 1)], worker, ahead=0)
        held = resident(worker)
    began = time.monotonic()
    async with cogentai("worker", on_topics(settings), folder) as worker:
        await feed.write([_beat(given.minutes + 2)], worker, ahead=0)
        restart = time.monotonic() - began
        restarted = resident(worker)["VmRSS"]
    following.cancel()
    await log.aclose()
    return {
        "flows": given.flows,
        "events_a_flow_and_minute": given.per_minute,
        "minutes": given.minutes,
        "events": events,
        "idle_mb": round(idle / 1e6),
        "resident_mb": round(held["VmRSS"] / 1e6),
        "peak_mb": round(held["VmHWM"] / 1e6),
        "resident_kb_a_flow": round((held["VmRSS"] - idle) / 1e3 / given.flows, 1),
        "after_restart_mb": round(restarted / 1e6),
        "restart_seconds": round(restart, 1),
        "partitions": settings.partitions,
    }


def resident(worker: Cogentai) -> dict[str, int]:
    """Return the bytes a process holds now (VmRSS) and held at most (VmHWM)."""
    lines = Path(f"/proc/{worker.pid}/status").read_text().splitlines()
    pairs = [line.split(":") for line in lines if line.startswith(("VmRSS", "VmHWM"))]
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flows", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--minutes", type=int, default=130, help="default: %(default)s")
    parser.add_argument("--per-minute", type=float, default=0.2, help="default: %(default)s")
    parser.add_argument("--partitions", type=int, default=2, help="default: %(default)s")
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
        with (
            Progress(console=console, transient=True) as progress,
            topics(broker.bootstrap, given.partitions) as settings,
            tempfile.TemporaryDirectory() as folder,
        ):
            found = asyncio.run(measure(given, settings, Path(folder), progress)) | conditions
    finally:
        broker.stop()
    if given.json:
        print(json.dumps(found))
    else:
        for what, value in found.items():
            print(f"{what.replace('_', ' ')}: {value}")


if __name__ == "__main__":
    main()
