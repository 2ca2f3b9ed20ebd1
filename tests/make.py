"""Events and records for tests, with sensible parts for whatever a test does not care about."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from pipeline.log.base import BATCH_CONTENT_TYPE, Record

MONDAY = 1_772_409_600
"""Epoch seconds of Monday 2 March 2026, 00:00 UTC."""

Event = dict[str, Any]

_ids = itertools.count()


def iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")


def event(type_: str, at: float, data: dict[str, Any], **attributes: Any) -> Event:
    return {
        "specversion": "1.0",
        "type": type_,
        "id": f"event-{next(_ids)}",
        "source": "test",
        "collector": "test",
        "time": iso(at),
        "tenant": "acme",
        "data": data,
    } | attributes


def run(
    at: float,
    state: str = "success",
    *,
    run_id: str | None = None,
    flow_id: str = "orders",
    attributes: dict[str, Any] | None = None,
    **data: Any,
) -> Event:
    run_id = run_id or f"run-{next(_ids)}"
    body = {"run_id": run_id, "flow_id": flow_id, "state": state} | data
    return event("cogent.flow.run", at, body, **(attributes or {}))


def window(at: float, flow_id: str = "orders", seconds: int = 60, **data: Any) -> Event:
    body = {"flow_id": flow_id, "seconds": seconds} | data
    return event("cogent.flow.window", at, body, id=f"win:{flow_id}:{iso(at)}")


def heartbeat(watermark: float, collector: str = "test", **data: Any) -> Event:
    body = {"collector": collector, "watermark": iso(watermark)}
    body |= {k: iso(v) if k == "since" else v for k, v in data.items()}
    return event("cogent.collector.heartbeat", watermark, body, tenant="*")


def batch(*events: Event, offset: int | None = None, partition: int = 0) -> Record:
    value = json.dumps(events).encode()
    return batch_of(value, offset=offset, partition=partition)


def batch_of(value: bytes, offset: int | None = None, partition: int = 0) -> Record:
    headers = (("content-type", BATCH_CONTENT_TYPE),)
    return Record(partition, next(_ids) if offset is None else offset, None, value, headers)
