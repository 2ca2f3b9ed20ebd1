"""A file to replay: JSON Lines or a table, packed or not, with or without a mapping.

The first line of an input is the mapping (none, if it is empty), the rest is the file.
"""

from __future__ import annotations

import gzip
import tempfile
from contextlib import suppress
from pathlib import Path

from pipeline.replay.source import Source
from pipeline.replay.tables import MappingError, parse_mapping
from schemas.decode import decode_event
from schemas.errors import ContractError
from tests.fuzz import seeds as known

WORDS = (
    b"time=", b"timestamp", b"runs.started=value", b'flow_id="web"', b"records.in=n", b"\r\n",
    b"tenant=", b",", b'"', b'""', b"2026-03-02 10:00:00", b"1772409600", b"9" * 30, b"1e400",
    b"\n", b"nan",
    b"\x1f\x8b", b"\0", b"\xef\xbb\xbf", b"0001-01-01", b"9999-12-31T23:59:59-14:00",
)  # fmt: skip

MS_A_LINE = 0.1
"""Work, not a stall: a line that is refused takes .04 to .09 ms to read and to explain, and each is
handed over by itself."""


def seeds() -> list[bytes]:
    lines = b"\n".join(known.examples())
    table = b"timestamp,value,n\n2026-03-02 10:00:00,12,3\n1772409600,,x\n2026-03-02,1e400,\n"
    mapping = b'time=timestamp,runs.started=value,records.in=n,flow_id="web"\n'
    return [
        b"\n" + lines,
        b"\n" + gzip.compress(lines, mtime=0),
        mapping + table,
        mapping + gzip.compress(table, mtime=0),
        mapping,
        b"",
    ]


def check(raw: bytes) -> float:
    words, _, content = raw.partition(b"\n")
    try:
        mapping = parse_mapping(words.decode("latin-1")) if words else None
    except MappingError:
        return 0.0
    read = 0
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        with (
            suppress(OSError, MappingError),
            Source.open(Path(file.name), mapping) as source,
        ):
            read = len(source)
            for line in source.lines():
                with suppress(ContractError):
                    decode_event(line.raw)
    return MS_A_LINE * read
