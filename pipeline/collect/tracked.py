"""Tracked data: business keys on their way through flows, as record events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pipeline.collect.client import Client
from pipeline.collect.events import Event, event, iso
from pipeline.collect.paging import read_list
from pipeline.collect.place import Place
from pipeline.collect.rows import BadRowError, child, flag, flat, instant, key, text, whole
from pipeline.collect.windows import EDGE, OVERLAP, milliseconds

LONGEST = timedelta(minutes=10)
"""What is read of them at once: there is a row for every record, and runs come first."""

_DIRECTIONS = {"receive", "send"}


async def read_tracked(client: Client, tenant: str, place: Place, target: datetime) -> list[Event]:
    """Return what has been tracked since the last look, as far as one look goes.

    The past before the first look is left alone: it would cost more requests than all runs of it.

    Raises
    ------
    PatchworksError
        If the list cannot be read.
    """
    since = place.tracked or target
    until = min(since + LONGEST, target)
    params: dict[str, str | int] = {
        "filter[created_after]": milliseconds(since - OVERLAP - EDGE),
        "filter[created_before]": milliseconds(until),
        "include": "entityType",
    }
    rows = (await read_list(client, "/tracked-data", params)).rows if place.tracked else []
    place.tracked = until
    return [one for row in rows for one in _fresh(tenant, row, place)]


def _fresh(tenant: str, found: Any, place: Place) -> list[Event]:
    told = tracked_event(tenant, found, place.told)
    if told is None or told["id"] in place.recent:
        return []
    place.recent[told["id"]] = told["time"]
    return [told]


def tracked_event(tenant: str, found: Any, floor: datetime) -> Event | None:
    """Turn a row into an event, at a time never before ``floor``; None if it cannot be read.

    Examples
    --------
    >>> from datetime import UTC
    >>> row = {"id": 5, "flow_id": 3, "value": "#1001", "direction": "Send", "success": 1,
    ...     "entity_type": {"name": "Orders"}, "created_at": "2026-03-02 10:00:00"}
    >>> event = tracked_event("acme", row, datetime(2026, 3, 2, tzinfo=UTC))
    >>> event["id"], event["data"]["entity_type"], event["data"]["direction"]
    ('tracked:5:2026-03-02T10:00:00Z', 'orders', 'send')
    """
    try:
        row = flat(found)
    except BadRowError:
        return None
    id_, at = key(row, "id"), instant(row, "updated_at", "created_at")
    kind = text(child(row, "entity_type"), "name") or text(row, "entity_type_id")
    told = {
        "entity_type": kind and kind.lower(),
        "key": text(row, "value"),
        "direction": (text(row, "direction") or "").lower(),
        "flow_id": key(row, "flow_id"),
    }
    if None in (id_, at, *told.values()) or told["direction"] not in _DIRECTIONS:
        return None
    assert at is not None
    more = {
        "run_id": key(row, "flow_run_id"),
        "step_id": key(row, "step_id"),
        "success": flag(row, "success"),
        "sent_count": whole(row, "sent_count"),
        "received_count": whole(row, "received_count"),
    }
    data = told | {name: value for name, value in more.items() if value is not None}
    return event(tenant, "cogent.record.tracked", f"tracked:{id_}:{iso(at)}", max(at, floor), data)
