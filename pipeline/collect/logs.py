"""Lines of a run's log as events.

A run's log is read when the run has ended, so the time of its lines is that of the end: earlier,
and a window that has closed would refuse them. When each was written stays in ``logged_at``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from detectors.errors.masking import hide_secrets
from pipeline.collect.client import Client
from pipeline.collect.events import Event, event, iso
from pipeline.collect.paging import read_list
from pipeline.collect.rows import Row, child, instant, key, objects, text
from pipeline.collect.runs import Run

LONGEST_MESSAGE = 16_384
"""Letters of a message that are passed on."""

PARAMS: dict[str, str | int] = {
    "include": "flowRunLogMetadata,flowStep",
    "fields[flowStep]": "id,name",
    "sort": "id",
}


def sampled(run_id: str, share: float) -> bool:
    """Whether a run's whole log is read for the sake of it; the same run always gets the same.

    >>> sum(sampled(str(run), 0.02) for run in range(10_000))
    214
    """
    return zlib.crc32(run_id.encode()) < share * 2**32


def needs_log(run: Run, row: Row, share: float) -> bool:
    """Whether a run's log has to be asked for: it went badly and the list brought no lines."""
    if run.state == "success" and not run.data.get("has_warnings"):
        return sampled(run.run_id, share)
    return "error_warning_logs" not in row and run.state != "stopped"


async def read_log(client: Client, run_id: str) -> list[Row]:
    """Read a run's log.

    Raises
    ------
    PatchworksError
        If it cannot be read.
    """
    return objects((await read_list(client, f"/flow-runs/{run_id}/flow-run-logs", PARAMS)).rows)


def log_events(tenant: str, run: Run, end: Event, rows: Iterable[Row]) -> list[Event]:
    """Turn the lines of a run's log into events at the time of its ``end``."""
    return [_line(tenant, run, end, number, row) for number, row in enumerate(rows, 1)]


def _line(tenant: str, run: Run, end: Event, number: int, row: Row) -> Event:
    log_id = key(row, "id") or f"{run.run_id}:{number}"
    written = instant(row, "created_at", "timestamp")
    data = {
        "run_id": run.run_id,
        "flow_id": run.data["flow_id"],
        "level": (text(row, "log_level", "level") or "INFO").upper(),
        "message": _message(row),
        "log_id": log_id,
        "step_id": key(row, "flow_step_id", "step_id"),
        "step_name": text(child(row, "flow_step"), "name"),
        "payload_metadata_id": key(row, "payload_metadata_id"),
        "logged_at": written and iso(written),
    }
    told = {name: value for name, value in data.items() if value is not None}
    return event(tenant, "cogent.flow.log", f"log:{log_id}", end["time"], told)


def _message(row: Row) -> str:
    for name in ("log_message", "message"):
        if isinstance(found := row.get(name), str):
            return hide_secrets(found[:LONGEST_MESSAGE])
    return ""
