"""A batch of events: every entry is read as it would be alone."""

from __future__ import annotations

import json

from schemas.decode import decode_batch, decode_event, split_batch
from schemas.errors import ContractError
from tests.fuzz import seeds as known

LONGEST = 65_536


def seeds() -> list[bytes]:
    good = known.examples()
    whole = b"[" + b",".join(good) + b"]"
    one_bad = [b"[%b, %b,%b]" % (good[0], bad, good[1]) for bad in known.corpus()]
    return [whole, b"[]", json.dumps([json.loads(whole)]).encode(), *one_bad]


def check(raw: bytes) -> None:
    try:
        events = decode_batch(raw)
    except ContractError:
        _refused(raw)
    else:
        assert events == [decode_event(entry) for entry in split_batch(raw)]


def _refused(raw: bytes) -> None:
    """A batch is refused because it is none, or for an entry that is refused alone as well."""
    try:
        entries = split_batch(raw)
    except ContractError:
        return
    for entry in entries:
        try:
            decode_event(entry)
        except ContractError:
            return
    try:
        raw.decode()
    except UnicodeDecodeError:
        return
    raise AssertionError("a batch of good entries is refused")
