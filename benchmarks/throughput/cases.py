"""The cases of the throughput benchmark, and how each is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.throughput.alone import alone
from benchmarks.throughput.embedded import embedded
from benchmarks.throughput.faust import through_faust
from benchmarks.throughput.peers.process import rate_of, task_for
from benchmarks.throughput.quix.environment import quix_python
from benchmarks.throughput.workload import Workload
from pipeline.settings import KafkaSettings

PEER_SECONDS = 15.0
"""A slow peer is stopped after so long, and its rate is what it did until then."""

Measure = Callable[[KafkaSettings, Workload, Path], Coroutine[None, None, float]]


@dataclass(frozen=True)
class Case:
    """Something to be measured on a full topic; ``engine`` fills the topic itself."""

    title: str
    measure: Measure
    sizes: tuple[int, ...] = (200, 1)
    engine: bool = False


async def _peer(name: str, settings: KafkaSettings, work: Workload, folder: Path) -> float:
    quix = name == "quix"
    package = "quix.app" if quix else f"peers.{name}"
    python = {"python": await asyncio.to_thread(quix_python)} if quix else {}
    task = task_for(settings, name, work.events, PEER_SECONDS)
    return await rate_of(f"benchmarks.throughput.{package}", task, folder, **python)


async def _embedded(_settings: KafkaSettings, work: Workload, folder: Path) -> float:
    return await embedded(work, folder)


async def _alone(_settings: KafkaSettings, work: Workload, _folder: Path) -> float:
    return alone(work)


BARE = "bare"
ENGINE = "engine"

CASES = {
    ENGINE: Case("engine through Faust", through_faust, engine=True),
    BARE: Case("bare consumer with decoding", partial(_peer, "bare")),
    "noop": Case("no-op Faust agent, raw bytes", partial(_peer, "noop"), sizes=(1,)),
    "table": Case("plain Faust app, a table write an event", partial(_peer, "table")),
    "quix": Case("Quix Streams, tumbling windows", partial(_peer, "quix")),
    "river": Case("river in a bare loop", partial(_peer, "river_loop")),
    "embedded": Case("engine embedded (journal)", _embedded),
    "alone": Case("engine alone, in memory", _alone),
}
"""By the name they are chosen by, in the order they are measured."""
