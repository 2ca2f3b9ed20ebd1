"""How events become records: those of one partition travel together, in order.

A log's cost is per record, not per event, so ``append`` packs what it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.log.base import BATCH_CONTENT_TYPE, Entry, Headers
from pipeline.log.partitioner import partition_of

MAX_RECORD_BYTES = 900_000
"""Below the megabyte that a Kafka topic takes by default, headers and framing included."""

BATCH_HEADERS: Headers = (("content-type", BATCH_CONTENT_TYPE),)


class Batch(NamedTuple):
    """One record to be: a JSON array of the events of one partition."""

    partition: int
    value: bytes


def pack(
    entries: Sequence[Entry], partitions: int, max_bytes: int = MAX_RECORD_BYTES
) -> list[Batch]:
    """Pack entries into batches of at most ``max_bytes``, in order within each partition.

    An entry without a key goes to every partition. One that is too large by itself makes a batch
    of its own, for the log to take or refuse.

    Examples
    --------
    >>> pack([Entry("acme:orders", b"{}"), Entry(None, b"1"), Entry("acme:orders", b"[]")], 2)
    [Batch(partition=0, value=b'[{},1,[]]'), Batch(partition=1, value=b'[1]')]
    """
    values: list[list[bytes]] = [[] for _ in range(partitions)]
    for entry in entries:
        if entry.key is None:
            for lane in values:
                lane.append(entry.value)
        else:
            values[partition_of(entry.key, partitions)].append(entry.value)
    return [
        Batch(partition, b"[" + b",".join(chunk) + b"]")
        for partition, lane in enumerate(values)
        for chunk in _chunks(lane, max_bytes)
    ]


def _chunks(values: Iterable[bytes], max_bytes: int) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 1  # the brackets, less the comma that the first value does not have
    for value in values:
        if chunk and size + len(value) + 1 > max_bytes:
            yield chunk
            chunk, size = [], 1
        chunk.append(value)
        size += len(value) + 1
    if chunk:
        yield chunk
