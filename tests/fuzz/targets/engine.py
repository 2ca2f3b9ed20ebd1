"""Records as others may write them to the topic: applied by an engine, and by one restored midway.

Each of the first lines of an input is a record: a batch if it begins with ``[``, one event in
binary mode (its attributes as JSON, a tab, its data) if it begins with ``!``, else one structured
event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from zlib import crc32

import numpy as np

from pipeline.engine.closing import SETTLE
from pipeline.engine.engine import Engine
from pipeline.engine.watermarks import LONGEST_STRETCH
from pipeline.log.base import BATCH_CONTENT_TYPE, EVENT_CONTENT_TYPE, Headers, Record
from pipeline.outputs.encode import encode
from pipeline.settings import EngineSettings
from tests.fuzz import seeds as known
from tests.make import MONDAY, Event, event, heartbeat, iso, run, window

SETTINGS = EngineSettings(lateness_seconds=0, alerts_per_flow_week=20)
LONGEST = 16_384
MINUTES = 90
RECORDS = 50
"""An input is one execution, and its records are several pieces of work."""
STRETCH = LONGEST_STRETCH // 60 + SETTLE
MS_A_WINDOW = 5.0
"""A heartbeat may vouch for hours, and so ask for as many windows to be closed or passed over: at
some 2 ms each under coverage, twice where a second engine looks on."""
EACH = 8
"""Of so many inputs one is also given to an engine that is restored midway, which takes longer."""
WORDS = (
    b"\n", b'"orders"', b'"acme"', b'"test"', b'"2026-03-02T01:31:00Z"', b'"2026-03-02T01:30:00Z"',
    b'"2099-12-31T23:59:59Z"', b'"2000-01-01T00:00:00Z"', b'"failure"',
    b'"2026-03-02T01:59:30Z"', b'"basket"', b"60", b"1000000000000", b"1e18", b"-1e18", b"5e-324",
    b'"finished"', b'"maintenance"', b'"feedback"', b'"ERROR"', b"!",
)  # fmt: skip


def seeds() -> list[bytes]:
    now = MONDAY + 60 * MINUTES
    minute = [json.dumps([*_minute(now), heartbeat(now + 60)]).encode()]
    hour = [
        json.dumps([*_minute(at), heartbeat(at + 60)]).encode() for at in range(now, now + 1800, 60)
    ]
    told = [json.dumps(each).encode() for each in _told(now)]
    beat = json.dumps(heartbeat(now + 600)).encode()
    return [
        *(b"\n".join([one, *minute]) for one in told),
        b"\n".join([*told, beat]),
        b"\n".join(hour[:5]),
        b"\n".join([_binary(run(now)), beat]),
        b"\n".join(known.examples()),
        *(bad + b"\n" + minute[0] for bad in known.corpus()[::5]),
    ]


def _minute(at: float) -> list[Event]:
    failed = run(at + 2, "failure", summary="cURL error 28: timed out", duration_ms=900)
    line = {"run_id": "r", "flow_id": "orders", "level": "ERROR", "message": "HTTP 503 from shop"}
    return [
        *(run(at + i, duration_ms=1000 + i, records_in=5) for i in range(4)),
        failed,
        event("cogent.flow.log", at + 3, line),
        window(at, "stock", runs={"started": 9, "failed": 1}, queue={"depth": 3}),
        event("cogent.metric.sample", at + 4, {"metric": "basket", "value": 12.5}),
    ]


def _told(at: float) -> Iterator[Event]:
    yield event(
        "cogent.annotation", at, {"kind": "maintenance", "from": iso(at), "to": iso(at + 9)}
    )
    yield event("cogent.annotation", at, {"kind": "planned_peak", "scope": "o*", "from": iso(at)})
    verdict = {"kind": "feedback", "verdict": "false_alarm", "alert_fingerprint": "f"}
    yield event("cogent.annotation", at, verdict)
    change = {"object": "flow", "object_id": "orders", "change": "deployed", "flow_id": "orders"}
    yield event("cogent.config.changed", at, change)
    due = {"flow_id": "orders", "due_at": iso(at + 60), "tolerance_s": 30, "cron": "*/5 * * * *"}
    yield event("cogent.schedule.expected", at, due)
    queue = {"depth": 9, "by_flow": {"orders": 3, "stock": 1}}
    yield event("cogent.queue.snapshot", at, queue)
    call = {"system": "shop", "outcome": "error", "flow_id": "orders", "http_status": 503}
    yield event("cogent.connector.call", at, call)
    yield heartbeat(at + 60, "other", since=at)


def _binary(given: Event) -> bytes:
    data = given.pop("data")
    return b"!" + json.dumps(given).encode() + b"\t" + json.dumps(data).encode()


@cache
def learned() -> bytes:
    """The snapshot of an engine that has seen an hour and a half."""
    engine = Engine(SETTINGS)
    for i in range(MINUTES):
        at = MONDAY + 60 * i
        value = json.dumps([*_minute(at), heartbeat(at + 60)]).encode()
        engine.apply(Record(0, i, None, value, (("content-type", BATCH_CONTENT_TYPE),)))
    return engine.snapshot()


def check(raw: bytes) -> float:
    records = [_record(i, line) for i, line in enumerate(raw.split(b"\n")[:RECORDS])]
    engine = Engine(SETTINGS)
    engine.restore(learned())
    before, upcoming = engine.totals["windows"], engine.flows.upcoming.copy()
    if crc32(raw) % EACH:
        for record in records:
            _apply(engine, record)
    else:
        _as_if_restored(engine, records)
    passed = np.minimum(engine.flows.upcoming[: len(upcoming)] - upcoming, STRETCH)
    return MS_A_WINDOW * (engine.totals["windows"] - before + int(passed.sum()))


def _as_if_restored(engine: Engine, records: list[Record]) -> None:
    middle = len(records) // 2
    for record in records[:middle]:
        _apply(engine, record)
    other = Engine(SETTINGS)
    other.restore(engine.snapshot())
    for record in records[middle:]:
        assert _apply(engine, record) == _apply(other, record), "a restored engine differs"
    assert engine.snapshot() == other.snapshot()


def _apply(engine: Engine, record: Record) -> object:
    return encode(engine.apply(record), topic="events", partition=0)


def _record(offset: int, line: bytes) -> Record:
    headers: Headers = (("content-type", EVENT_CONTENT_TYPE),)
    if line.startswith(b"["):
        headers = (("content-type", BATCH_CONTENT_TYPE),)
    elif line.startswith(b"!"):
        attributes, _, line = line[1:].partition(b"\t")
        headers = _attributes(attributes)
    return Record(0, 1000 + offset, None, line, headers)


def _attributes(raw: bytes) -> Headers:
    try:
        named = json.loads(raw)
    except (ValueError, RecursionError):
        return (("ce_id", raw), ("ce_", b"x"))
    if not isinstance(named, dict):
        return (("ce_id", raw),)
    return tuple(
        (f"ce_{name}", str(value).encode("utf-8", "replace")) for name, value in named.items()
    )
