"""What people's own steps tell: flat JSON in the words they happen to use.

A step in a flow is filled in by hand, and its values come out of templates. So names are read in
any case, numbers may be text, and of several usual names for a thing the first that is filled
counts.
"""

from __future__ import annotations

import re
import zlib
from datetime import datetime
from typing import Any

import msgspec

from detectors.errors.masking import hide_secrets
from pipeline.collect.rows import Row, text
from pipeline.ingest.problems import BadRequestError, Fault, InvalidEventError

RUN_ID = ("run_id", "flow_run_id")
MESSAGE = ("message", "error", "error_message", "summary", "reason", "exception")
DEEPEST = 4
"""Objects within objects that are looked into: payloads come wrapped."""
LONGEST_MESSAGE = 16_384
"""Letters of a message that are kept."""

_encode = msgspec.json.Encoder().encode


def told(body: bytes) -> list[dict[str, Any]]:
    """Read an object, or an array of objects, with their names in snake case.

    Raises
    ------
    BadRequestError
        If it is no JSON.
    InvalidEventError
        If it is neither.

    Examples
    --------
    >>> told(b'{"flowRunId": 7, "Records-In": "12"}')
    [{'flow_run_id': 7, 'records_in': '12'}]
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequestError(
            "the body is not JSON", [Fault(None, "", "json", "is not JSON")]
        ) from None
    rows = found if isinstance(found, list) else [found]
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise refused(place, "", "type", "must be an object")
    return [_snaked(row, DEEPEST) for row in rows]


def needed(row: Row, place: int, *names: str) -> str:
    """Return a field that there must be.

    Raises
    ------
    InvalidEventError
        If it is under none of its names.
    """
    found = text(row, *names)
    if found is None:
        raise refused(place, names[0], "missing", "is required")
    return found


def tenant_of(row: Row, place: int, query_tenant: str | None) -> str:
    """Return whose run it is: what the address says (``?tenant=``), or the body.

    Raises
    ------
    InvalidEventError
        If neither says it.
    """
    return query_tenant or needed(row, place, "tenant")


def message_of(row: Row) -> str | None:
    """Return what a row says went wrong, without secrets."""
    for name in MESSAGE:
        if isinstance(found := row.get(name), str) and found.strip():
            return hide_secrets(found[:LONGEST_MESSAGE])
    return None


def refused(place: int, field: str, kind: str, reason: str) -> InvalidEventError:
    """Say which field of which object cannot be taken."""
    words = f"{field or 'the body'} {reason}"
    return InvalidEventError(words, [Fault(place, field, kind, reason)])


def mark(*parts: object) -> str:
    """Return a short name for some values: the same for the same, in every process.

    >>> mark("8841", "no stock")
    '2f257789'
    """
    return f"{zlib.crc32(repr(parts).encode(errors='replace')):08x}"


def event(tenant: str, type_: str, id_: str, time: datetime, data: dict[str, Any]) -> bytes:
    """Put data in its envelope, without what is None."""
    return _encode(
        {
            "specversion": "1.0",
            "type": type_,
            "source": f"reporter/{tenant}",
            "id": id_,
            "time": time,
            "tenant": tenant,
            "data": {name: value for name, value in data.items() if value is not None},
        }
    )


def _snaked(value: Any, depth: int) -> Any:
    if depth == 0 or not isinstance(value, dict):
        return value
    return {_snake(name): _snaked(inner, depth - 1) for name, inner in value.items()}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+", "_", name.strip()).lower()
