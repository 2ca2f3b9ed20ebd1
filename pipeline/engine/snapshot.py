"""The engine's whole state as bytes, and back.

MessagePack with arrays as raw bytes: quick, compact, and (unlike a pickle) harmless to read.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

VERSION = 8
"""Raised whenever a state of one version cannot be read as one of another."""

_ARRAY = 1


class SnapshotError(ValueError):
    """A snapshot that this engine cannot take up."""


class SnapshotVersionError(SnapshotError):
    """A snapshot was written by an engine that keeps its state differently."""


def dump(state: dict[str, Any]) -> bytes:
    """Write a state of plain values and arrays.

    >>> load(dump({"a": np.arange(3), "b": [1, None, "x"]}))
    {'a': array([0, 1, 2]), 'b': [1, None, 'x']}
    """
    return _encoder.encode({"version": VERSION, "state": state})


def load(raw: bytes) -> dict[str, Any]:
    """Read a state that :func:`dump` wrote.

    Raises
    ------
    SnapshotVersionError
        If it was written by another version.
    SnapshotError
        If it is damaged.
    """
    try:
        found = _decoder.decode(raw)
        version, state = found["version"], found["state"]
    except Exception as error:  # noqa: BLE001 - numpy reads a damaged dtype as a program
        raise SnapshotError(f"the snapshot is damaged: {error!r:.200}") from None
    if version != VERSION:
        raise SnapshotVersionError(
            f"the snapshot has version {str(version)[:20]}, this engine reads {VERSION}"
        )
    if not isinstance(state, dict):
        raise SnapshotError("the snapshot is damaged: it holds no state")
    return state


def _pack(value: Any) -> msgspec.msgpack.Ext:
    if isinstance(value, np.ndarray):
        head = msgspec.msgpack.encode([value.dtype.str, value.shape])
        whole = np.ascontiguousarray(value).data
        return msgspec.msgpack.Ext(_ARRAY, b"".join((len(head).to_bytes(2), head, whole)))
    raise TypeError(f"a state holds plain values and arrays, not {type(value).__name__}")


def _unpack(code: int, data: memoryview) -> Any:
    if code != _ARRAY:
        raise ValueError(f"unknown extension {code} in a snapshot")
    size = int.from_bytes(data[:2])
    dtype, shape = msgspec.msgpack.decode(data[2 : 2 + size])
    values = np.frombuffer(data[2 + size :], dtype=dtype, count=math.prod(shape))
    return values.reshape(shape).copy()


_encoder = msgspec.msgpack.Encoder(enc_hook=_pack)
_decoder = msgspec.msgpack.Decoder(ext_hook=_unpack)
