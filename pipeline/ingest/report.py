"""``POST /v1/report``: a step in a flow tells how its run went, in one call.

Ids follow from what is told, so that a step that is tried again tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipeline.collect.rows import Row, flag, instant, text, whole
from pipeline.ingest.told import RUN_ID, event, mark, message_of, needed, refused, tenant_of, told

_STATES = {
    "queued": ("queued", "pending"),
    "running": ("running", "started", "start", "1"),
    "success": ("success", "succeeded", "successful", "ok", "completed", "complete", "done", "2"),
    "failure": ("failure", "failed", "fail", "error", "3"),
    "stopped": ("stopped", "cancelled", "canceled", "4"),
    "partial_success": ("partial_success", "partial success", "partial", "5"),
}
STATES = {word: state for state, words in _STATES.items() for word in words}
"""By the word or number that may be told for it."""

_OVER = frozenset({"success", "failure", "stopped", "partial_success"})


def reported(body: bytes, tenant: str | None, now: datetime) -> list[bytes]:
    """Return the events that a report stands for, each in structured JSON.

    Parameters
    ----------
    tenant
        What the address says; None if nothing.
    now
        When the report came, which is when it counts: clocks of senders are not trusted.

    Raises
    ------
    BadRequestError
        If it is not JSON.
    InvalidEventError
        If it lacks what an event needs; names the field.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    >>> body = b'{"run_id": 7, "flow_id": "orders", "state": "ok", "records_in": "12"}'
    >>> reported(body, "acme", now)[0].partition(b'"state":')[2]
    b'"success","trigger":"unknown","records_in":12}}'
    """
    return [raw for place, row in enumerate(told(body)) for raw in _events(row, place, tenant, now)]


def _events(row: Row, place: int, query_tenant: str | None, now: datetime) -> Iterator[bytes]:
    tenant = tenant_of(row, place, query_tenant)
    run_id = needed(row, place, *RUN_ID)
    subject = {"run_id": run_id, "flow_id": needed(row, place, "flow_id")}
    state, status = _state(row, place), _http_status(row)
    message = message_of(row)
    if state is None and message is None and status is None:
        raise refused(place, "state", "missing", "is required, or a message")
    # The line comes first: the engine takes it for the better word of why the run has failed.
    if message is not None:
        line = subject | _line(row, state, message, status)
        id_ = f"log:{run_id}:{mark(line['step_name'], line['step_id'], message)}"
        yield event(tenant, "cogent.flow.log", id_, now, line)
    elif status is not None and (system := text(row, "system", "connector")):
        call = subject | _call(row, system, status)
        id_ = f"call:{run_id}:{mark(text(row, 'step_id', 'step_name', 'step'), status)}"
        yield event(tenant, "cogent.connector.call", id_, now, call)
    if state is not None:
        told_run = subject | _run(row, state, message)
        yield event(tenant, "cogent.flow.run", f"run:{run_id}:{state}", now, told_run)


def _state(row: Row, place: int) -> str | None:
    """Read the state; a status of three digits is that of an HTTP answer."""
    word = text(row, "state", "outcome", "status")
    if word is None or ("state" not in row and "outcome" not in row and _is_http(word)):
        return None
    state = STATES.get(word.lower())
    if state is None:
        raise refused(place, "state", "choice", f"must be one of {', '.join(_STATES)}")
    return state


def _http_status(row: Row) -> int | None:
    word = text(row, "http_status", "status_code", "response_code", "status")
    return int(word) if word is not None and _is_http(word) else None


def _is_http(word: str) -> bool:
    return len(word) == 3 and word.isdecimal() and word.isascii() and word >= "100"


def _run(row: Row, state: str, message: str | None) -> dict[str, Any]:
    started = instant(row, "started_at", "start")
    finished = instant(row, "finished_at", "ended_at", "end") if state in _OVER else None
    return {
        "state": state,
        "trigger": (text(row, "trigger") or "unknown").lower(),
        "flow_name": text(row, "flow_name", "flow"),
        "flow_version_id": text(row, "flow_version_id"),
        "started_at": started,
        "finished_at": finished,
        "duration_ms": whole(row, "duration_ms"),
        "has_warnings": flag(row, "has_warnings"),
        "summary": message if state in _OVER - {"success"} else None,
        "retry_of_run_id": text(row, "retry_of_run_id", "retry_flow_run_id"),
        "records_in": whole(row, "records_in", "received"),
        "records_out": whole(row, "records_out", "sent"),
        "records_failed": whole(row, "records_failed"),
        "payload_bytes": whole(row, "payload_bytes", "payload_size"),
    }


def _line(row: Row, state: str | None, message: str, status: int | None) -> dict[str, Any]:
    wrong = state in {"failure", "partial_success"} or (status is not None and status >= 400)
    return {
        "level": (text(row, "level") or ("error" if wrong else "info")).upper(),
        "message": message,
        "step_id": text(row, "step_id"),
        "step_name": text(row, "step_name", "step"),
        "http_status": status,
        "system": text(row, "system", "connector"),
    }


def _call(row: Row, system: str, status: int) -> dict[str, Any]:
    return {
        "system": system,
        "outcome": "error" if status >= 400 else "success",
        "http_status": status,
        "endpoint": text(row, "endpoint", "url"),
        "latency_ms": whole(row, "latency_ms"),
        "throttled": status == 429,
    }
