"""A collector in front of a stand-in for Patchworks; time passes while somebody sleeps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from pipeline.collect.budget import Budget
from pipeline.collect.client import Client
from pipeline.collect.collector import Collector
from pipeline.collect.delivery import Delivery
from pipeline.collect.errors import PatchworksError
from pipeline.collect.metrics import CollectMetrics
from pipeline.collect.place import Places
from pipeline.ingest.server import serving
from pipeline.log.base import Entry, LogUnavailableError
from pipeline.patchworks_sim.app import create_app
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.faults import Faults
from pipeline.patchworks_sim.stand_in import StandIn
from pipeline.settings import CompanySettings, IngestSettings

START = datetime(2026, 3, 3, 12, tzinfo=UTC)
STATES = {2: "success", 3: "failure", 4: "stopped", 5: "partial_success"}


class SleptClock:
    """Time that passes while somebody sleeps, and costs nothing."""

    def __init__(self, start: datetime = START) -> None:
        self._start = self._now = start

    def now(self) -> datetime:
        return self._now

    def seconds(self) -> float:
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=max(seconds, 0.001))


class MemoryLog:
    """A log that remembers, and fails when told to."""

    partitions = 1

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.failing = False

    async def append(self, entries: Sequence[Entry]) -> None:
        if self.failing:
            raise LogUnavailableError("told to fail")
        self.entries += entries

    async def aclose(self) -> None:
        pass

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(entry.value) for entry in self.entries]

    def of(self, type_: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == f"cogent.{type_}"]


@dataclass
class Office:
    """A company on the stand-in, and what is needed to collect from it."""

    url: str
    stand_in: StandIn
    clock: SleptClock
    folder: Path
    log: MemoryLog = field(default_factory=MemoryLog)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    @property
    def company(self) -> Company:
        return self.stand_in.companies[0]

    def settings(self, **changes: Any) -> CompanySettings:
        told = {
            "url": f"{self.url}/api/v1",
            "login_url": f"{self.url}/fabric/api/v1/login",
            "api_key": SecretStr(self.company.api_key),
            "backfill_days": 0,
            "success_log_share": 0,
        }
        return CompanySettings(**(told | changes))

    def client(self, **changes: Any) -> Client:
        settings = self.settings(**changes)
        return Client(settings, Budget(settings.requests_per_minute, self.clock), self.clock)

    @asynccontextmanager
    async def collector(self, **changes: Any) -> AsyncIterator[Collector]:
        """A collector as a process has it: what it knows, it knows from its file of places."""
        settings = self.settings(**changes)
        metrics = CollectMetrics(CollectorRegistry()).of("acme", settings.requests_per_minute)
        places = Places.open(self.folder / "collect.db")
        delivery = Delivery("acme", self.log, IngestSettings())
        try:
            async with self.client(**changes) as client:
                yield Collector("acme", settings, client, places, delivery, self.clock, metrics)
        finally:
            places.close()

    async def collect(self, minutes: float, **changes: Any) -> None:
        """Poll for a while; what fails is tried again at the next poll, as the service does."""
        async with self.collector(**changes) as collector:
            end = self.clock.now() + timedelta(minutes=minutes)
            while self.clock.now() < end:
                began = self.clock.seconds()
                with suppress(PatchworksError):
                    await collector.poll()
                await self.clock.sleep(max(began + 15 - self.clock.seconds(), 0))

    def truth(self, since: datetime, until: datetime) -> set[tuple[str, str]]:
        """The states that runs came into, by run: what there is to be seen."""
        low, high = (round(1000 * at.timestamp()) for at in (since, until))
        runs = [run for run in self.company.past.runs if low <= run.started < high]
        ended = {(str(r.id), STATES[r.outcome]) for r in runs if r.finished < high}
        return ended | {(str(run.id), "running") for run in runs}

    def told(self) -> list[tuple[str, str]]:
        """The states of runs that were delivered, repeats included."""
        data = [event["data"] for event in self.log.of("flow.run")]
        return [
            (one["run_id"], one["state"]) for one in data if one.get("state", "queued") != "queued"
        ]


@asynccontextmanager
async def office(
    folder: Path, faults: Faults | None = None, **company: Any
) -> AsyncIterator[Office]:
    clock = SleptClock()
    drawn = {"history_hours": 1.0, "live_hours": 4.0} | company
    stand_in = StandIn(clock, [Company.draw(START, **drawn)], faults or Faults())
    async with serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url:
        yield Office(url, stand_in, clock, folder)


def watermarks(log: MemoryLog) -> list[datetime]:
    beats = log.of("collector.heartbeat")
    return [datetime.fromisoformat(beat["data"]["watermark"]) for beat in beats]


def late(log: MemoryLog, by: timedelta = timedelta(0)) -> list[dict[str, Any]]:
    """Events older than a watermark given before them, unless they are repeats."""
    given, found = START - timedelta(days=8), []
    seen: set[str] = set()
    for event in log.events:
        at = datetime.fromisoformat(event["time"])
        if event["type"] == "cogent.collector.heartbeat":
            given = max(given, datetime.fromisoformat(event["data"]["watermark"]))
        elif at < given - by and event["id"] not in seen:
            found.append(event)
        seen.add(event["id"])
    return found
