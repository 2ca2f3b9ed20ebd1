"""The events of a file in the order of their time, whatever order they stand in.

The file is read through once to learn where each line begins and what time it tells; after that
any line is at hand without holding the file in memory. A file that needs turning into JSON Lines
first (a table, or one that is packed) goes through a temporary file.
"""

from __future__ import annotations

import gzip
import io
import mmap
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.replay.tables import rows_as_events

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
    """

    def __init__(self, name: str, text: BinaryIO) -> None:
        self.name = name
        starts, times = _survey(text)
        self._starts = starts
        self._order = _order(times)
        self._map = mmap.mmap(text.fileno(), 0, access=mmap.ACCESS_READ) if len(starts) > 1 else b""

    @classmethod
    @contextmanager
    def open(cls, path: Path, mapping: Mapping[str, str] | None = None) -> Iterator[Source]:
        """Open a file of JSON Lines or, with a mapping, a CSV table; either may be gzipped.

        Raises
        ------
        OSError
            If it cannot be read.
        MappingError
            If the mapping does not fit the table.
        """
        with _json_lines(path, mapping) as text:
            source = cls(path.name, text)
            try:
                yield source
            finally:
                if isinstance(source._map, mmap.mmap):
                    source._map.close()

    def __len__(self) -> int:
        return len(self._order)

    def lines(self, start: int = 0) -> Iterator[Line]:
        """Yield the lines in order of time, beginning with the one in place ``start``."""
        for at in self._order[start:].tolist():
            raw = self._map[self._starts[at] : self._starts[at + 1]].strip()
            if raw:
                yield Line(at + 1, raw)

    def fingerprint(self) -> tuple[int, int]:
        """Tell this content from another of the same name: length, and number of lines."""
        return int(self._starts[-1]), len(self)


@contextmanager
def _json_lines(path: Path, mapping: Mapping[str, str] | None) -> Iterator[BinaryIO]:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if not packed and mapping is None:
            yield plain
            return
        unpacked = gzip.GzipFile(fileobj=plain) if packed else plain
        with tempfile.TemporaryFile() as text:
            if mapping is None:
                while chunk := unpacked.read(1 << 20):
                    text.write(chunk)
            else:
                rows = io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="")
                text.writelines(event + b"\n" for event in rows_as_events(rows, mapping))
                rows.detach()
            text.flush()
            text.seek(0)
            yield text


def _survey(text: BinaryIO) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each line starts (and the last one ends), and each line's time in seconds.

    A line without a time that can be read keeps the place after its neighbour.
    """
    starts, times = [0], []
    decode = msgspec.json.Decoder(_Timed).decode
    latest = np.iinfo(np.int64).min
    for raw in text:
        starts.append(starts[-1] + len(raw))
        with suppress(
            msgspec.MsgspecError, ValueError
        ):  # whoever reads the line says what is wrong
            latest = int(decode(raw).time.timestamp())
        times.append(latest)
    return np.array(starts, dtype=np.int64), np.array(times, dtype=np.int64)


def _order(times: NDArray[np.int64]) -> NDArray[np.int64]:
    late = np.maximum.accumulate(times) - times if len(times) else times
    if not len(times) or late.max() <= DISORDER:
        return np.arange(len(times))
    return np.argsort(times, kind="stable")
