"""A live engine: journal, worker, metrics and health server, fed a little simulated retail."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry

from pipeline.health.server import HealthServer
from pipeline.log.base import Entry
from pipeline.log.journal import Journal
from pipeline.outputs.metrics import EngineMetrics
from pipeline.settings import JournalSettings, MetricsSettings, Settings
from pipeline.worker.embedded import work
from pipeline.worker.observing import MetricsObserver
from tests.make import MONDAY, Event, heartbeat, window

FLOWS = ("orders", "stock", "refunds")
LEARNING = 2_900
"""Minutes until verdicts count: the calibration warms up for two days."""
PACE = 0.25
"""Seconds a simulated minute takes once the history has been told."""


@contextmanager
def live_engine_metrics(folder: Path) -> Iterator[int]:
    """Serve the metrics of an engine at work; yield the port."""
    registry = CollectorRegistry()
    metrics = EngineMetrics(registry, MetricsSettings().max_flows)
    settings = Settings(journal=JournalSettings(path=folder / "journal.db"))
    enough = threading.Event()
    retail = threading.Thread(
        target=lambda: asyncio.run(_retail(settings, metrics, enough)), name="retail"
    )
    with HealthServer("127.0.0.1", 0, registry, lambda: (True, "")) as server:
        retail.start()
        try:
            yield server.port
        finally:
            enough.set()
            retail.join()


async def _retail(settings: Settings, metrics: EngineMetrics, enough: threading.Event) -> None:
    journal = await Journal.open(settings.journal)
    working = asyncio.create_task(work(journal, settings, [MetricsObserver(metrics)]))
    try:
        for hour in range(0, LEARNING, 60):
            await journal.append([e for m in range(hour, hour + 60) for e in _minute(m)])
        minute = LEARNING
        while not (enough.is_set() or working.done()):
            await journal.append([*_minute(minute, troubled=True), *_oddities(minute)])
            minute += 1
            await asyncio.sleep(PACE)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await journal.aclose()


def _minute(minute: int, *, troubled: bool = False) -> list[Entry]:
    """What happens in a minute: with trouble, orders stop and half the stock runs fail."""
    at, chance = MONDAY + 60 * minute, random.Random(minute)
    events = []
    for flow in FLOWS:
        started = 0 if troubled and flow == "orders" else chance.randint(8, 14)
        failed = started // 2 if troubled and flow == "stock" else int(chance.random() < 0.05)
        events.append(
            window(
                at,
                flow,
                flow_name=f"The {flow} flow",
                runs={"started": started, "succeeded": max(started - failed, 0), "failed": failed},
                duration={"count": started, "mean_log_ms": chance.gauss(7, 0.1)},
                queue={"depth": chance.randint(0, 5)},
            )
        )
    return [*map(_entry, events), _entry(heartbeat(at + 60), None)]


def _oddities(minute: int) -> list[Entry]:
    """What every stream has a little of: a repeat, a latecomer, and something unreadable."""
    repeated = window(MONDAY + 60 * (minute - 1), "refunds", runs={"started": 9})
    late = window(MONDAY + 60 * (minute - 30), "stock") | {"id": f"late-{minute}"}
    return [_entry(repeated), _entry(late), Entry("acme:orders", b'{"specversion":"1.0"}')]


def _entry(event: Event, key: str | None = "acme:orders") -> Entry:
    return Entry(key, json.dumps(event).encode())
