"""The events of a file in the order of their time, whatever order they stand in.

The file is read through once to learn where each line begins and what time it tells; after that
any line is at hand without holding the file in memory. A file that needs turning into JSON Lines
first (a table, or one that is packed) goes through a temporary file.
"""

from __future__ import annotations

import csv
import gzip
import io
import mmap
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.replay.tables import MappingError, rows_as_events

DISORDER = 60
"""Seconds by which lines may stand out of order before they are sorted: what the engine's default
lateness allows for anyway."""


class Line(NamedTuple):
    """One line of a file: its number in the file, from 1, and its bytes."""

    number: int
    raw: bytes


class _Timed(msgspec.Struct):
    time: Annotated[datetime, msgspec.Meta(tz=True)]


class Source:
    """The lines of a file by the time of their events.

    Use :meth:`open`; reading one is a matter of ``len`` and :meth:`lines`.

    Attributes
    ----------
    name
        The file's.
    has_heartbeats
        Whether the file tells itself how far its collectors had come, as a recorded log does.
    fingerprint
        Tells this content from another of the same name: length, number of lines, CRC-32.
    """

    def __init__(self, name: str, text: BinaryIO, until: int | None = None) -> None:
        self.name = name
        found = _survey(text)
        self._starts = found.starts
        order = _order(found.times)
        self._order = order if until is None else order[found.times[order] < until]
        size = int(found.starts[-1])
        self._map = mmap.mmap(text.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        self.has_heartbeats = found.has_heartbeats
        self.fingerprint = (size, len(self), found.crc)

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, mapping: Mapping[str, str] | None = None, *, until: int | None = None
    ) -> Iterator[Source]:
        """Open a file of JSON Lines or, with a mapping, a CSV table; either may be gzipped.

        Events at or after ``until`` (epoch seconds) are left out.

        Raises
        ------
        OSError
            If it cannot be read, or is packed and damaged.
        MappingError
            If the mapping does not fit the table, or it is no table in UTF-8.
        """
        with _json_lines(path, mapping) as text:
            source = cls(path.name, text, until)
            try:
                yield source
            finally:
                if isinstance(source._map, mmap.mmap):
                    source._map.close()

    def __len__(self) -> int:
        return len(self._order)

    def lines(self, start: int = 0) -> Iterator[Line]:
        """Yield the lines in order of time, blank ones too, from the one in place ``start``."""
        for at in self._order[start:].tolist():
            yield Line(at + 1, self._map[self._starts[at] : self._starts[at + 1]].strip())


@contextmanager
def _json_lines(path: Path, mapping: Mapping[str, str] | None) -> Iterator[BinaryIO]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if not packed and mapping is None:
            yield plain
            return
        with tempfile.TemporaryFile() as text:
            try:
                _unpack(gzip.GzipFile(fileobj=plain) if packed else plain, mapping, text)
            except (EOFError, zlib.error) as error:
                raise OSError(f"it is damaged: {error}") from error
            except (UnicodeDecodeError, csv.Error) as error:
                raise MappingError(f"it is no table in UTF-8: {error}") from error
            text.seek(0)
            yield text


def _unpack(
    packed: gzip.GzipFile | BinaryIO, mapping: Mapping[str, str] | None, text: BinaryIO
) -> None:
    if mapping is None:
        shutil.copyfileobj(packed, text)
    else:
        rows = io.TextIOWrapper(packed, encoding="utf-8-sig", newline="")
        text.write(b"\n")  # so that a line has the number it has in the table, below its heading
        text.writelines(event + b"\n" for event in rows_as_events(rows, mapping))
        rows.detach()
    text.flush()


class _Survey(NamedTuple):
    """Where each line starts (and the last one ends), each line's time in seconds, and more."""

    starts: NDArray[np.int64]
    times: NDArray[np.int64]
    has_heartbeats: bool
    crc: int


def _survey(text: BinaryIO) -> _Survey:
    """Read a file through. A line without a readable time keeps the place after its neighbour."""
    starts, times = [0], []
    decode = msgspec.json.Decoder(_Timed).decode
    latest = np.iinfo(np.int64).min
    crc, has_heartbeats = 0, False
    for raw in text:
        starts.append(starts[-1] + len(raw))
        crc = zlib.crc32(raw, crc)
        has_heartbeats = has_heartbeats or b"cogent.collector.heartbeat" in raw
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            latest = int(decode(raw).time.timestamp())  # what is wrong, whoever reads it will say
        times.append(latest)
    return _Survey(np.array(starts, np.int64), np.array(times, np.int64), has_heartbeats, crc)


def _order(times: NDArray[np.int64]) -> NDArray[np.int64]:
    late = np.maximum.accumulate(times) - times if len(times) else times
    if not len(times) or late.max() <= DISORDER:
        return np.arange(len(times))
    return np.argsort(times, kind="stable")
