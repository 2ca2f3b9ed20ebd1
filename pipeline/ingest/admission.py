"""From raw events to entries of the log: each held to its contract, stamped and without secrets.

A batch is taken whole or refused whole. An empty one is good, as CloudEvents has it (JSON Event
Format 1.0.2, section 4.2): nothing is written, and 0 events are acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from pipeline.ingest.problems import (
    BadRequestError,
    Fault,
    InvalidEventError,
    TooLargeError,
    faults_of,
)
from pipeline.ingest.redact import redact
from pipeline.log.base import Entry
from pipeline.settings import IngestSettings
from schemas.decode import decode_event
from schemas.errors import ContractError, MalformedError
from schemas.structs import Heartbeat

CLOCKS_DIFFER = timedelta(minutes=5)
"""A sender's clock may be ahead of ours by this much."""


def admit(raws: Sequence[bytes], settings: IngestSettings, now: datetime) -> list[Entry]:
    """Hold every event to its contract and make it ready for the log.

    Parameters
    ----------
    raws
        Events in structured JSON.
    now
        When they were observed.

    Raises
    ------
    TooLargeError
        If there are too many, or one is too large.
    BadRequestError
        If one is not JSON.
    InvalidEventError
        If one breaks its contract; names every entry at fault.

    Examples
    --------
    >>> from datetime import UTC
    >>> raw = (
    ...     b'{"specversion": "1.0", "id": "1", "source": "shop", "type": "cogent.flow.log",'
    ...     b' "time": "2026-03-02T10:00:00Z", "tenant": "acme",'
    ...     b' "data": {"run_id": "r", "flow_id": "orders", "level": "INFO", "message": "hello"}}'
    ... )
    >>> (entry,) = admit([raw], IngestSettings(), datetime(2026, 3, 2, 10, tzinfo=UTC))
    >>> entry.key, entry.value[-72:]
    ('acme:orders', b'"hello"},"collector":"ingest","observed_at":"2026-03-02T10:00:00+00:00"}')
    """
    if len(raws) > settings.max_batch_events:
        raise TooLargeError(f"a batch may hold {settings.max_batch_events} events")
    entries: list[Entry] = []
    faults: list[Fault] = []
    malformed = False
    for place, raw in enumerate(raws):
        entry = place if len(raws) > 1 else None
        if len(raw) > settings.max_event_bytes:
            raise TooLargeError(f"{_of(entry)}an event may have {settings.max_event_bytes:,} bytes")
        try:
            entries.append(_entry(raw, settings.collector, now))
        except ContractError as error:
            malformed |= isinstance(error, MalformedError)
            faults += faults_of(error, entry)
    if faults:
        refusal = BadRequestError if malformed else InvalidEventError
        first = faults[0]
        raise refusal(f"{_of(first.entry)}{first.field or 'the event'} {first.reason}", faults)
    return entries


def _of(entry: int | None) -> str:
    return "" if entry is None else f"entry {entry}: "


def _entry(raw: bytes, collector: str, now: datetime) -> Entry:
    event = decode_event(raw)
    clean = redact(raw).strip()
    if clean != raw.strip():
        event = decode_event(clean)  # a mark in the place of a secret must hold the contract too
    stamps = {}
    if event.collector is None:
        stamps["collector"] = collector
    if event.observed_at is None:
        stamps["observed_at"] = now.isoformat(timespec="seconds")
    if stamps:
        # Appended as bytes, so that all else (fields nobody names among them) stays as it came. An
        # attribute given as null is overruled: the last of two equal keys counts.
        clean = clean[:-1] + b"," + msgspec.json.encode(stamps)[1:]
    if isinstance(event.data, Heartbeat):
        _check_beat(event.data, collector, now)
    flow_id = getattr(event.data, "flow_id", None)
    return Entry(None if flow_id is None else f"{event.tenant}:{flow_id}", clean)


def _check_beat(beat: Heartbeat, collector: str, now: datetime) -> None:
    """Refuse what would close windows that have not been."""
    if beat.collector == collector:
        raise ContractError("data.collector", "is this edge itself, which beats alone", "choice")
    if beat.watermark > now + CLOCKS_DIFFER:
        reason = "lies in the future, of which nobody can have sent everything"
        raise ContractError("data.watermark", reason, "range")
