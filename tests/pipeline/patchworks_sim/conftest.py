"""A stand-in for one small company, served for real, at a time moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from pipeline.ingest.server import serving
from pipeline.patchworks_sim.app import create_app
from pipeline.patchworks_sim.clock import HandClock
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.stand_in import StandIn

START = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def company() -> Company:
    return Company.draw(START, history_hours=0.5, live_hours=2.0)


@pytest.fixture
def stand_in(clock: HandClock, company: Company) -> StandIn:
    return StandIn(clock, [company])


@pytest.fixture
async def api(stand_in: StandIn, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": company.api_key}
    async with (
        serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url,
        httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers) as client,
    ):
        yield client
