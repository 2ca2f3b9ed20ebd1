"""The flows of a company: what is deployed, enabled and scheduled, and what people change of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipeline.collect.client import Client
from pipeline.collect.events import Event, encode, event
from pipeline.collect.paging import read_list
from pipeline.collect.place import FlowSeen, Place
from pipeline.collect.rows import BadRowError, Row, child, flag, flat, key, objects, text
from pipeline.collect.schedules import promises

INCLUDES = "currentVersion,currentVersion.schedules"

FLOWS_EVERY = timedelta(minutes=5)
"""Between two looks at flows and schedules: they change by hand."""


class Look:
    """What one look at the flows has found, to be told as the watermark comes to it.

    Parameters
    ----------
    found
        The flows by id; None if nobody looked.
    """

    def __init__(
        self, tenant: str, found: dict[str, FlowSeen] | None, at: datetime, zone: str
    ) -> None:
        self._tenant = tenant
        self._found = found
        self._at = at
        self._zone = zone

    def promises_until(self, place: Place, until: datetime) -> list[Event]:
        """Return the runs promised up to an instant that have not been told of yet."""
        if self._found is None:
            return []
        since = max(place.promised or self._at, place.told)
        place.promised = max(since, until)
        return promises(self._tenant, self._found, since, until, self._zone)

    def changes(self, place: Place) -> list[Event]:
        """Return what has changed since the last look."""
        if self._found is None:
            return []
        before, place.flows = place.flows, self._found
        return [] if before is None else changes(self._tenant, before, self._found, self._at)


async def read_flows(client: Client) -> dict[str, FlowSeen]:
    """Read a company's flows, by id.

    Raises
    ------
    PatchworksError
        If they cannot be read.
    """
    return flows_of((await read_list(client, "/flows", {"include": INCLUDES})).rows)


def flows_of(rows: Iterable[Any]) -> dict[str, FlowSeen]:
    """Read the rows of ``/flows``, leaving out what cannot be read.

    Examples
    --------
    >>> flows_of([{"id": 3, "name": "Orders", "is_enabled": 1, "status": "Deployed",
    ...     "current_version": {"id": 30, "schedules": [{"cron_string": "0 * * * *"}]}}])
    {'3': FlowSeen(name='Orders', enabled=True, version='30', crons=['0 * * * *'])}
    """
    found = {}
    for each in rows:
        try:
            row = flat(each)
        except BadRowError:
            continue
        if flow_id := key(row, "id"):
            found[flow_id] = _flow(row)
    return found


def _flow(row: Row) -> FlowSeen:
    version = child(row, "deployed_version") or child(row, "current_version")
    schedules = objects(child(row, "current_version").get("schedules") or version.get("schedules"))
    crons = {cron for one in schedules if (cron := text(one, "cron_string"))}
    deployed = (text(row, "status") or "Deployed").lower() == "deployed"
    return FlowSeen(
        name=text(row, "name") or "",
        enabled=deployed and flag(row, "is_enabled") is not False,
        version=key(version, "id") or "",
        crons=sorted(crons),
    )


def changes(
    tenant: str, before: Mapping[str, FlowSeen], after: Mapping[str, FlowSeen], at: datetime
) -> list[Event]:
    """Tell what has changed between two looks."""
    found: list[Event] = []
    for flow_id in sorted(before.keys() | after.keys()):
        for thing, old, new, words in _differences(before.get(flow_id), after.get(flow_id)):
            found.append(_change(tenant, flow_id, at, (thing, old, new, words)))
    return found


_Difference = tuple[str, object, object, str]


def _differences(old: FlowSeen | None, new: FlowSeen | None) -> Iterator[_Difference]:
    if old is None or new is None:
        yield "flow", old, new, "created" if old is None else "removed"
        return
    if old.enabled != new.enabled:
        yield "flow", old.enabled, new.enabled, "enabled" if new.enabled else "disabled"
    if old.version != new.version:
        yield "version", old.version, new.version, "deployed"
    if old.crons != new.crons:
        words = "modified" if old.crons and new.crons else "added" if new.crons else "removed"
        yield "schedule", old.crons, new.crons, words


def _change(tenant: str, flow_id: str, at: datetime, difference: _Difference) -> Event:
    thing, old, new, words = difference
    data: Event = {
        "object": thing,
        "object_id": flow_id,
        "change": words,
        "flow_id": flow_id,
        "before_hash": _hash(old),
        "after_hash": _hash(new),
    }
    if thing == "version":
        data["version"] = new
    id_ = f"cfg:{thing}:{flow_id}:{data['after_hash']}"
    return event(tenant, "cogent.config.changed", id_, at, data)


def _hash(value: object) -> str:
    return hashlib.sha256(encode(value)).hexdigest()[:16]
