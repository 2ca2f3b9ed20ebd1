"""Delivery: events through the same admission as at the HTTP edge, into a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import structlog

from pipeline.collect.events import Event, encode, unreadable
from pipeline.ingest.admission import admit
from pipeline.ingest.problems import RefusedError
from pipeline.ingest.redact import MARK, redact
from pipeline.log.base import Entry, EventLog
from pipeline.settings import IngestSettings

UNWRITABLE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""What JSON cannot hold: an integer of a thousand digits, half a character, too deep a nesting."""

log = structlog.get_logger()


class Delivered(NamedTuple):
    """How many events of each type were delivered, and how many were put aside."""

    by_type: Counter[str]
    refused: int


class Delivery:
    """Hands a tenant's events to a log.

    Parameters
    ----------
    limits
        How large an event may be.
    buries
        Whether the log takes what breaks its contract, to put it aside; an HTTP edge refuses it.
    """

    def __init__(
        self, tenant: str, event_log: EventLog, limits: IngestSettings, *, buries: bool = True
    ) -> None:
        self._tenant = tenant
        self._log = event_log
        self._limits = limits
        self._buries = buries

    async def send(
        self, events: Sequence[Event], beat: Event, secrets: Iterable[str], now: datetime
    ) -> Delivered:
        """Write events, oldest first, and after them a heartbeat; return once they are durable.

        Raises
        ------
        LogUnavailableError
            If they could not all be made durable.
        """
        masks = [msgspec.json.encode(secret)[1:-1] for secret in secrets]
        by_type: Counter[str] = Counter()
        entries, refused = [], 0
        for event in sorted(events, key=lambda one: one["time"]):
            entry, good = self._entry(event, masks, now)
            by_type[event["type"]] += good
            refused += not good
            entries += entry
        entries += admit([encode(beat)], self._limits, now)
        await self._log.append(entries)
        return Delivered(by_type, refused)

    def _entry(
        self, event: Event, masks: Sequence[bytes], now: datetime
    ) -> tuple[list[Entry], bool]:
        """Make an event ready; whatever it has to say beyond its contract is dispensable."""
        plain = {name: v for name, v in event["data"].items() if name != "patchworks"}
        reason = "it is refused"
        for data in (event["data"], plain) if len(plain) < len(event["data"]) else (plain,):
            try:
                return admit([_encoded({**event, "data": data}, masks)], self._limits, now), True
            except (RefusedError, *UNWRITABLE) as error:
                reason = str(error)
        log.warning("row refused", tenant=self._tenant, id=event["id"], reason=reason)
        return self._buried(event, reason, masks), False

    def _buried(self, event: Event, reason: str, masks: Sequence[bytes]) -> list[Entry]:
        if not self._buries:
            return []
        if "row" not in event["data"]:
            event = unreadable(self._tenant, event["data"], reason, event["time"])
        return [Entry(f"{self._tenant}:patchworks", redact(_encoded(event, masks)))]


def _encoded(event: Event, masks: Sequence[bytes]) -> bytes:
    raw = encode(event)
    for mask in masks:
        raw = raw.replace(mask, MARK.encode())
    return raw
