"""Events as a collector writes them: the envelope, heartbeats, and what could not be read."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

import msgspec

from detectors.errors.masking import hide_secrets
from pipeline.ingest.redact import redact_text

Event = dict[str, Any]
"""A CloudEvent in structured form. Instants are still ``datetime``."""

PREVIEW_CHARS = 4096
"""How much of a row that could not be read is kept with the reason."""

encode = msgspec.json.Encoder().encode


def collector_of(tenant: str) -> str:
    """Return the name a tenant's collector goes by.

    >>> collector_of("acme")
    'patchworks:acme'
    """
    return f"patchworks:{tenant}"


def iso(instant: datetime) -> str:
    """Write an instant in the one form ids are made of.

    >>> from datetime import UTC
    >>> iso(datetime(2026, 3, 2, 10, tzinfo=UTC))
    '2026-03-02T10:00:00Z'
    """
    return instant.isoformat().replace("+00:00", "Z")


def event(tenant: str, type_: str, id_: str, time: datetime, data: Event) -> Event:
    """Put data in its envelope."""
    return {
        "specversion": "1.0",
        "type": type_,
        "source": collector_of(tenant),
        "id": id_,
        "time": time,
        "tenant": tenant,
        "collector": collector_of(tenant),
        "data": data,
    }


def heartbeat(tenant: str, watermark: datetime, since: datetime, **told: float) -> Event:
    """Promise that everything between ``since`` and ``watermark`` has been sent."""
    name = collector_of(tenant)
    data = {"collector": name, "watermark": watermark, "since": since, **told}
    beat = event(
        tenant, "cogent.collector.heartbeat", f"hb:{name}:{iso(watermark)}", watermark, data
    )
    return beat | {"tenant": "*"}


def unreadable(tenant: str, found: object, reason: str, time: datetime) -> Event:
    """Return a row that cannot be read as what breaks the contract of a run.

    The engine puts it aside as a dead letter, which is where whoever looks for it will look.
    """
    try:
        preview = hide_secrets(redact_text(repr(found)[:PREVIEW_CHARS]))
    except (ValueError, RecursionError):  # an integer of thousands of digits, too deep a nesting
        preview = "cannot be shown"
    id_ = f"bad:{zlib.crc32(preview.encode(errors='replace')):08x}"
    return event(tenant, "cogent.flow.run", id_, time, {"reason": reason, "row": preview})
