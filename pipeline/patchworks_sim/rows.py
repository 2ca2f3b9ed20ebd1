"""Objects as the Core API shows them, at an instant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from pipeline.patchworks_sim.objects import FAILURE, PARTIAL, Flow, Job, Passed, Run
from pipeline.patchworks_sim.query import Row

RUN_INCLUDES = frozenset(
    {
        "flow", "flowVersion", "flowRunLogs", "errorWarningLogs", "metrics", "cpuTime",
        "payloadSize", "operationsSent", "operationsReceived", "retriedFlowRun", "trackedData",
    }
)  # fmt: skip
_STEPS = ("pull", "track", "translate", "push")
WAITING = "pending"
"""Status of a job in the queue; what Patchworks calls it is not documented."""
_BYTES_A_RECORD = 2_100


def at(ms: int) -> datetime:
    """Return the instant of epoch milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def run_row(run: Run, now: int, includes: Collection[str] = ()) -> Row:
    """Show a run as it stands."""
    over = now >= run.finished
    row: Row = {
        "id": run.id,
        "name": run.flow.profile.name,
        "status": run.status(now),
        "trigger": run.trigger,
        "summary": run.summary if over else None,
        "created_at": at(run.started),
        "updated_at": at(run.finished if over else run.started),
        "started_at": at(run.started),
        "finished_at": at(run.finished) if over else None,
        "duration": run.finished - run.started if over else None,
        "flow_id": run.flow.id,
        "flow_version_id": run.flow.version_id,
        "virtual_environment_version": None,
        "user_id": None,
        "retry_flow_run_id": run.retry_of,
        "has_warnings": over and run.warned,
    }
    return row | _included(run, now, includes)


def log_rows(run: Run, now: int) -> list[Row]:
    """Show what a run has logged so far, the oldest first."""
    return [row for row in _log(run) if row["created_at"] <= at(now)]


def job_row(job: Job, includes: Collection[str] = ()) -> Row:
    """Show a job in the queue."""
    row: Row = {
        "id": job.id,
        "created_at": at(job.queued),
        "updated_at": at(job.queued),
        "flow_version_id": job.flow.version_id,
        "virtual_environment_version_id": None,
        "payload_metadata_id": None,
        "trigger": job.trigger,
        "status": WAITING,
    }
    return row | ({"flow": _brief(job.flow)} if "flow" in includes else {})


def flow_row(flow: Flow, since: int, includes: Collection[str] = ()) -> Row:
    """Show a flow deployed at an instant."""
    version: Row = {"id": flow.version_id, "iteration": 1, "status": "Deployed", "flow_priority": 3}
    cadence = flow.profile.cadence
    if "currentVersion.schedules" in includes:
        crons = [cadence.cron] if cadence else []
        version["schedules"] = [
            {"id": flow.version_id + i, "cron_string": cron} for i, cron in enumerate(crons)
        ]
    row: Row = {
        "id": flow.id,
        "name": flow.profile.name,
        "description": None,
        "is_enabled": True,
        "enabled_at": at(since),
        "status": "Deployed",
        "format": "json",
        "deployed_at": at(since),
        "labels": [],
        "created_at": at(since),
        "updated_at": at(since),
    }
    versioned = any(name.startswith("currentVersion") for name in includes)
    return row | ({"current_version": version} if versioned else {})


def tracked_row(passed: Passed) -> Row:
    """Show that a business key came in or went out."""
    run, entity = passed.run, passed.entity
    sent = passed.direction == "Send"
    success = run.outcome not in {FAILURE, PARTIAL} or not sent
    return {
        "id": 2 * run.id + sent,
        "created_at": at(passed.at),
        "updated_at": at(passed.at),
        "flow_id": run.flow.id,
        "flow_run_id": run.id,
        "step_id": _step(run.flow, "push" if sent else "track"),
        "entity_type_id": entity.id,
        "entity_type": entity._asdict(),
        "value": f"#{run.retry_of or run.id}",
        "direction": passed.direction,
        "sent_count": int(sent),
        "received_count": int(not sent),
        "success": success,
    }


def _brief(flow: Flow) -> Row:
    return {"id": flow.id, "name": flow.profile.name}


def _step(flow: Flow, kind: str) -> int:
    return 10 * flow.version_id + _STEPS.index(kind)


def _included(run: Run, now: int, includes: Collection[str]) -> Row:
    over = now >= run.finished
    logs = log_rows(run, now) if {"flowRunLogs", "errorWarningLogs"} & set(includes) else []
    everything: dict[str, tuple[str, Any]] = {
        "flow": ("flow", _brief(run.flow)),
        "flowVersion": ("flow_version", {"id": run.flow.version_id, "iteration": 1}),
        "flowRunLogs": ("flow_run_logs", logs),
        "errorWarningLogs": (
            "error_warning_logs",
            [row for row in logs if row["log_level"] != "INFO"],
        ),
        "metrics": ("metrics", {"payloads": len(_STEPS) if over else 1}),
        "cpuTime": ("cpu_time", (run.finished - run.started) // 8 if over else None),
        "payloadSize": ("payload_size", run.records * _BYTES_A_RECORD if over else None),
        "operationsSent": ("operations_sent", run.records if over else 0),
        "operationsReceived": ("operations_received", 1 + run.records // 100),
        "retriedFlowRun": ("retried_flow_run", {"id": run.retry_of} if run.retry_of else None),
        "trackedData": ("tracked_data", []),
    }
    return dict(everything[name] for name in includes)


def _log(run: Run) -> Iterator[Row]:
    source, target = run.flow.profile.source, run.flow.profile.target
    lines = [
        ("INFO", "pull", f"Received {run.records} records from {source}"),
        ("INFO", "translate", f"Mapped {run.records} records"),
    ]
    if run.warned:
        lines.append(("WARNING", "translate", "Field customer.phone is empty in 1 record"))
    if run.summary:
        lines.append(("ERROR", "push", run.summary))
    else:
        lines.append(("INFO", "push", f"Sent {run.records} records to {target}"))
    span = run.finished - run.started
    for i, (level, step, message) in enumerate(lines, 1):
        yield {
            "id": 10 * run.id + i,
            "created_at": at(run.started + span * i // len(lines)),
            "flow_run_id": run.id,
            "flow_step_id": _step(run.flow, step),
            "flow_step": {"id": _step(run.flow, step), "name": step.capitalize()},
            "log_level": level,
            "log_message": message,
            "payload_metadata_id": None,
        }
