"""The stand-in's endpoints, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from pipeline.patchworks_sim.clock import HandClock
from pipeline.patchworks_sim.company import REQUESTS_A_MINUTE, Company
from pipeline.patchworks_sim.objects import Run
from pipeline.patchworks_sim.stand_in import StandIn


async def answer(api: httpx.AsyncClient, path: str, **params: Any) -> dict[str, Any]:
    response = await api.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def rows(api: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    return (await answer(api, path, per_page=100, **params))["data"]


@pytest.fixture
def runs(company: Company, clock: HandClock) -> list[Run]:
    company.past.reach(ms(clock))
    return company.past.started(0, ms(clock))


def ms(clock: HandClock) -> int:
    return round(1000 * clock.now().timestamp())


async def test_runs_come_latest_first(api: httpx.AsyncClient):
    started = [row["started_at"] for row in await rows(api, "/flow-runs")]
    assert len(started) == 100
    assert started == sorted(started, reverse=True)


async def test_a_run_shows_its_outcome_once_it_is_over(
    api: httpx.AsyncClient, clock: HandClock, runs: list[Run]
):
    run = next(run for run in runs if run.finished > ms(clock))
    shown = (await answer(api, f"/flow-runs/{run.id}"))["data"]
    assert (shown["status"], shown["finished_at"]) == (1, None)
    clock.advance(3600)
    shown = (await answer(api, f"/flow-runs/{run.id}"))["data"]
    assert shown["status"] == run.outcome
    finished, started = (datetime.fromisoformat(shown[k]) for k in ("finished_at", "started_at"))
    assert round(1000 * (finished - started).total_seconds()) == run.finished - run.started


async def test_a_window_of_runs_is_asked_for_in_milliseconds(
    api: httpx.AsyncClient, runs: list[Run]
):
    chosen = runs[100:120]
    window = {
        "filter[started_after]": chosen[0].started,
        "filter[started_before]": chosen[-1].started,
    }
    found = await rows(api, "/flow-runs", **window)
    assert [row["id"] for row in reversed(found)] == [run.id for run in chosen]


async def test_filters_are_joined_and_commas_mean_or(api: httpx.AsyncClient, runs: list[Run]):
    some = [run for run in runs if run.outcome in {3, 5}]
    flow = some[0].flow.id
    found = await rows(api, "/flow-runs", **{"filter[status]": "3,5", "filter[flow_id]": flow})
    wanted = [run.id for run in some if run.flow.id == flow]
    assert sorted(row["id"] for row in found) == sorted(wanted)


async def test_pages_shift_while_the_list_grows(api: httpx.AsyncClient, clock: HandClock):
    first = await rows(api, "/flow-runs", page=1)
    clock.advance(30)
    second = await rows(api, "/flow-runs", page=2)
    assert {row["id"] for row in first} & {row["id"] for row in second}


async def test_meta_tells_the_truth_about_the_page(api: httpx.AsyncClient, runs: list[Run]):
    got = await answer(api, "/flow-runs", per_page=250, page=2)
    meta = got["meta"]
    assert (meta["per_page"], meta["current_page"], meta["total"]) == (100, 2, len(runs))
    assert (meta["from"], meta["to"], meta["last_page"]) == (101, 200, -(-len(runs) // 100))
    assert "page=3" in got["links"]["next"]
    assert "page=1" in got["links"]["prev"]


async def test_beyond_the_last_page_there_is_nothing(api: httpx.AsyncClient):
    got = await answer(api, "/flow-runs", page=10_000)
    assert (got["data"], got["meta"]["from"], got["links"]["next"]) == ([], None, None)


async def test_what_is_included_rides_on_the_list(
    api: httpx.AsyncClient, clock: HandClock, runs: list[Run]
):
    run = next(run for run in runs if run.summary and run.finished < ms(clock))
    included = "flow,errorWarningLogs,operationsSent,payloadSize"
    row = (await answer(api, f"/flow-runs/{run.id}", include=included))["data"]
    assert row["flow"] == {"id": run.flow.id, "name": run.flow.profile.name}
    assert [log["log_message"] for log in row["error_warning_logs"]] == [run.summary]
    assert row["operations_sent"] == run.records
    assert row["payload_size"] > 0


async def test_a_run_that_goes_on_has_logged_only_its_beginning(
    api: httpx.AsyncClient, clock: HandClock, runs: list[Run]
):
    run = max(runs, key=lambda run: run.finished)
    path = f"/flow-runs/{run.id}/flow-run-logs"
    early = await rows(api, path)
    clock.advance(3600)
    late = await rows(api, path)
    assert len(late) > len(early)
    assert [log["id"] for log in late[: len(early)]] == [log["id"] for log in early]


async def test_the_queue_is_listed(api: httpx.AsyncClient, company: Company, clock: HandClock):
    got = await rows(api, "/scheduled-flows", include="flow")
    waiting = company.past.queue(ms(clock))
    assert [row["id"] for row in got] == [job.id for job in waiting]
    assert got[0]["flow"]["name"] == waiting[0].flow.profile.name


async def test_schedules_come_as_cron_strings(api: httpx.AsyncClient):
    flows = await rows(api, "/flows", include="currentVersion.schedules")
    crons = {
        schedule["cron_string"]
        for flow in flows
        for schedule in flow["current_version"]["schedules"]
    }
    assert crons == {"*/15 * * * *", "5 * * * *", "*/5 * * * *", "10 2 * * *"}


async def test_tracked_data_is_asked_for_by_when_it_was_seen(
    api: httpx.AsyncClient, clock: HandClock
):
    got = await rows(api, "/tracked-data", **{"filter[created_after]": ms(clock) - 60_000})
    assert got
    assert min(row["created_at"] for row in got) >= "2026-03-03T11:59:00.000000Z"
    assert {row["entity_type"]["name"] for row in got} >= {"Orders", "Fulfilments"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 422),
        ("per_page=many", 422),
        ("filter[started_after]=2026-03-03", 422),
        ("filter[updated_after]=1", 400),
        ("include=everything", 400),
    ],
)
async def test_what_cannot_be_asked_is_refused(api: httpx.AsyncClient, query: str, status: int):
    response = await api.get(f"/flow-runs?{query}")
    assert response.status_code == status
    assert response.json()["message"]


async def test_logs_are_kept_for_seven_days(
    api: httpx.AsyncClient, clock: HandClock, runs: list[Run]
):
    clock.advance(7 * 86_400)
    assert (await api.get(f"/flow-runs/{runs[-500].id}")).status_code == 404
    kept = await rows(api, "/flow-runs", **{"filter[started_before]": ms(clock) - 7 * 86_400_000})
    assert kept == []


async def test_a_login_lasts_a_day(api: httpx.AsyncClient, company: Company, clock: HandClock):
    user = {"email": company.email, "password": company.password}
    token = (await api.post("/login", json=user)).json()["token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert (await api.get("/flows", headers=bearer)).status_code == 200
    clock.advance(86_400)
    assert (await api.get("/flows", headers=bearer)).status_code == 401


async def test_strangers_are_refused(api: httpx.AsyncClient):
    assert (await api.get("/flows", headers={"authorization": "wrong"})).status_code == 401
    wrong = {"email": "ops@moor-harbour.example", "password": "wrong"}
    assert (await api.post("/login", json=wrong)).status_code == 401


async def test_the_allowance_is_240_requests_a_minute(api: httpx.AsyncClient, clock: HandClock):
    for _ in range(REQUESTS_A_MINUTE):
        assert (await api.get("/flows")).status_code == 200
    clock.advance(20)
    spent = await api.get("/flows")
    assert (spent.status_code, spent.headers["retry-after"]) == (429, "40")
    clock.advance(40)
    assert (await api.get("/flows")).status_code == 200


async def test_each_company_sees_its_own(
    api: httpx.AsyncClient, stand_in: StandIn, company: Company, clock: HandClock
):
    other = Company.draw(clock.now(), number=1, history_hours=0.1, live_hours=1.0)
    stand_in.companies = [company, other]
    got = await api.get("/flows", headers={"authorization": other.api_key})
    assert {row["id"] for row in got.json()["data"]} == other.past.flows.keys()


@pytest.mark.parametrize("prefix", ["/core-main/api/v1", "/fabric/api/v1"])
async def test_hosts_differ_in_their_paths(api: httpx.AsyncClient, prefix: str):
    url = str(api.base_url.copy_with(path=f"{prefix}/flows"))
    assert (await api.get(url)).status_code == 200


async def test_the_truth_is_every_state_of_every_run(
    api: httpx.AsyncClient, company: Company, clock: HandClock, runs: list[Run]
):
    clock.advance(3600)
    url = str(api.base_url.copy_with(path="/_truth"))
    told = (await api.get(url)).json()["companies"][company.name]
    ended = [run for run in company.past.runs if run.finished <= ms(clock)]
    assert len(told["states"]) == len(company.past.started(0, ms(clock))) + len(ended)
    ends = {one["run_id"]: one["at"] for one in told["states"] if one["status"] != 1}
    assert ends == {run.id: run.finished for run in ended}
