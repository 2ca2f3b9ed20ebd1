"""A server that answers what no Patchworks would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pipeline.collect import client as client_module
from pipeline.collect.budget import Budget
from pipeline.collect.client import Client
from pipeline.collect.errors import BadReplyError, PatchworksError, UnreachableError
from pipeline.collect.paging import read_list
from pipeline.engine.engine import Engine
from pipeline.ingest.server import serving
from pipeline.patchworks_sim.faults import HOSTILE, Faults
from pipeline.settings import CompanySettings, EngineSettings
from tests.make import batch_of
from tests.pipeline.collect.patchworks import START, SleptClock, late, office


@pytest.mark.parametrize("fault", [*sorted(HOSTILE.keys() - {"huge-rows"}), "all"])
async def test_nothing_a_server_sends_ends_the_collector(fault: str, tmp_path: Path):
    names = HOSTILE.keys() - {"huge-rows"} if fault == "all" else {fault}
    faults = Faults(frozenset(names), seed=1)
    async with office(tmp_path, faults) as there:
        failures, good = [], 0
        async with there.collector() as collector:
            while there.clock.now() < START + timedelta(minutes=6):
                try:
                    await collector.poll()
                    good += 1
                except PatchworksError as error:
                    failures.append(str(error))
                await there.clock.sleep(15)
        assert faults.injected
        assert not [words for words in failures if "elsewhere" in words]
        assert good or fault == "all"
        assert late(there.log) == []
        assert not refused_otherwise_than_as_bad_rows(there.log.entries)


def refused_otherwise_than_as_bad_rows(entries) -> list[str]:
    """Reasons of dead letters that are not the collector's own."""
    engine = Engine(EngineSettings())
    for entry in entries:
        engine.apply(batch_of(b"[" + entry.value + b"]"))
    return [name for name in engine.totals if name.startswith("dead") and name != "dead.missing"]


async def test_rows_of_wrong_types_become_dead_letters_with_a_reason(tmp_path: Path):
    faults = Faults(frozenset({"wrong-types"}), seed=1, shares={"wrong-types": 0.3})
    async with office(tmp_path, faults) as there:
        await there.collect(minutes=5)
        bad = [event for event in there.log.events if event["id"].startswith("bad:")]
        assert len(bad) > 10
        assert {event["data"]["reason"] for event in bad} >= {"status is none of 1 to 5"}
        assert all(len(entry.value) < 300_000 for entry in there.log.entries)


@pytest.mark.parametrize("name", ["summary", "unheard_of", "name", "id", "trigger"])
async def test_a_row_of_ten_megabytes_is_cut_or_put_aside(name: str, tmp_path: Path):
    good = {"id": 1, "status": 2, "flow_id": 3, "started_at": "2026-03-03 12:00:01"}
    huge = good | {"id": 2, name: "x" * 10_000_000}

    async def respond(request: Request) -> Response:
        data = [good, huge] if request.url.path.endswith("flow-runs") else []
        return JSONResponse({"data": data}, headers={"date": "Tue, 03 Mar 2026 12:00:20 GMT"})

    async with answered_by(respond) as client, office(tmp_path) as there:
        await there.collect(minutes=0.1)
        async with there.collector() as collector:
            collector.client = client
            await collector.poll()
        assert there.told()[0] == ("1", "running")
        assert len(there.log.of("flow.run")) in {3, 4}
        assert all(len(entry.value) < 300_000 for entry in there.log.entries)


@asynccontextmanager
async def answered_by(respond, **settings: object) -> AsyncIterator[Client]:
    """A client of a server that answers everything in one way."""
    app = Starlette(routes=[Route("/{path:path}", respond)])
    clock = SleptClock()
    async with serving(app, "127.0.0.1", 0, dates=False) as url:
        told = {"url": f"{url}/api/v1", "api_key": SecretStr("key"), **settings}
        company = CompanySettings(**told)
        async with Client(company, Budget(240, clock), LateClock()) as client:
            yield client


class LateClock(SleptClock):
    """Ahead of any server, whose date is then believed."""

    def __init__(self) -> None:
        super().__init__(START + timedelta(days=36_500))


async def test_a_redirect_is_not_followed():
    visits = []

    async def record(request: Request) -> Response:
        visits.append(request.url)
        return Response("{}")

    elsewhere = Starlette(routes=[Route("/{path:path}", record)])
    async with serving(elsewhere, "127.0.0.1", 0) as other:

        async def redirect(_request: Request) -> Response:
            return RedirectResponse(f"{other}/api/v1/flow-runs?patchworks_signature=s3cret")

        async with answered_by(redirect) as client:
            with pytest.raises(BadReplyError, match="redirect") as failed:
                await client.get("/flow-runs")
    assert visits == []
    assert "s3cret" not in str(failed.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"data": [',
        b'{"data": "\xff"}',
        b"[" * 200_000,
        b'{"data": [NaN]}',
        b"null",
        b"7",
        b'{"data": {}}',
        b'{"data": null, "meta": {"last_page": "many"}}',
    ],
)
async def test_what_is_no_list_is_a_bad_reply(body: bytes):
    async def respond(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    async with answered_by(respond) as client:
        with pytest.raises(BadReplyError):
            await read_list(client, "/flow-runs", {})


async def test_a_list_without_an_end_is_a_bad_reply():
    pages = 0

    async def respond(request: Request) -> Response:
        nonlocal pages
        pages += 1
        return Response(
            f'{{"data": [{{"id": {pages}}}], "meta": {{"current_page": 1, "last_page": 9}}}}'
        )

    async with answered_by(respond) as client:
        with pytest.raises(BadReplyError, match="does not end"):
            await read_list(client, "/flow-runs", {})
    assert pages == 100


async def test_a_reply_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client_module, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)

    async def pour() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536
            await asyncio.sleep(0)  # or the server would never notice that nobody listens

    async def respond(_request: Request) -> Response:
        return StreamingResponse(pour())

    async with answered_by(respond) as client:
        with pytest.raises(BadReplyError, match="bytes"):
            await client.get("/flow-runs")


async def test_a_reply_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client_module, "DEADLINE", 0.3)
    monkeypatch.setattr(client_module, "ATTEMPTS", 1)

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.05)

    async def respond(_request: Request) -> Response:
        return StreamingResponse(drip())

    async with answered_by(respond) as client:
        with pytest.raises(UnreachableError):
            await client.get("/flow-runs")
