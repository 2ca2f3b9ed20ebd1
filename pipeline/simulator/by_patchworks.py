"""The live part by way of Patchworks: a stand-in for it, asked by the real collector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from pipeline.collect.budget import Budget
from pipeline.collect.client import Client
from pipeline.collect.clock import Clock
from pipeline.collect.collector import Collector
from pipeline.collect.delivery import Delivery
from pipeline.collect.metrics import CollectMetrics
from pipeline.collect.place import Places
from pipeline.ingest.server import serving
from pipeline.log.base import EventLog
from pipeline.patchworks_sim.app import create_app
from pipeline.patchworks_sim.clock import HandClock
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.past import FIRST_FLOW, Past
from pipeline.patchworks_sim.stand_in import StandIn
from pipeline.settings import CompanySettings, IngestSettings
from pipeline.simulator.demo import Live
from pipeline.simulator.retailer import TENANT
from pipeline.simulator.scenario import Scenario


def numbered(scenario: Scenario) -> Scenario:
    """Return a scenario whose flows have the ids that Patchworks gives them."""
    return scenario.renamed(
        {profile.flow_id: str(FIRST_FLOW + i) for i, profile in enumerate(scenario.profiles)}
    )


@asynccontextmanager
async def collected(scenario: Scenario, event_log: EventLog, folder: Path) -> AsyncIterator[Live]:
    """Give what lets time run on; what happens until then is collected into a log.

    Parameters
    ----------
    scenario
        With the ids of Patchworks (see :func:`numbered`).
    folder
        Where the collector keeps its place.
    """
    clock = HandClock(scenario.live_start)
    # The history knows no run that succeeded in part; the first would rightly be told of.
    past = Past(scenario, begin=int(scenario.live[0]), mixed=False)
    company = Company.of(TENANT, past)
    app = create_app(StandIn(clock, [company]))
    places = Places.open(folder / "collect.db")
    try:
        async with (
            serving(app, "127.0.0.1", 0, dates=False) as url,
            _collector(url, company, places, event_log, clock) as collector,
        ):
            await collector.poll()  # it begins to watch at the beginning

            async def live(until: datetime) -> None:
                clock.advance((until - clock.now()).total_seconds())
                await collector.poll()

            yield live
    finally:
        places.close()


@asynccontextmanager
async def _collector(
    url: str, company: Company, places: Places, event_log: EventLog, clock: Clock
) -> AsyncIterator[Collector]:
    settings = CompanySettings(
        url=f"{url}/api/v1",
        api_key=SecretStr(company.api_key),
        settle_seconds=0,
        backfill_days=0,
        success_log_share=0,
    )
    budget = Budget(settings.requests_per_minute, clock)
    async with Client(settings, budget, clock) as client:
        metrics = CollectMetrics(CollectorRegistry()).of(TENANT, settings.requests_per_minute)
        delivery = Delivery(TENANT, event_log, IngestSettings())
        yield Collector(TENANT, settings, client, places, delivery, clock, metrics)
