"""Input at the edge of what is good: taken, kept, and counted by the engine all the same."""

from __future__ import annotations

import json

import pytest

from pipeline.engine.emissions import ClosedWindow
from pipeline.engine.engine import Engine
from pipeline.log.base import Record
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.settings import EngineSettings
from tests.make import MONDAY, heartbeat, iso
from tests.pipeline.ingest.edge import BATCH, run, serve

GOOD = json.dumps(run(time=iso(MONDAY), collector="test"))


def with_data(text: str) -> str:
    return GOOD.replace('"state": "success"', f'"state": "success", {text}')


ODD = {
    "negative zero as a count": with_data('"records_in": -0'),
    "negative zero as a duration": with_data('"duration_ms": -0.0'),
    "the smallest double": with_data('"duration_ms": 5e-324'),
    "a duration of many digits": with_data('"duration_ms": 1.' + "0" * 5000),
    "NUL in a name": with_data('"flow_name": "or\\u0000ders"'),
    "control characters": with_data('"flow_name": "\\u001b[31m\\r\\n\\u0007"'),
    "text from right to left": with_data('"flow_name": "\\u202eorders"'),
    "markup": with_data('"flow_name": "[/bold]{}%s"'),
    "a surrogate pair": with_data('"flow_name": "\\ud83d\\ude80"'),
    "an empty summary": with_data('"summary": ""'),
    "a field nobody names, beyond every float": with_data('"shade": [1e999, -1e999]'),
    "a field nobody names, of 500 digits": with_data('"shade": ' + "9" * 500),
    "a name of 100,000 letters": with_data(f'"{"n" * 100_000}": 1'),
    "an empty name": with_data('"": {"": []}'),
    "the deepest nesting allowed": with_data('"shade": ' + "[" * 30 + "]" * 30),
    "a repeated field": with_data('"trigger": "a", "trigger": "b"'),
    "lower case in an instant": GOOD.replace(iso(MONDAY), iso(MONDAY).lower()),
    "nanoseconds": GOOD.replace(iso(MONDAY), iso(MONDAY).replace("Z", ".123456789Z")),
    "an offset far from UTC": GOOD.replace(iso(MONDAY), "2026-03-02T14:00:00+14:00"),
    "space around": f" \r\n\t{GOOD}\n ",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
async def test_it_is_taken_and_counted(body: str):
    async with serve() as edge:
        response = await edge.post(body.encode())
        assert (response.status_code, response.json()) == (202, {"accepted": 1})
        (kept,) = pack(edge.log.entries, 1)
    engine = Engine(EngineSettings(lateness_seconds=0))
    assert engine.apply(Record(0, 0, None, kept.value, BATCH_HEADERS)) == []
    end = json.dumps([heartbeat(MONDAY + 60)]).encode()
    (closed,) = engine.apply(Record(0, 1, None, end, BATCH_HEADERS))
    assert isinstance(closed, ClosedWindow)
    assert closed.windows.volume.tolist() == [1]


async def test_an_empty_batch_is_good_and_nothing_is_written():
    async with serve() as edge:  # CloudEvents JSON format 1.0.2, section 4.2: valid in a request
        response = await edge.post(b"[]", BATCH)
        assert (response.status_code, response.json()) == (202, {"accepted": 0})
        assert edge.log.entries == []
