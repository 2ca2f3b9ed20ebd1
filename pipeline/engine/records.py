"""From a record of the log to events: decoding, and what cannot be decoded put aside.

A record holds a batch of structured CloudEvents, one structured event, or one event in Kafka's
binary mode (attributes in ``ce_`` headers, data in the value). One bad entry of a batch does not
hold up its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple, cast

from pipeline.engine.emissions import DeadLetter
from pipeline.log.base import BATCH_CONTENT_TYPE, Record
from schemas.binary import joined
from schemas.decode import decode_batch, decode_event, split_batch
from schemas.errors import ContractError
from schemas.structs import EventStruct, FlowRun

PORTION: Final = 1_000_000
"""Bytes of records that are decoded at a time: some thousand events. More would save nothing."""

MAX_ENTRIES = 10_000
"""Entries of a batch that are taken one by one. The shortest event has 150 bytes, so a record of a
megabyte with more of them is mostly not events, and would make as many dead letters."""


class Entries(NamedTuple):
    """Events of some records, in order; what cannot be read is a dead letter where it stood.

    ``records`` and ``places`` say where each comes from: its place in the batch, None outside one.
    """

    records: list[Record]
    places: list[int | None]
    events: list[EventStruct | DeadLetter]

    def stretches(self) -> Iterator[Entries]:
        """Part these entries where one is of another type than the one before."""
        if len(set(map(type, self.events))) == 1:
            yield self
            return
        start = 0
        for _, alike in groupby(self.events, type):
            end = start + len(list(alike))
            here = slice(start, end)
            yield Entries(self.records[here], self.places[here], self.events[here])
            start = end

    def runs(self) -> list[EventStruct] | None:
        """Return the events of a stretch if they are runs."""
        first = self.events[0]
        if isinstance(first, DeadLetter) or not isinstance(first.data, FlowRun):
            return None
        return cast("list[EventStruct]", self.events)


def read(records: Iterable[Record]) -> Iterator[Entries]:
    """Read every event of some records, a portion at a time."""
    entries, size = Entries([], [], []), 0
    for record in records:
        places, events = _read(record)
        entries.records.extend([record] * len(events))
        entries.places.extend(places)
        entries.events.extend(events)
        size += len(record.value or b"")
        if size >= PORTION:
            yield entries
            entries, size = Entries([], [], []), 0
    yield entries


_Read = tuple[Iterable[int | None], Sequence[EventStruct | DeadLetter]]


def _read(record: Record) -> _Read:
    headers = dict(record.headers)
    if record.value is None:
        return _alone(dead(record, None, "empty", "the record has no value"))
    if headers.get("content-type", b"").split(b";")[0].strip() == BATCH_CONTENT_TYPE:
        return _batch(record, record.value)
    try:
        structured = "ce_id" not in headers
        value = record.value if structured else joined(attributes(headers), record.value)
        return _alone(decode_event(value))
    except ContractError as error:
        return _alone(dead(record, None, error.kind, str(error)))


def _alone(event: EventStruct | DeadLetter) -> _Read:
    return (None,), (event,)


def _batch(record: Record, value: bytes) -> _Read:
    try:
        events: Sequence[EventStruct | DeadLetter] = decode_batch(value)
    except ContractError:
        try:
            entries = split_batch(value)
        except ContractError as error:
            return _alone(dead(record, None, error.kind, str(error)))
        if len(entries) > MAX_ENTRIES:
            detail = f"the batch has a bad entry, and too many ({len(entries):,}) to part them"
            return _alone(dead(record, None, "length", detail))
        events = [_entry(record, place, raw) for place, raw in enumerate(entries)]
    return range(len(events)), events


def _entry(record: Record, place: int, raw: bytes) -> EventStruct | DeadLetter:
    """Save an entry of a batch that holds a bad one."""
    try:
        return decode_event(raw)
    except ContractError as error:
        return dead(record, place, error.kind, str(error), raw)


def attributes(headers: Mapping[str, bytes]) -> dict[str, str]:
    """Return the attributes of an event in binary mode."""
    return {
        name.removeprefix("ce_"): value.decode("utf-8", "replace")
        for name, value in headers.items()
        if name.startswith("ce_")
    }


def dead(
    record: Record, entry: int | None, reason: str, detail: str, value: bytes | None = None
) -> DeadLetter:
    """Make a dead letter of a record, or of one entry of it."""
    if value is None:
        value = record.value if entry is None else _parted(record.value or b"")[entry]
    return DeadLetter(record.offset, entry, reason, detail, record.key, value, record.headers)


@lru_cache(maxsize=1)
def _parted(batch: bytes) -> list[bytes]:
    """Part a batch; kept for the next, since where one of its entries is refused, many are."""
    return split_batch(batch)
