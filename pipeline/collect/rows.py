"""Rows as Patchworks sends them, read leniently.

Its machine-generated description is unreliable: ids are numbers or text, numbers come as text, rows
are flat or hold their fields under ``attributes``, instants have two forms. So each field is read
for what it is meant to be, and what cannot be read is None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]

LONGEST_TEXT = 256
"""Letters of a name: what the contracts take."""

LONGEST_KEY = 64
"""Letters of an id. Cut short it would be another's."""


class BadRowError(ValueError):
    """A row that cannot be used, and why."""


def flat(found: object) -> Row:
    """Return the fields of a row, wherever they are.

    Raises
    ------
    BadRowError
        If it is no object.

    Examples
    --------
    >>> flat({"id": "7", "type": "flow-runs", "attributes": {"status": 2}})
    {'id': '7', 'status': 2}
    """
    if not isinstance(found, dict):
        raise BadRowError("the row is no object")
    attributes = found.get("attributes")
    if not isinstance(attributes, dict):
        return found
    own = {k: v for k, v in found.items() if k not in {"attributes", "type", "links"}}
    return {**own, **attributes}


def objects(found: object) -> list[Row]:
    """Return the rows of a relation, leaving out what is none.

    >>> objects([{"id": 1}, "x", {"attributes": {"id": 2}}])
    [{'id': 1}, {'id': 2}]
    """
    return [flat(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def child(row: Row, name: str) -> Row:
    """Return a related object; empty if there is none.

    >>> child({"flow": {"attributes": {"name": "Orders"}}}, "flow")
    {'name': 'Orders'}
    """
    found = row.get(name)
    return flat(found) if isinstance(found, dict) else {}


def text(row: Row, *names: str) -> str | None:
    """Return the first field that holds text or a number, as text.

    >>> text({"id": 8841}, "id"), text({"id": " "}, "id"), text({"id": True}, "id")
    ('8841', None, None)
    """
    for name in names:
        value = row.get(name)
        if isinstance(value, int | str) and not isinstance(value, bool):
            with suppress(ValueError):  # an integer too long to be written
                if told := str(value).strip():
                    return told[:LONGEST_TEXT]
    return None


def key(row: Row, *names: str) -> str | None:
    """Return the first field that holds an id, as text.

    >>> key({"id": 8841}, "id"), key({"id": "8" * 1000}, "id")
    ('8841', None)
    """
    found = text(row, *names)
    return found if found is not None and len(found) <= LONGEST_KEY else None


def whole(row: Row, *names: str) -> int | None:
    """Return the first field that holds a number not below zero, as an integer.

    >>> whole({"status": "2"}, "status"), whole({"size": 10.0}, "size"), whole({"size": -1}, "size")
    (2, 10, None)
    """
    for name in names:
        value = row.get(name)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            with suppress(ValueError, OverflowError):
                number = float(value)
                if math.isfinite(number) and 0 <= number <= 1e12:
                    return int(number)
    return None


def flag(row: Row, name: str) -> bool | None:
    """Return a field that says yes or no.

    >>> flag({"a": "1"}, "a"), flag({"a": False}, "a"), flag({"a": "perhaps"}, "a")
    (True, False, None)
    """
    value = row.get(name)
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "0": False, "false": False}.get(str(value).strip().lower())


def instant(row: Row, *names: str) -> datetime | None:
    """Return the first field that holds an instant; without an offset, it is meant in UTC.

    >>> instant({"started_at": "2026-03-02 10:00:00"}, "started_at").isoformat()
    '2026-03-02T10:00:00+00:00'
    >>> instant({"started_at": "2026-03-02T10:00:00.500000Z"}, "started_at").isoformat()
    '2026-03-02T10:00:00.500000+00:00'
    """
    for name in names:
        value = row.get(name)
        if isinstance(value, str):
            with suppress(ValueError, OverflowError):
                found = datetime.fromisoformat(value.strip())
                return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    return None
