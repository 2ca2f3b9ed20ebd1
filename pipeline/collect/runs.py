"""Runs: from a row of ``/flow-runs`` to one event for each state the run was in.

Every run that has ended is told of twice, at its start and at its end, however seldom the collector
looks. So the windows do not depend on when it looked, nor on an outage between.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from detectors.errors.masking import hide_secrets
from pipeline.collect.events import Event, event, iso
from pipeline.collect.rows import BadRowError, Row, child, flag, instant, key, text, whole

INCLUDES = (
    "flow,errorWarningLogs,metrics,payloadSize,operationsSent,operationsReceived,retriedFlowRun"
)
"""What rides on the list at no further request."""

STATES = {"1": "running", "2": "success", "3": "failure", "4": "stopped", "5": "partial_success"}

LONGEST_SUMMARY = 65_536

_READ = frozenset(
    {
        "id", "status", "trigger", "name", "flow_id", "flow", "flow_version_id", "user_id",
        "virtual_environment_version", "started_at", "finished_at", "created_at", "updated_at",
        "has_warnings", "summary", "retry_flow_run_id", "retried_flow_run", "operations_sent",
        "operations_received", "payload_size", "error_warning_logs", "flow_run_logs",
    }
)  # fmt: skip
"""Fields that are read, or are read from elsewhere."""


class Run(NamedTuple):
    """A run as it was seen.

    Attributes
    ----------
    finished
        When it ended; None while it runs.
    rest
        Fields of the row that nobody here reads; they go with the event of its end.
    """

    run_id: str
    state: str
    started: datetime
    finished: datetime | None
    data: Event
    rest: Event


def read_run(row: Row) -> Run:
    """Read a row.

    Raises
    ------
    BadRowError
        If it lacks what an event needs.

    Examples
    --------
    >>> run = read_run({"id": 7, "status": "2", "flow_id": 3, "started_at": "2026-03-02 10:00:00",
    ...     "finished_at": "2026-03-02T10:00:04Z"})
    >>> run.run_id, run.state, run.data["flow_id"]
    ('7', 'success', '3')
    """
    run_id, status = key(row, "id"), text(row, "status")
    flow_id = key(row, "flow_id") or key(child(row, "flow"), "id")
    started = instant(row, "started_at", "created_at")
    state = STATES.get(status or "")
    for name, value in (("id", run_id), ("flow_id", flow_id), ("started_at", started)):
        if value is None:
            raise BadRowError(f"{name} is missing or cannot be read")
    if state is None:
        raise BadRowError("status is none of 1 to 5")
    assert run_id is not None
    assert started is not None
    finished = None if state == "running" else _finished(row, started)
    data = {"run_id": run_id, "flow_id": flow_id, "started_at": started, **_begun(row)}
    rest = {name: value for name, value in row.items() if name not in _READ}
    return Run(run_id, state, started, finished, data | (_ended(row) if finished else {}), rest)


def _finished(row: Row, started: datetime) -> datetime:
    """A run that has ended without saying when did so when its row was last touched."""
    return max(instant(row, "finished_at", "updated_at") or started, started)


def _begun(row: Row) -> Event:
    trigger = (text(row, "trigger") or "unknown").lower()
    told = {
        "trigger": trigger,
        "flow_name": text(child(row, "flow"), "name") or text(row, "name"),
        "flow_version_id": key(row, "flow_version_id"),
        "virtual_environment": text(row, "virtual_environment_version"),
        "user_id": key(row, "user_id"),
    }
    if trigger == "retry":  # which way the link points is not documented: a retry points back
        original = key(row, "retry_flow_run_id") or key(child(row, "retried_flow_run"), "id")
        told["retry_of_run_id"] = original or "unknown"
    return {name: value for name, value in told.items() if value is not None}


def _ended(row: Row) -> Event:
    summary = row.get("summary")
    told = {
        "has_warnings": flag(row, "has_warnings"),
        "summary": hide_secrets(summary[:LONGEST_SUMMARY]) if isinstance(summary, str) else None,
        "operations_sent": whole(row, "operations_sent"),
        "operations_received": whole(row, "operations_received"),
        "payload_bytes": whole(row, "payload_size"),
    }
    return {name: value for name, value in told.items() if value is not None}


def start_event(tenant: str, run: Run, floor: datetime) -> Event:
    """Tell that a run has begun. Its time is never before ``floor``, the watermark given."""
    begun = {name: value for name, value in run.data.items() if name not in _ENDED}
    id_ = f"run:{run.run_id}:running:{iso(run.started)}"
    data = {**begun, "state": "running"}
    return event(tenant, "cogent.flow.run", id_, max(run.started, floor), data)


def end_event(tenant: str, run: Run, floor: datetime) -> Event:
    """Tell how a run has ended. Its time is never before ``floor``, the watermark given."""
    assert run.finished is not None
    id_ = f"run:{run.run_id}:{run.state}:{iso(run.finished)}"
    data = {**run.data, "state": run.state, "finished_at": run.finished}
    if run.rest:
        data["patchworks"] = run.rest
    return event(tenant, "cogent.flow.run", id_, max(run.finished, floor), data)


_ENDED = frozenset(
    {"has_warnings", "summary", "operations_sent", "operations_received", "payload_bytes"}
)
