"""The header of a checkpoint, as it stands in the checkpoints topic."""

from __future__ import annotations

from pipeline.log.base import LogUnavailableError
from pipeline.log.kafka_checkpoint import parse_header

WORDS = (b'"applied"', b'"snapshot_offset"', b'"chunks"', b'"ahead"', b"null", b"-1")


def seeds() -> list[bytes]:
    return [
        b'{"applied":7,"snapshot_offset":5,"chunks":[3,4]}',
        b'{"applied":7,"snapshot_offset":5,"chunks":[]}',
        b'{"applied":0}',
        b'{"applied":0,"ahead":3}',
        b'{"applied":-1,"snapshot_offset":-1,"chunks":[0]}',
        b"",
    ]


def check(raw: bytes) -> None:
    try:
        header = parse_header(raw)
    except LogUnavailableError as error:
        assert len(str(error)) < 1000
    else:
        assert header.applied >= -1  # where flows have moved in before the first record
        assert header.ahead >= 0
        assert (header.snapshot_offset is None) == (not header.chunks)
