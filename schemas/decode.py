"""The hot side: bytes of the log to structs, about a microsecond an event.

Msgspec decides what is accepted. What it refuses is handed to :mod:`schemas.validate` to be
explained, so that both sides name a fault in the same words.
"""

from __future__ import annotations

import msgspec

from schemas.errors import ContractError
from schemas.structs import EventStruct
from schemas.syntax import MAX_DEPTH, check_depth, check_encoding, check_grammar
from schemas.validate import validate_event

_MAX_SPLIT_DEPTH = 256
"""Deepest batch that can be taken apart: well within Python's recursion limit of 1000."""

_event = msgspec.json.Decoder(EventStruct)
_batch = msgspec.json.Decoder(list[EventStruct])
_entries = msgspec.json.Decoder(list[msgspec.Raw])


def decode_event(raw: bytes) -> EventStruct:
    """Read one event in structured JSON.

    Raises
    ------
    MalformedError
        If it is not JSON, or nested too deeply.
    ContractError
        If it breaks its contract.

    Examples
    --------
    >>> event = decode_event(
    ...     b'{"specversion": "1.0", "id": "1", "source": "shop", "type": "cogent.queue.snapshot",'
    ...     b' "time": "2026-03-02T10:00:00Z", "tenant": "acme", "data": {"depth": 3}}'
    ... )
    >>> event.tenant, event.type, event.data.depth
    ('acme', 'cogent.queue.snapshot', 3)
    >>> decode_event(b'{"type": "cogent.flow.log"}')
    Traceback (most recent call last):
    schemas.errors.ContractError: specversion is required
    """
    check_encoding(raw)
    check_depth(raw)
    try:
        return _event.decode(raw)
    except msgspec.MsgspecError:
        raise _explained(raw) from None


def decode_batch(raw: bytes) -> list[EventStruct]:
    """Read a JSON array of events; the first bad entry refuses the whole.

    Raises
    ------
    MalformedError
        If it is not JSON, or nested too deeply.
    ContractError
        If it is no array, or an entry (named in ``field``, as in ``[3].time``) breaks its contract.

    Examples
    --------
    >>> decode_batch(b'[{"type": "cogent.flow.log"}]')
    Traceback (most recent call last):
    schemas.errors.ContractError: [0].specversion is required
    """
    check_encoding(raw)
    check_depth(raw, MAX_DEPTH + 1)
    try:
        return _batch.decode(raw)
    except msgspec.MsgspecError:
        return [_decode_entry(entry, place) for place, entry in enumerate(split_batch(raw))]


def split_batch(raw: bytes) -> list[bytes]:
    """Take a batch apart without looking into its entries, so that the good ones can be saved.

    Raises
    ------
    MalformedError
        If it is not JSON.
    ContractError
        If it is no array.

    Examples
    --------
    >>> split_batch(b'[{"id": 1}, 2]')
    [b'{"id": 1}', b'2']
    """
    check_depth(raw, _MAX_SPLIT_DEPTH)
    try:
        return [bytes(entry) for entry in _entries.decode(raw)]
    except msgspec.MsgspecError:
        check_grammar(raw)
        raise ContractError("", "must be an array of events", "type") from None


def _decode_entry(raw: bytes, place: int) -> EventStruct:
    try:
        return decode_event(raw)
    except ContractError as error:
        raise error.within(place) from None


def _explained(raw: bytes) -> ContractError:
    try:
        validate_event(raw)
    except ContractError as error:
        return error
    return ContractError("", "breaks its contract", "type")
