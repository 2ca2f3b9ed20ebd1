"""A peer as a process: started, waited for, and its rate read."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from benchmarks.throughput.peers.task import Task
from pipeline.settings import KafkaSettings

ROOT = Path(__file__).parents[3]
START_SECONDS = 90.0
"""To start, to be assigned partitions, and to make topics."""


class PeerError(Exception):
    """A peer did not come to an end, or ended without a result."""


def task_for(settings: KafkaSettings, name: str, events: int, seconds: float) -> Task:
    """Give a peer a group of its own on the topics of a measurement."""
    return Task(
        bootstrap=settings.bootstrap,
        group=f"{settings.group}-{name}",
        source=settings.events_topic,
        output=settings.signals_topic,
        partitions=settings.partitions,
        events=events,
        seconds=seconds,
    )


async def rate_of(module: str, task: Task, folder: Path, python: str = sys.executable) -> float:
    """Run a peer; return events per second from its first record to its last."""
    peer = await asyncio.create_subprocess_exec(
        *(python, "-m", module, task.arguments()),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(task.seconds + START_SECONDS):
            out, err = await peer.communicate()
    except TimeoutError:
        peer.kill()
        _, err = await peer.communicate()
        raise PeerError(f"{module} did not end; it said: {err[-500:].decode()}") from None
    if peer.returncode:
        raise PeerError(f"{module} ended with {peer.returncode}; it said: {err[-500:].decode()}")
    found = json.loads(out.splitlines()[-1])
    return float(found["events"] / found["seconds"])
