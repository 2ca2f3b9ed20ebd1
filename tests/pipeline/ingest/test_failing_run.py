"""The hop from a flow made for alerts to the run in trouble."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.ingest.failing_run import failing_run
from pipeline.ingest.problems import InvalidEventError
from tests.pipeline.ingest.edge import NOW, serve


def event(**body: Any) -> dict[str, Any]:
    [raw] = failing_run(json.dumps(body).encode(), "acme", NOW)
    return json.loads(raw)


async def test_it_becomes_an_error_in_the_log_of_the_run_in_trouble():
    body = {"flow_run_id": 8841, "flow_id": 7, "error": "no stock"}
    async with serve() as edge:
        answer = await edge.client.post("/v1/failing-run?tenant=acme", json=body)
        [entry] = edge.log.entries
    assert answer.status_code == 202
    assert entry.key == "acme:7"
    told = json.loads(entry.value)
    assert (told["type"], told["data"]["level"]) == ("cogent.flow.log", "ERROR")
    assert (told["data"]["run_id"], told["data"]["message"]) == ("8841", "no stock")


@pytest.mark.parametrize(
    "name", ["flow_run_id", "run_id", "original_run_id", "source_run_id", "flowRunId"]
)
def test_the_run_goes_by_many_names(name: str):
    assert event(**{name: 8841, "flow_id": 7})["data"]["run_id"] == "8841"


def test_beside_the_run_in_trouble_run_id_is_the_messengers():
    assert event(run_id=1, flow_id=7, original_run_id=8841)["data"]["run_id"] == "8841"


def test_payloads_come_wrapped():
    told = event(payload={"data": {"originalRunId": 8841, "flowId": 7, "error": "no stock"}})
    assert (told["data"]["run_id"], told["data"]["flow_id"]) == ("8841", "7")
    assert told["data"]["message"] == "no stock"


def test_without_the_flow_it_is_a_notice():
    told = event(flow_run_id=8841, message="no stock")
    assert told["type"] == "cogent.notice"
    assert told["data"]["origin_run_id"] == "8841"


def test_the_same_told_twice_is_one_event():
    assert event(run_id=1, error="a")["id"] == event(run_id=1, error="a")["id"]
    assert event(run_id=1, error="a")["id"] != event(run_id=1, error="b")["id"]


def test_a_payload_that_names_no_run_is_refused():
    with pytest.raises(InvalidEventError, match="original_run_id is required"):
        event(flow_id=7, error="no stock")
