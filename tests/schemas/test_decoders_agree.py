"""Pydantic at the edge and msgspec in the worker are one contract."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from schemas.decode import decode_event
from schemas.errors import ContractError
from schemas.events import DATA_BY_TYPE
from schemas.validate import validate_event
from tests.schemas.strategies import (
    ODDITIES,
    broken_events,
    damaged_bytes,
    places,
    valid_events,
    with_values,
)


def edge(raw: bytes) -> Any:
    try:
        return validate_event(raw).model_dump(by_alias=True)
    except ContractError as error:
        return str(error), error.kind


def hot(raw: bytes) -> Any:
    try:
        return msgspec.to_builtins(decode_event(raw), builtin_types=(datetime,))
    except ContractError as error:
        return str(error), error.kind


@given(event=valid_events())
def test_both_accept_every_valid_event_with_equal_values(event: dict[str, Any]):
    raw = json.dumps(event).encode()
    assert isinstance(hot(raw), dict)
    assert hot(raw) == edge(raw)


@settings(max_examples=1000)
@given(raw=broken_events())
def test_both_judge_a_broken_event_alike(raw: bytes):
    assert hot(raw) == edge(raw)


@settings(max_examples=1000)
@given(raw=damaged_bytes())
def test_both_judge_damaged_bytes_alike(raw: bytes):
    assert hot(raw) == edge(raw)


@pytest.mark.parametrize("type_", DATA_BY_TYPE)
def test_both_judge_every_oddity_in_every_field_alike(type_: str, examples: dict[str, Any]):
    for event in places(examples[type_]):
        for odd in ODDITIES:
            raw = with_values(event, [odd])
            assert hot(raw) == edge(raw), raw[:2000]
