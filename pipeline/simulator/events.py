"""Numbers to events: the envelope, whole windows, promises of the schedule, queues, heartbeats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from detectors.columns import Ints
from pipeline.simulator.retailer import TENANT, FlowProfile
from pipeline.simulator.traffic import Traffic

COLLECTOR = "simulator"
MAX_BATCH = 500
"""Events a batch: half of what the ingest takes by default."""

Event = dict[str, Any]
"""A CloudEvent in structured form. Instants are still ``datetime``."""

_encode = msgspec.json.Encoder().encode


def instant(minute: int) -> datetime:
    """Return the start of an epoch minute.

    >>> instant(29_540_760).isoformat()
    '2026-03-02T10:00:00+00:00'
    """
    return datetime.fromtimestamp(60 * minute, UTC)


def event(type_: str, id_: str, time: datetime, data: Event) -> Event:
    """Put data in its envelope."""
    return {
        "specversion": "1.0",
        "type": type_,
        "source": f"{COLLECTOR}/{TENANT}",
        "id": id_,
        "time": time,
        "tenant": TENANT,
        "collector": COLLECTOR,
        "data": data,
    }


def windows(
    profile: FlowProfile, traffic: Traffic, minutes: Ints, *, records: bool = True
) -> Iterator[Event]:
    """Yield a flow's minutes as ``cogent.flow.window`` events, as a back-fill sends them."""
    columns = [column.tolist() for column in traffic]
    for minute, ok, failed, retries, log, var, read, written, missing, depth in zip(
        minutes.tolist(), *columns, strict=True
    ):
        data: Event = {
            "flow_id": profile.flow_id,
            "flow_name": profile.name,
            "seconds": 60,
            "runs": {"started": ok + failed, "succeeded": ok, "failed": failed},
            "retries": retries,
            "queue": {"depth": depth},
        }
        if records:
            data["records"] = {"in": read, "out": written, "missing_attributes": missing}
        if ok + failed:
            data["duration"] = {"count": ok + failed, "mean_log_ms": log, "var_log_ms": var}
        id_ = f"win:{profile.flow_id}:{minute}"
        yield event("cogent.flow.window", id_, instant(minute), data)


def promises(profile: FlowProfile, minutes: Ints) -> Iterator[Event]:
    """Yield a ``cogent.schedule.expected`` event for each run the flow's schedule promises."""
    if profile.cadence is None:
        return
    for minute in profile.cadence.ticks(minutes).tolist():
        due = instant(minute)
        yield event(
            "cogent.schedule.expected",
            f"due:{profile.flow_id}:{minute}",
            due,
            {
                "flow_id": profile.flow_id,
                "due_at": due,
                "cron": profile.cadence.cron,
                "tolerance_s": profile.cadence.tolerance_s,
            },
        )


def queue_snapshot(profile: FlowProfile, minute: int, depth: int) -> Event:
    """Return how many runs of a flow wait, as seen in the last second of a minute."""
    return event(
        "cogent.queue.snapshot",
        f"queue:{profile.flow_id}:{minute}",
        instant(minute) + timedelta(seconds=59),
        {"flow_id": profile.flow_id, "depth": depth},
    )


def heartbeat(minute: int, *, last: bool = False) -> Event:
    """Return the promise that everything before the end of a minute has been sent."""
    watermark = instant(minute + 1)
    data = {"collector": COLLECTOR, "watermark": watermark}
    if last:
        data["status"] = "finished"
    return event("cogent.collector.heartbeat", f"hb:{COLLECTOR}:{minute}", watermark, data)


def batches(events: Sequence[Event]) -> Iterator[bytes]:
    """Encode events, in their order, as ``application/cloudevents-batch+json`` bodies.

    >>> [len(msgspec.json.decode(body)) for body in batches([heartbeat(1)] * 501)]
    [500, 1]
    """
    for first in range(0, len(events), MAX_BATCH):
        yield _encode(events[first : first + MAX_BATCH])
