"""``POST /v1/failing-run``: a flow made for alerts tells of the run that called it.

Such a flow is started from the catch routes of others, with a payload that names the run in
trouble. What is told is that run's, and not the messenger's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pipeline.collect.rows import text
from pipeline.ingest.told import DEEPEST, event, mark, message_of, refused, tenant_of, told

ORIGIN = (
    "original_run_id", "origin_run_id", "source_run_id", "parent_run_id", "failing_run_id",
    "flow_run_id", "run_id",
)  # fmt: skip
"""Names of the run in trouble. Those that can only mean it come first: beside them, ``run_id`` is
the messenger's own."""
FLOW = ("original_flow_id", "origin_flow_id", "source_flow_id", "parent_flow_id", "flow_id")


def failing_run(body: bytes, tenant: str | None, now: datetime) -> list[bytes]:
    """Return the event that each payload stands for, in structured JSON.

    With the flow known it is an error in the log of the run; without it, a notice, since nobody
    here could say whose run it was.

    Raises
    ------
    BadRequestError
        If it is not JSON.
    InvalidEventError
        If a payload names no run.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    >>> body = b'{"payload": {"flowRunId": 7, "flowId": 3, "error": "no stock"}}'
    >>> failing_run(body, "acme", now)[0].partition(b'"data":')[2]
    b'{"run_id":"7","flow_id":"3","level":"ERROR","message":"no stock"}}'
    """
    return [_event(row, place, tenant, now) for place, row in enumerate(told(body))]


def _event(row: Mapping[str, Any], place: int, query_tenant: str | None, now: datetime) -> bytes:
    tenant = tenant_of(row, place, query_tenant)
    origin = _first(row, ORIGIN)
    if origin is None:
        raise refused(place, "original_run_id", "missing", "is required")
    messages = (message for layer in _layers(row) if (message := message_of(layer)))
    message = next(messages, "a flow for alerts was told of this run")
    level = (_first(row, ("level", "log_level")) or "error").upper()
    flow_id = _first(row, FLOW)
    known = mark(message)
    if flow_id is not None:
        line = {"run_id": origin, "flow_id": flow_id, "level": level, "message": message}
        return event(tenant, "cogent.flow.log", f"log:{origin}:{known}", now, line)
    notice = {
        "level": level, "message": message, "origin_run_id": origin, "channel": "alert flow"
    }  # fmt: skip
    return event(tenant, "cogent.notice", f"notice:{origin}:{known}", now, notice)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Return the field of the most telling name, wherever it is."""
    layers = list(_layers(row))
    found = (text(layer, name) for name in names for layer in layers)
    return next((value for value in found if value is not None), None)


def _layers(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield an object and those within it, the outer ones first."""
    waiting = deque([(row, 1)])
    while waiting:
        layer, depth = waiting.popleft()
        yield layer
        if depth < DEEPEST:
            waiting += [(inner, depth + 1) for inner in layer.values() if isinstance(inner, dict)]
