"""Several companies from one process: the trouble of one delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from pipeline.collect.clock import Clock
from pipeline.collect.metrics import CollectMetrics
from pipeline.collect.place import Places
from pipeline.collect.service import collect
from pipeline.ingest.server import serving
from pipeline.patchworks_sim.app import create_app
from pipeline.patchworks_sim.clock import RunningClock
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.faults import Faults
from pipeline.patchworks_sim.stand_in import StandIn
from pipeline.settings import CompanySettings, IngestSettings
from tests.pipeline.collect.patchworks import START, MemoryLog, watermarks

SPEED = 30.0
OUTAGE = (START, START + timedelta(hours=1))


@asynccontextmanager
async def answering_503() -> AsyncIterator[str]:
    stand_in = StandIn(RunningClock(START, SPEED), [company(1)], Faults(outages=[OUTAGE]))
    async with serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url:
        yield url


@asynccontextmanager
async def answering_nothing() -> AsyncIterator[str]:
    """It takes a connection, and is not heard of again."""

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()


def company(number: int) -> Company:
    return Company.draw(START, number=number, history_hours=0.5, live_hours=1)


async def collect_for_a_while(
    companies: dict[str, CompanySettings], log: MemoryLog, folder: Path
) -> None:
    places = Places.open(folder / "collect.db")
    metrics, clock = CollectMetrics(CollectorRegistry()), Clock(SPEED, START)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await collect(companies, log, places, metrics, limits=IngestSettings(), clock=clock)
    places.close()


def settings(url: str, company: Company, per_minute: int = 120) -> CompanySettings:
    return CompanySettings(
        url=f"{url}/api/v1",
        login_url=f"{url}/fabric/api/v1/login",
        api_key=SecretStr(company.api_key),
        requests_per_minute=per_minute,
        backfill_days=0.01,
    )


@pytest.mark.parametrize("in_trouble", [answering_503, answering_nothing])
async def test_the_outage_of_one_company_delays_no_other(in_trouble, tmp_path: Path):
    calm, log = company(0), MemoryLog()
    stand_in = StandIn(RunningClock(START, SPEED), [calm], Faults())
    async with serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url, in_trouble() as b:
        companies = {"torn": settings(b, company(1)), "calm": settings(url, calm)}
        await collect_for_a_while(companies, log, tmp_path)
    assert {beat["source"] for beat in log.of("collector.heartbeat")} == {"patchworks:calm"}
    assert watermarks(log)[-1] > START + timedelta(seconds=60)
    assert len(log.of("flow.run")) > 50


async def test_each_company_has_a_budget_of_its_own(tmp_path: Path):
    wide, tight = company(0), company(1)
    stand_in = StandIn(RunningClock(START, SPEED), [wide, tight], Faults())
    async with serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url:
        companies = {"wide": settings(url, wide), "tight": settings(url, tight, per_minute=12)}
        await collect_for_a_while(companies, MemoryLog(), tmp_path)
    assert tight.busiest <= 12 < wide.busiest <= 120
