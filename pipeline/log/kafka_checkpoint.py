"""A partition's checkpoint in its compacted topic: a header in every commit, a snapshot in some.

The header says where the chunks of the last snapshot lie. Chunks are overwritten by key, so
compaction leaves the newest of each, and it never moves a record to another offset. To open a
checkpoint therefore takes a look at the end of the partition and one read of the snapshot,
however long the partition is.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import zstandard

from pipeline.log.base import Checkpoint, LogUnavailableError
from pipeline.log.kafka_consumer import PartitionReader

Offset = Annotated[int, msgspec.Meta(ge=0)]
Applied = Annotated[int, msgspec.Meta(ge=-1)]
"""The last offset applied; -1 where flows have moved in before the partition had a record."""

Ahead = Annotated[int, msgspec.Meta(ge=0)]
"""How many emissions of the next record are published; headers from before there was this lack it.
"""

HEADER_KEY = b"header"
OWNER_KEY = b"owner"
"""Of what an owner writes when it takes the partition over, to know where its end is."""
_CHUNK_BYTES = 800_000
_LOOK_BACK = 64  # records; more than a commit's own, unless a snapshot was given up half-way


class Header(msgspec.Struct, frozen=True):
    """Where a partition stands, and the offsets of the chunks that make up its snapshot."""

    applied: Applied
    snapshot_offset: Applied | None = None
    chunks: tuple[Offset, ...] = ()
    ahead: Ahead = 0


def chunk_key(number: int) -> bytes:
    """Return the key under which a snapshot's chunk overwrites the one before."""
    return b"snapshot/%d" % number


def split(snapshot: bytes) -> list[bytes]:
    """Compress a snapshot and cut it into chunks that a topic takes."""
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(snapshot)
    return [packed[at : at + _CHUNK_BYTES] for at in range(0, len(packed), _CHUNK_BYTES)]


def parse_header(raw: bytes | None) -> Header:
    """Read a header.

    Raises
    ------
    LogUnavailableError
        If it is none: something else than a worker wrote to the checkpoints topic.

    Examples
    --------
    >>> parse_header(b'{"applied": 7}')
    Header(applied=7, snapshot_offset=None, chunks=(), ahead=0)
    """
    try:
        header = msgspec.json.decode(raw or b"", type=Header)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LogUnavailableError(f"the checkpoint's header is damaged: {error}") from None
    if (header.snapshot_offset is None) != (not header.chunks):
        raise LogUnavailableError("the checkpoint's header is damaged: which snapshot is not clear")
    return header


async def read_header(reader: PartitionReader, end: int | None = None) -> Header | None:
    """Return the last header of the partition, if it has any.

    Parameters
    ----------
    end
        The offset behind the last record; what the broker says if not given.

    Raises
    ------
    LogUnavailableError
        If it is damaged.
    """
    first, told = await reader.bounds()
    end = told if end is None else end
    span = _LOOK_BACK
    while end > first:
        start = max(first, end - span)
        found = None
        async for records in reader.between(start, end):
            found = next((r for r in reversed(records) if r.key == HEADER_KEY), found)
        if found is not None:
            return parse_header(found.value)
        end, span = start, span * 8
    return None


async def read_checkpoint(reader: PartitionReader, header: Header) -> Checkpoint:
    """Return the checkpoint that a header speaks of, with its snapshot.

    Raises
    ------
    LogUnavailableError
        If a chunk of the snapshot is not where it should be.
    """
    if header.snapshot_offset is None:
        return Checkpoint(header.applied, ahead=header.ahead)
    wanted = set(header.chunks)
    chunks: list[bytes] = []
    async for records in reader.between(header.chunks[0], header.chunks[-1] + 1):
        chunks += [record.value for record in records if record.offset in wanted]
    try:
        snapshot = zstandard.ZstdDecompressor().decompress(b"".join(chunks))
    except zstandard.ZstdError as error:
        raise LogUnavailableError(f"the snapshot at {header.chunks} is damaged") from error
    return Checkpoint(header.applied, header.snapshot_offset, snapshot, header.ahead)
