"""Each fault, by name, as a caller meets it."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest

from pipeline.ingest.server import serving
from pipeline.patchworks_sim.app import create_app
from pipeline.patchworks_sim.clock import HandClock, RunningClock
from pipeline.patchworks_sim.company import Company
from pipeline.patchworks_sim.faults import Faults
from pipeline.patchworks_sim.guise import HUGE
from pipeline.patchworks_sim.stand_in import StandIn

from .conftest import START


def always(stand_in: StandIn, *names: str) -> None:
    stand_in.faults = Faults.named(names, START)
    stand_in.faults.shares = dict.fromkeys(names, 1.0)


async def runs(api: httpx.AsyncClient, **params: object) -> list[dict]:
    return (await api.get("/flow-runs", params=params)).json()["data"]


async def test_rows_may_come_under_attributes(api: httpx.AsyncClient, stand_in: StandIn):
    plain = await runs(api)
    always(stand_in, "attributes")
    mixed = await runs(api)
    assert {"attributes" in row for row in mixed} == {True, False}
    flat = [
        {"id": int(row["id"]), **row["attributes"]} if "attributes" in row else row for row in mixed
    ]
    assert flat == plain


async def test_numbers_may_come_as_strings(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "strings")
    found = await runs(api)
    assert {type(row["id"]) for row in found} == {str, int}
    assert all(row["has_warnings"] in {True, False} for row in found)


async def test_a_row_has_its_dates_in_the_same_form_each_time(
    api: httpx.AsyncClient, stand_in: StandIn
):
    always(stand_in, "dates")
    first = await runs(api)
    assert {len(row["started_at"]) for row in first} == {19, 27}
    assert await runs(api) == first


async def test_an_answer_may_be_older_than_one_before(
    api: httpx.AsyncClient, stand_in: StandIn, company: Company, clock: HandClock
):
    await api.get("/flow-runs")
    run = max(company.past.runs, key=lambda run: run.finished - run.started)
    clock.advance(run.finished / 1000 - clock.now().timestamp() + 2)
    always(stand_in, "lagging-replicas")
    seen = {(await api.get(f"/flow-runs/{run.id}")).json()["data"]["status"] for _ in range(20)}
    assert seen == {1, run.outcome}


async def test_too_many_requests_say_how_long_to_wait(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "throttled")
    response = await api.get("/flows")
    assert (response.status_code, response.headers["retry-after"]) == (429, "5")


async def test_or_do_not_say_it(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "throttled", "no-retry-after")
    response = await api.get("/flows")
    assert response.status_code == 429
    assert "retry-after" not in response.headers


async def test_a_token_may_end_early_and_a_key_never_does(
    api: httpx.AsyncClient, stand_in: StandIn, company: Company
):
    always(stand_in, "expired-tokens")
    token = stand_in.log_in(company.email, company.password)
    bearer = {"authorization": f"Bearer {token}"}
    assert (await api.get("/flows", headers=bearer)).status_code == 401
    assert (await api.get("/flows")).status_code == 200


async def test_servers_break_with_a_page_of_html(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "server-errors")
    responses = [await api.get("/flows") for _ in range(20)]
    assert {response.status_code for response in responses} == {500, 502, 503, 504}
    assert all(response.text.startswith("<h1>") for response in responses)


async def test_an_answer_may_be_cut_off(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "torn")
    with pytest.raises(httpx.RemoteProtocolError):
        await api.get("/flow-runs")


async def test_nothing_works_during_an_outage(
    api: httpx.AsyncClient, stand_in: StandIn, clock: HandClock
):
    stand_in.faults.outages.append((START, START + timedelta(hours=1)))
    assert (await api.get("/flows")).status_code == 503
    assert (await api.post("/login", json={})).status_code == 503
    clock.advance(3600)
    assert (await api.get("/flows")).status_code == 200


async def test_a_slow_answer_takes_seconds_of_the_stand_ins_time(company: Company):
    clock = RunningClock(START, speed=100)
    stand_in = StandIn(clock, [company])
    always(stand_in, "slow")
    async with (
        serving(create_app(stand_in), "127.0.0.1", 0, dates=False) as url,
        httpx.AsyncClient() as client,
    ):
        asked = clock.now()
        await client.get(f"{url}/api/v1/flows", headers={"authorization": company.api_key})
    assert clock.now() - asked > timedelta(seconds=5)


async def test_a_redirect_leads_elsewhere(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "redirects")
    response = await api.get("/flows")
    assert response.has_redirect_location
    assert "elsewhere.invalid" in response.headers["location"]


async def test_pages_may_never_end_and_repeat_no_id(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "endless-pages")
    pages = [await runs(api, page=page) for page in (1, 2, 10**6)]
    ids = [row["id"] for page in pages for row in page]
    assert len(set(ids)) == 45


async def test_a_row_may_be_huge(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "huge-rows")
    response = await api.get("/flow-runs", params={"per_page": 1})
    assert len(response.content) > HUGE


async def test_fields_may_hold_anything(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "wrong-types")
    ids = {type(row["id"]) for row in await runs(api, per_page=100)}
    assert {int, dict} < ids


async def test_an_answer_may_be_no_json(api: httpx.AsyncClient, stand_in: StandIn):
    always(stand_in, "bad-json")
    bodies = [(await api.get("/flows")).content for _ in range(30)]
    broken = 0
    for body in bodies:
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            broken += 1
    assert 0 < broken < 30


async def test_what_was_injected_is_told(
    api: httpx.AsyncClient, stand_in: StandIn, company: Company
):
    always(stand_in, "server-errors")
    await api.get("/flows")
    assert list(stand_in.faults.injected) == [(START, company.name, "/flows", "server-errors")]


async def test_the_same_seed_brings_the_same_faults(company: Company):
    def struck(seed: int) -> list[frozenset[str]]:
        faults = Faults.named(("torn", "slow", "throttled"), START, seed)
        return [faults.draw(faults.dice(company.name, n)) for n in range(300)]

    assert struck(1) == struck(1) != struck(2)


async def test_one_fault_more_changes_nothing_about_the_others(company: Company):
    def torn(*names: str) -> list[bool]:
        faults = Faults.named(names, START)
        return ["torn" in faults.draw(faults.dice(company.name, n)) for n in range(300)]

    assert torn("torn") == torn("torn", "slow")
    assert any(torn("torn"))
