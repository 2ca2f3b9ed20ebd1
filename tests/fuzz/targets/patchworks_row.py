"""A row as the API of Patchworks sends it, read as a run, its log, tracked data and a flow."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec

from pipeline.collect.delivery import UNWRITABLE
from pipeline.collect.events import Event, encode, unreadable
from pipeline.collect.flows import changes, flows_of
from pipeline.collect.logs import log_events
from pipeline.collect.rows import BadRowError, flat, objects
from pipeline.collect.runs import end_event, read_run, start_event
from pipeline.collect.tracked import tracked_event
from pipeline.ingest.admission import admit
from pipeline.ingest.problems import RefusedError
from tests.fuzz.targets.request import NOW, SETTINGS, buried

LONGEST = 16_384
WORDS = (
    b'"id"', b'"status"', b'"attributes": {', b'"flow": {', b'"started_at"', b'"finished_at"',
    b'"retry"', b'"error_warning_logs": [{', b'"log_message"', b"1e999", b"9" * 400, b"true",
    b'"2026-03-02 10:00:00"', b'"9999-12-31T23:59:59Z"', b'"\\ud800"', b'"0 * * * *"', b"null",
)  # fmt: skip


def seeds() -> list[bytes]:
    ended = {"started_at": "2026-03-02 10:00:00", "finished_at": "2026-03-02T10:00:04.5Z"}
    run = {
        "id": 7, "status": 3, "flow": {"id": 3, "name": "Orders"}, "trigger": "Retry",
        "retry_flow_run_id": 6, "has_warnings": "1", "payload_size": 10.0, "summary": "no stock",
        "error_warning_logs": [{"id": 1, "log_level": "error", "log_message": "429"}], **ended,
    }  # fmt: skip
    tracked = {
        "id": 5, "flow_id": 3, "value": "#1001", "direction": "Send", "success": 1,
        "entity_type": {"name": "Orders"}, "created_at": "2026-03-02 10:00:00",
    }  # fmt: skip
    flow = {
        "id": 3, "name": "Orders", "is_enabled": 1, "status": "Deployed",
        "current_version": {"id": 30, "schedules": [{"cron_string": "0 * * * *"}]},
    }  # fmt: skip
    jsonapi = {"id": "7", "type": "flow-runs", "attributes": run}
    return [json.dumps(row).encode() for row in (run, tracked, flow, jsonapi, [], "x")]


def check(raw: bytes) -> None:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for event in _events(found):
        _delivered(event)


def _events(found: Any) -> list[Event]:
    """Return all that is told of a row."""
    flows = flows_of([found])
    events = changes("acme", {}, flows, NOW)
    if (tracked := tracked_event("acme", found, NOW)) is not None:
        events.append(tracked)
    try:
        row = flat(found)
        run = read_run(row)
    except BadRowError as error:
        return [*events, unreadable("acme", found, str(error), NOW)]
    events.append(start_event("acme", run, NOW))
    if run.finished is not None:
        end = end_event("acme", run, NOW)
        events += [*log_events("acme", run, end, objects(row.get("error_warning_logs"))), end]
    return events


def _delivered(event: Event) -> None:
    """What is admitted, the engine can read; the rest is refused, or cannot be written."""
    with suppress(RefusedError, *UNWRITABLE):
        entries = admit([encode(event)], SETTINGS, NOW)
        assert buried(entries) == [], "the engine buries what was delivered"
