"""What a step in a flow tells, over HTTP and in all the ways it may be worded."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.engine import Engine
from pipeline.ingest.admission import admit
from pipeline.ingest.failing_run import failing_run
from pipeline.ingest.problems import RefusedError
from pipeline.ingest.report import STATES, reported
from pipeline.settings import EngineSettings, IngestSettings
from schemas.decode import decode_event
from tests.make import MONDAY, batch, heartbeat, iso
from tests.pipeline.ingest.edge import NOW, Edge, serve

REPORT = {"run_id": 8841, "flow_id": "orders", "state": "success"}
FAILED = {**REPORT, "state": "failed", "message": "no stock", "step": "Send", "http_status": 422}


async def post(edge: Edge, body: Any, path: str = "/v1/report?tenant=acme") -> httpx.Response:
    return await edge.client.post(path, json=body)


def events(body: Any) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in reported(json.dumps(body).encode(), "acme", NOW)]


def data(body: Any) -> dict[str, Any]:
    return events(body)[-1]["data"]


async def test_one_call_tells_of_a_run_that_went_well():
    async with serve() as edge:
        answer = await post(edge, REPORT)
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
        [event] = edge.log.events
    assert (event["type"], event["tenant"], event["id"]) == (
        "cogent.flow.run",
        "acme",
        "run:8841:success",
    )
    assert event["data"]["run_id"] == "8841"


async def test_one_call_tells_that_a_run_failed_and_why():
    async with serve() as edge:
        assert (await post(edge, FAILED)).json() == {"accepted": 2}
        line, run = edge.log.events
    assert (line["data"]["level"], line["data"]["message"]) == ("ERROR", "no stock")
    assert (line["data"]["step_name"], line["data"]["http_status"]) == ("Send", 422)
    assert (run["data"]["state"], run["data"]["summary"]) == ("failure", "no stock")


async def test_the_tenant_may_stand_in_the_body_and_must_stand_somewhere():
    async with serve() as edge:
        assert (await post(edge, {**REPORT, "tenant": "acme"}, "/v1/report")).status_code == 202
        refused = await post(edge, REPORT, "/v1/report")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "tenant"


async def test_reporters_show_the_same_tokens_as_anybody():
    async with serve(tokens={"flows": "t0ken"}) as edge:
        assert (await post(edge, REPORT)).status_code == 401
        shown = {"authorization": "Bearer t0ken"}
        known = await edge.client.post("/v1/report?tenant=acme", json=REPORT, headers=shown)
    assert known.status_code == 202


async def test_reports_of_several_runs_come_in_an_array_and_each_fault_is_placed():
    async with serve() as edge:
        assert (await post(edge, [REPORT, FAILED])).json() == {"accepted": 3}
        refused = await post(edge, [REPORT, {"run_id": 1}])
        assert len(edge.log.entries) == 3
    assert refused.json()["errors"] == [
        {"entry": 1, "field": "flow_id", "kind": "missing", "reason": "is required"}
    ]


async def test_a_call_that_is_tried_again_tells_nothing_twice():
    first, again = events(FAILED), events(FAILED)
    e = Engine(EngineSettings())
    e.apply(batch(*first, *again))
    assert e.totals["duplicate"] == 2


def test_another_message_of_the_same_run_is_another_line():
    assert events(FAILED)[0]["id"] != events({**FAILED, "message": "no price"})[0]["id"]


@pytest.mark.parametrize(
    ("word", "state"), [(2, "success"), ("3", "failure"), ("OK", "success"), ("Error", "failure")]
)
def test_states_are_told_in_many_words(word: object, state: str):
    assert data({**REPORT, "state": word})["state"] == state


def test_every_state_of_a_run_can_be_told():
    assert {data({**REPORT, "state": word})["state"] for word in STATES} == set(STATES.values())


def test_names_come_in_any_case_and_numbers_as_text():
    told = data({"flowRunId": "8841", "FlowId": 7, "Status": "2", "records-in": "12"})
    assert (told["run_id"], told["flow_id"], told["records_in"]) == ("8841", "7", 12)


def test_a_status_of_three_digits_is_that_of_an_http_answer():
    [call] = events({"run_id": 1, "flow_id": 2, "status": 429, "system": "NetSuite"})
    assert call["type"] == "cogent.connector.call"
    assert (call["data"]["http_status"], call["data"]["throttled"]) == (429, True)


def test_what_cannot_be_read_is_left_out():
    told = data({**REPORT, "records_in": "many", "started_at": "soon", "duration_ms": None})
    assert told.keys() == {"run_id", "flow_id", "state", "trigger"}


def test_a_message_alone_is_a_line_of_the_log():
    [line] = events({"run_id": 1, "flow_id": 2, "message": "slow today", "level": "warning"})
    assert (line["type"], line["data"]["level"]) == ("cogent.flow.log", "WARNING")


@pytest.mark.parametrize(
    ("change", "level"),
    [({"state": "partial"}, "ERROR"), ({"status": 503}, "ERROR"), ({"state": "ok"}, "INFO")],
)
def test_a_line_is_as_bad_as_what_became_of_it(change: dict[str, Any], level: str):
    line, *_ = events({"run_id": 1, "flow_id": 2, "message": "no stock"} | change)
    assert line["data"]["level"] == level


def test_secrets_in_a_message_do_not_get_in():
    message = "POST /hook?patchworks_signature=s3cret Authorization: Bearer abcdef123456"
    raws = reported(json.dumps({**FAILED, "message": message}).encode(), "acme", NOW)
    told = b"".join(entry.value for entry in admit(raws, IngestSettings(), NOW))
    assert b"s3cret" not in told
    assert b"abcdef123456" not in told


@pytest.mark.parametrize(
    ("change", "field"),
    [({"run_id": None}, "run_id"), ({"flow_id": ""}, "flow_id"), ({"state": "odd"}, "state")],
)
async def test_what_is_missing_is_named(change: dict[str, Any], field: str):
    async with serve() as edge:
        refused = await post(edge, REPORT | change)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(("body", "status"), [("{", 400), ("7", 422), ("[1]", 422), ("{}", 422)])
async def test_what_is_no_report_is_refused(body: str, status: int):
    async with serve() as edge:
        refused = await edge.client.post("/v1/report?tenant=acme", content=body)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_failure_of_a_reported_run_counts():
    e = Engine(EngineSettings(lateness_seconds=0))
    told = [event | {"time": iso(MONDAY + 5), "collector": "test"} for event in events(FAILED)]
    [closed] = e.apply(batch(*told, heartbeat(MONDAY + 60)))
    assert closed.verdicts["errors"].observed == [1.0]


names = st.sampled_from(
    ["run_id", "flow_id", "state", "status", "message", "tenant", "system", "flowRunId", "level",
     "started_at", "records_in", "payload", "http_status", "duration_ms", "has_warnings"]
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("read", [reported, failing_run])
@given(body=st.dictionaries(names, values, max_size=10))
def test_whatever_is_told_gets_in_or_is_refused(read: Any, body: dict[str, Any]):
    with suppress(RefusedError):
        raws = read(json.dumps(body).encode(), "acme", NOW)
        for entry in admit(raws, IngestSettings(), NOW):
            decode_event(entry.value)
