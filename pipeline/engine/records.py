"""From a record of the log to events: decoding, and what cannot be decoded put aside.

A record holds a batch of structured CloudEvents, one structured event, or one event in Kafka's
binary mode (attributes in ``ce_`` headers, data in the value). One bad entry of a batch does not
hold up its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.engine.emissions import DeadLetter
from pipeline.log.base import BATCH_CONTENT_TYPE, Record
from schemas.binary import joined
from schemas.decode import decode_batch, decode_event, split_batch
from schemas.errors import ContractError
from schemas.structs import EventStruct

MAX_ENTRIES = 10_000
"""Entries of a batch that are taken one by one. The shortest event has 150 bytes, so a record of a
megabyte with more of them is mostly not events, and would make as many dead letters."""


def read(record: Record) -> Iterator[tuple[int | None, EventStruct | DeadLetter]]:
    """Yield every event of a record with its place in the batch (None outside one).

    What cannot be read is yielded as a dead letter in the place where it stood.
    """
    headers = dict(record.headers)
    if record.value is None:
        yield None, dead(record, None, "empty", "the record has no value")
    elif headers.get("content-type", b"").split(b";")[0].strip() == BATCH_CONTENT_TYPE:
        yield from _batch(record, record.value)
    else:
        try:
            structured = "ce_id" not in headers
            value = record.value if structured else joined(_attributes(headers), record.value)
            yield None, decode_event(value)
        except ContractError as error:
            yield None, dead(record, None, error.kind, str(error))


def _batch(record: Record, value: bytes) -> Iterator[tuple[int | None, EventStruct | DeadLetter]]:
    try:
        events = decode_batch(value)
    except ContractError:
        yield from _one_by_one(record, value)
    else:
        yield from enumerate(events)


def _one_by_one(
    record: Record, value: bytes
) -> Iterator[tuple[int | None, EventStruct | DeadLetter]]:
    """Save the good entries of a batch that holds a bad one."""
    try:
        entries = split_batch(value)
    except ContractError as error:
        yield None, dead(record, None, error.kind, str(error))
        return
    if len(entries) > MAX_ENTRIES:
        detail = f"the batch has a bad entry, and too many ({len(entries):,}) to part them"
        yield None, dead(record, None, "length", detail)
        return
    for place, raw in enumerate(entries):
        try:
            yield place, decode_event(raw)
        except ContractError as error:
            yield place, dead(record, place, error.kind, str(error), raw)


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
