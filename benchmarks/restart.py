"""How long a worker with many flows takes from its start until it commits again.

A worker learns the flows, is killed, and is started anew while events come in. Timed are the start
of the new process, until the group has given it its partitions (ready), and until each of them has
committed: interpreter, group, fencing, snapshot and silent replay included.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.throughput.report import machine
from benchmarks.throughput.topics import topics
from pipeline.cli.console import ENVIRONMENT_MISSING
from pipeline.log.kafka import KafkaLog
from pipeline.log.kafka_checkpoint import read_checkpoint, read_header, split
from pipeline.log.kafka_consumer import PartitionReader
from pipeline.settings import KafkaSettings
from tests.broker import NoBrokerError, shared_broker
from tests.chaos.commits import Commits
from tests.e2e.processes import PROGRAM, Cogentai, environment
from tests.e2e.retail import feed, minutes

MINUTES = 8
SNAPSHOT_AT = 4
"""The minutes behind it are replayed silently: a kill leaves as much at the most, by default."""


async def measure(
    settings: KafkaSettings, folder: Path, flows: int, say: Callable[[str], None]
) -> dict[str, object]:
    """Let a worker learn the flows, kill it, and time the next one."""
    stretch = list(minutes(flows=flows, length=MINUTES, per_minute=1))
    log = await KafkaLog.open(settings)
    env = environment(settings) | {"COGENTAI_ENGINE__SNAPSHOT_RECORDS": "20000"}
    try:
        async with Commits.open(settings) as commits:
            say("learning")
            with Cogentai(folder, "worker", env) as first:
                await feed(log, stretch[:SNAPSHOT_AT])
                await _applied(commits)
                first.send(signal.SIGTERM)
                await asyncio.to_thread(first.exit_code, within=60)
            with Cogentai(folder, "worker", env) as second:
                await feed(log, stretch[SNAPSHOT_AT:-1])
                await _applied(commits)
                second.send(signal.SIGKILL)
                await asyncio.to_thread(second.exit_code, within=5)
            say("starting anew")
            await log.append(stretch[-1])
            return await _timed(lambda: Cogentai(folder, "worker", env, PROGRAM), commits) | {
                "flows": flows,
                "partitions": settings.partitions,
                **await _snapshots(settings),
            }
    finally:
        await log.aclose()


async def _timed(worker: Callable[[], Cogentai], commits: Commits) -> dict[str, object]:
    """Start a worker and wait for it; there are records of every partition to apply."""
    before = dict(commits.applied)
    began = time.monotonic()
    with worker() as third:
        while not await asyncio.to_thread(third.ready):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.05)
        ready = time.monotonic() - began
        while any(commits.applied[n] <= at for n, at in before.items()):
            await commits.look()
    took = time.monotonic() - began
    return {"seconds until ready": f"{ready:.1f}", "seconds until all commit": f"{took:.1f}"}


async def _applied(commits: Commits) -> None:
    """Wait until nothing is behind."""
    while any((await commits.behind() or {0: 1}).values()):
        pass


async def _snapshots(settings: KafkaSettings) -> dict[str, object]:
    """Say how large the snapshots are, as they are and as they lie in the topic."""
    raw, chunks, packed = 0, 0, 0
    for n in range(settings.partitions):
        reading = PartitionReader.open(settings, settings.checkpoints_topic, n, "read_committed")
        async with reading as reader:
            header = await read_header(reader)
            snapshot = header and (await read_checkpoint(reader, header)).snapshot
        pieces = split(snapshot or b"")
        raw, chunks = raw + len(snapshot or b""), chunks + len(pieces)
        packed += sum(map(len, pieces))
    return {
        "MB of snapshots": f"{raw / 1e6:.0f}",
        "MB in the topic": f"{packed / 1e6:.1f}",
        "chunks": chunks,
    }


def main() -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(
        "benchmarks.restart",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--flows", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--partitions", type=int, default=4, help="default: %(default)s")
    given = parser.parse_args()
    console = Console(stderr=True)
    conditions = machine()
    try:
        broker = shared_broker(console.print)
    except NoBrokerError as error:
        console.print(f"no Kafka broker: {error}")
        return ENVIRONMENT_MISSING
    try:
        with (
            topics(broker.bootstrap, given.partitions) as settings,
            tempfile.TemporaryDirectory() as folder,
            console.status("starting") as status,
        ):
            found = asyncio.run(measure(settings, Path(folder), given.flows, status.update))
    finally:
        broker.stop()
    table = Table("what", "value")
    for name, value in (found | conditions).items():
        table.add_row(name, str(value))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
