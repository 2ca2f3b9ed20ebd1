"""What a person tells the engine, into the log by the same gate as everything else."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import msgspec

from pipeline.ingest.admission import admit
from pipeline.log.base import EventLog
from pipeline.settings import IngestSettings
from schemas.events import DATA_BY_TYPE, Annotation, ConfigChanged

SOURCE = "cogentai/cli"

_TYPES = {model: type_ for type_, model in DATA_BY_TYPE.items()}


async def tell(
    log: EventLog,
    settings: IngestSettings,
    tenant: str,
    told: Annotation | ConfigChanged,
    now: datetime,
) -> str:
    """Write an annotation or a change into the log; return the id of the event.

    Raises
    ------
    RefusedError
        If it breaks its contract.
    LogUnavailableError
        If the log cannot take it.
    """
    event = {
        "specversion": "1.0",
        "id": f"told:{uuid4()}",
        "source": SOURCE,
        "type": _TYPES[type(told)],
        "time": now.isoformat(),
        "tenant": tenant,
        "data": told.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    await log.append(admit([msgspec.json.encode(event)], settings, now))
    return str(event["id"])
