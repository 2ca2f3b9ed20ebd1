"""The stand-in's endpoints, over HTTP."""

from __future__ import annotations

from datetime import datetime

import httpx

from pipeline.patchworks_sim.clock import HandClock
from pipeline.patchworks_sim.company import Company


async def rows(api: httpx.AsyncClient, path: str, **params: object) -> list[dict]:
    response = await api.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def test_runs_come_latest_first(api: httpx.AsyncClient):
    started = [
        datetime.fromisoformat(row["started_at"])
        for row in await rows(api, "/flow-runs", per_page=100)
    ]
    assert len(started) == 100
    assert started == sorted(started, reverse=True)


async def test_a_run_shows_its_outcome_once_it_is_over(
    api: httpx.AsyncClient, clock: HandClock, company: Company
):
    await api.get("/flow-runs")
    run = next(run for run in company.past.runs if run.finished > clock.now().timestamp() * 1000)
    shown = (await api.get(f"/flow-runs/{run.id}")).json()["data"]
    assert (shown["status"], shown["finished_at"]) == (1, None)
    clock.advance(3600)
    shown = (await api.get(f"/flow-runs/{run.id}")).json()["data"]
    assert shown["status"] == run.outcome
    assert shown["finished_at"] > shown["started_at"]


async def test_a_window_of_runs_is_asked_for_in_milliseconds(
    api: httpx.AsyncClient, company: Company
):
    await api.get("/flow-runs")
    first, *_, last = company.past.runs[100:120]
    window = {"filter[started_after]": first.started, "filter[started_before]": last.started}
    found = await rows(api, "/flow-runs", per_page=100, **window)
    assert [row["id"] for row in reversed(found)] == [run.id for run in company.past.runs[100:120]]
