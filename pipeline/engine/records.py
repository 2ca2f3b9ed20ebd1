"""From a record of the log to events: decoding, and what cannot be decoded put aside.

A record holds a batch of structured CloudEvents, one structured event, or one event in Kafka's
binary mode (attributes in ``ce_`` headers, data in the value). One bad entry of a batch does not
hold up its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.engine.emissions import DeadLetter
from pipeline.log.base import BATCH_CONTENT_TYPE, Record
from schemas.binary import joined
from schemas.decode import decode_batch, decode_event, split_batch
from schemas.errors import ContractError
from schemas.structs import EventStruct


class Entries(NamedTuple):
    """What a record holds, in order; what cannot be read is a dead letter where it stood.

    ``places`` are places in the batch (None outside one).
    """

    places: Sequence[int | None]
    events: Sequence[EventStruct | DeadLetter]


def read(record: Record) -> Entries:
    """Read every event of a record."""
    headers = dict(record.headers)
    if record.value is None:
        return _alone(dead(record, None, "empty", "the record has no value"))
    if headers.get("content-type", b"").split(b";")[0].strip() == BATCH_CONTENT_TYPE:
        return _batch(record, record.value)
    try:
        structured = "ce_id" not in headers
        value = record.value if structured else joined(_attributes(headers), record.value)
        return _alone(decode_event(value))
    except ContractError as error:
        return _alone(dead(record, None, error.kind, str(error)))


def _alone(event: EventStruct | DeadLetter) -> Entries:
    return Entries((None,), (event,))


def _batch(record: Record, value: bytes) -> Entries:
    try:
        events: Sequence[EventStruct | DeadLetter] = decode_batch(value)
    except ContractError:
        try:
            entries = split_batch(value)
        except ContractError as error:
            return _alone(dead(record, None, error.kind, str(error)))
        events = [_entry(record, place, raw) for place, raw in enumerate(entries)]
    return Entries(range(len(events)), events)


def _entry(record: Record, place: int, raw: bytes) -> EventStruct | DeadLetter:
    """Save an entry of a batch that holds a bad one."""
    try:
        return decode_event(raw)
    except ContractError as error:
        return dead(record, place, error.kind, str(error), raw)


def _attributes(headers: dict[str, bytes]) -> dict[str, str]:
    return {
        name.removeprefix("ce_"): value.decode("utf-8", "replace")
        for name, value in headers.items()
        if name.startswith("ce_")
    }


def dead(
    record: Record, entry: int | None, reason: str, detail: str, value: bytes | None = None
) -> DeadLetter:
    """Make a dead letter of a record, or of one entry of it."""
    original = record.value if value is None else value
    return DeadLetter(record.offset, entry, reason, detail, record.key, original, record.headers)
