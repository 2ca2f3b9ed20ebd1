from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.replay.tables import MappingError, parse_mapping, rows_as_events
from schemas.decode import decode_event
from schemas.errors import ContractError


def events(table: str, mapping: str) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in rows_as_events(table.splitlines(), parse_mapping(mapping))]


def fault(cell: str) -> str:
    (raw,) = rows_as_events(
        ["at,n", f"2026-03-02T10:00:00Z,{cell}"], parse_mapping("time=at,runs.started=n")
    )
    with pytest.raises(ContractError) as caught:
        decode_event(raw)
    return caught.value.field


def test_a_row_is_a_window():
    table = "at,shop,flow,ok,in\n2026-03-02T10:00:00Z,acme,orders,12,40"
    mapping = "time=at,tenant=shop,flow_id=flow,runs.succeeded=ok,records.in=in"
    (event,) = events(table, mapping)
    assert event["time"] == "2026-03-02T10:00:00Z"
    assert event["tenant"] == "acme"
    assert event["data"] == {
        "flow_id": "orders",
        "seconds": 60,
        "runs": {"succeeded": 12},
        "records": {"in": 40},
    }
    decode_event(json.dumps(event).encode())


def test_the_same_row_always_has_the_same_id_and_no_other_row_has_it():
    table = "at,t,f\n" + "\n".join(
        f"2026-03-02T10:0{m}:00Z,{t},{f}" for m in range(3) for t in "ab" for f in "cd"
    )
    mapping = "time=at,tenant=t,flow_id=f"
    ids = [event["id"] for event in events(table, mapping)]
    assert len(set(ids)) == 12
    assert ids == [event["id"] for event in events(table, mapping)]


def test_an_empty_cell_is_unknown_and_not_zero():
    (event,) = events("at,n\n2026-03-02T10:00:00Z,", "time=at,runs.started=n")
    assert "runs" not in event["data"]


def test_a_constant_needs_no_column():
    (event,) = events("at\n2026-03-02T10:00:00Z", 'time=at,flow_id="web",seconds="300"')
    assert (event["data"]["flow_id"], event["data"]["seconds"]) == ("web", 300)


def test_a_name_made_of_digits_stays_text():
    (event,) = events("at,f\n2026-03-02T10:00:00Z,0042", "time=at,flow_id=f")
    assert event["data"]["flow_id"] == "0042"


@pytest.mark.parametrize("cell", ["nan", "inf", "1e999", "many", "1.5", "-1"])
def test_a_cell_that_is_no_count_is_refused_by_the_name_of_its_field(cell: str):
    assert fault(cell) == "data.runs.started"


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2026-03-02 10:00:00", "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:00:00.250Z", "2026-03-02T10:00:00.250000Z"),
        ("2026-03-02T10:00:00-05:00", "2026-03-02T10:00:00-05:00"),
        ("1772445600", "2026-03-02T10:00:00Z"),
    ],
)
def test_an_instant_may_be_written_in_the_usual_ways(cell: str, instant: str):
    (event,) = events(f"at\n{cell}", "time=at")
    assert event["time"] == instant


@pytest.mark.parametrize("cell", ["", "soon", "99999999999999999999", "²"])
def test_a_cell_that_is_no_instant_is_refused_as_the_time(cell: str):
    (raw,) = rows_as_events(["at,n", f"{cell},1"], {"time": "at"})
    with pytest.raises(ContractError) as caught:
        decode_event(raw)
    assert caught.value.field == "time"


def test_a_row_without_its_flow_is_refused_by_the_name_of_the_field():
    (raw,) = rows_as_events(["at,f", "2026-03-02T10:00:00Z,"], {"time": "at", "flow_id": "f"})
    with pytest.raises(ContractError, match=r"data\.flow_id is required"):
        decode_event(raw)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("runs.started=n", "no column is mapped to time"),
        ("time", "not of the form"),
        ("time=at,runs=n", "'runs' is none of the fields"),
        ("time=at,run.started=n", "'run.started' is none of the fields"),
        ("time=at,runs.started=nowhere", "no column nowhere"),
    ],
)
def test_a_mapping_that_does_not_fit_says_why(mapping: str, words: str):
    with pytest.raises(MappingError, match=words):
        events("at,n\n2026-03-02T10:00:00Z,1", mapping)
