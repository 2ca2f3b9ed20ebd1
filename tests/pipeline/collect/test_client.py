"""The client: credentials, retries, what it asks and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.collect.budget import Budget
from pipeline.collect.client import Client
from pipeline.collect.errors import (
    ClockError,
    DeniedError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from pipeline.collect.paging import read_list
from pipeline.ingest.server import serving
from pipeline.patchworks_sim.faults import Faults
from pipeline.settings import CompanySettings
from tests.pipeline.collect.patchworks import SleptClock, office


async def test_a_key_is_sent_as_it_is(tmp_path: Path):
    async with office(tmp_path) as there, there.client() as client:
        assert (await read_list(client, "/flows", {})).rows


async def test_email_and_password_are_turned_into_a_token_once(tmp_path: Path):
    async with office(tmp_path) as there:
        login = {"email": there.company.email, "password": SecretStr(there.company.password)}
        async with there.client(api_key=None, **login) as client:
            await client.get("/flows")
            await client.get("/flows")
            assert client.budget.used == 3


async def test_a_token_that_has_expired_is_renewed(tmp_path: Path):
    async with office(tmp_path) as there:
        login = {"email": there.company.email, "password": SecretStr(there.company.password)}
        async with there.client(api_key=None, **login) as client:
            await client.get("/flows")
            await there.clock.sleep(25 * 3600)
            await client.get("/flows")
            assert client.budget.used == 5


async def test_a_wrong_key_or_password_is_said_so_at_once(tmp_path: Path):
    async with office(tmp_path) as there:
        async with there.client(api_key=SecretStr("wrong")) as client:
            with pytest.raises(DeniedError):
                await client.get("/flows")
            assert client.budget.used == 1
        login = {"email": there.company.email, "password": SecretStr("hunter2-wrong")}
        async with there.client(api_key=None, **login) as client:
            with pytest.raises(DeniedError) as denied:
                await client.get("/flows")
            assert "hunter2" not in str(denied.value)


async def test_passing_trouble_is_outlived(tmp_path: Path):
    shares = {"torn": 0.2, "server-errors": 0.2}
    async with office(tmp_path, Faults(frozenset(shares), 1, shares)) as there:
        async with there.client() as client:
            for _ in range(20):
                await client.get("/flows")
        assert {fault.fault for fault in there.stand_in.faults.injected} == set(shares)


async def test_nobody_there_is_unreachable(tmp_path: Path):
    async with office(tmp_path) as there:
        async with there.client(url="http://127.0.0.1:9/api/v1") as client:
            with pytest.raises(UnreachableError):
                await client.get("/flows")
        assert there.company.requests == 0


class Answers:
    """A server that gives one answer after the other, the last for ever."""

    def __init__(self, *answers: Response) -> None:
        self._answers = list(answers)
        self.asked: list[Request] = []

    async def respond(self, request: Request) -> Response:
        self.asked.append(request)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def asked(answers: Answers, clock: SleptClock, **settings: Any) -> Any:
    app = Starlette(routes=[Route("/{path:path}", answers.respond)])
    async with serving(app, "127.0.0.1", 0, dates=False) as url:
        told = {"url": url, "api_key": SecretStr("k3y-of-acme"), **settings}
        company = CompanySettings(**told)
        async with Client(company, Budget(120, clock), clock) as client:
            return await client.get("/flows", {"page": 1})


async def test_it_waits_as_long_as_it_is_told_to():
    clock = SleptClock()
    throttled = JSONResponse({}, 429, {"retry-after": "42"})
    await asked(Answers(throttled, JSONResponse({"data": []})), clock)
    assert 42 <= clock.seconds() < 45


async def test_it_gives_up_on_being_throttled_for_ever():
    with pytest.raises(ThrottledError):
        await asked(Answers(JSONResponse({}, 429)), SleptClock())


async def test_what_is_refused_is_not_asked_again():
    answers = Answers(JSONResponse({"message": "The page field must be at least 1."}, 422))
    with pytest.raises(RefusedError, match="at least 1"):
        await asked(answers, SleptClock())
    assert len(answers.asked) == 1


async def test_an_error_does_not_repeat_a_secret():
    told = "bad key k3y-of-acme for /hook?patchworks_signature=s1gnature, password: hunter2"
    with pytest.raises(DeniedError) as denied:
        await asked(Answers(JSONResponse({"message": told}, 403)), SleptClock())
    words = str(denied.value)
    assert "bad key" in words
    assert not [secret for secret in ("k3y", "s1gnature", "hunter2") if secret in words]


async def test_a_server_in_the_future_is_not_believed():
    answers = Answers(JSONResponse({}, headers={"date": "Tue, 03 Mar 2026 12:10:00 GMT"}))
    with pytest.raises(ClockError, match="12:10:00"):
        await asked(answers, SleptClock())


async def test_it_asks_for_json_and_says_who_it_is():
    answers = Answers(JSONResponse({"data": []}))
    await asked(answers, SleptClock())
    (request,) = answers.asked
    assert request.headers["authorization"] == "k3y-of-acme"
    assert request.headers["accept"] == request.headers["content-type"] == "application/json"
