"""The pydantic side: what is wrong with an event, in words, for the edges where people read them.

It accepts exactly what :mod:`schemas.decode` accepts, with the same values. Slower, it names every
fault rather than the first.
"""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.cloudevents import Envelope
from schemas.errors import ContractError, Kind
from schemas.events import DATA_BY_TYPE, event_model
from schemas.structs import EventStruct
from schemas.syntax import parse, repeats_a_key

_KINDS: dict[str, Kind] = {
    "missing": "missing",
    "literal_error": "choice",
    "string_too_short": "length",
    "string_too_long": "length",
    "value_error": "instant",
    "finite_number": "range",
    "greater_than": "range",
    "greater_than_equal": "range",
    "less_than_equal": "range",
}
"""Slug by pydantic's error type; any other is a matter of type."""

_REASONS = {
    "missing": "is required",
    "string_type": "must be a string",
    "int_type": "must be an integer",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}
"""Our words, where pydantic speaks of Python rather than of JSON."""

_WORDS = (("Input should be ", "must be "), ("String should ", "must "), ("Value error, ", ""))
_LONGEST_NAME = 80
"""Letters of one part of a field's path that a fault repeats."""

_hot = msgspec.json.Decoder(EventStruct)


def validate_event(raw: bytes) -> Envelope:
    """Read one event in structured JSON.

    Raises
    ------
    MalformedError
        If it is not JSON.
    ContractError
        If it breaks its contract; further faults are in ``others``.

    Examples
    --------
    >>> validate_event(b'{"type": "cogent.flow.log"}')
    Traceback (most recent call last):
    schemas.errors.ContractError: specversion is required
    """
    document = parse(raw)
    try:
        event = _model(document).model_validate(document, by_alias=True, by_name=False)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        first, *others = map(_fault, faults)
        raise first.joined_by(others) from None
    _check_every_value(raw)
    return event


def _model(document: Any) -> type[Envelope]:
    if not isinstance(document, dict):
        raise ContractError("", "must be a JSON object", "type")
    type_ = document.get("type")
    if type_ is None:
        raise ContractError("type", "is required", "missing")
    if not isinstance(type_, str):
        raise ContractError("type", "must be a string", "type")
    if type_ not in DATA_BY_TYPE:
        raise ContractError("type", f"must be one of {', '.join(DATA_BY_TYPE)}", "unknown_type")
    return event_model(type_)


def _fault(detail: ErrorDetails) -> ContractError:
    field = ".".join(_short(str(part)) for part in detail["loc"])
    return ContractError(field, _reason(detail), _KINDS.get(detail["type"], "type"))


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "literal_error":
        choices = detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f"must be one of {choices}" if "," in choices else f"must be {choices}"
    reason = _REASONS.get(detail["type"], detail["msg"])
    for theirs, ours in _WORDS:
        reason = reason.replace(theirs, ours)
    return reason


def _short(name: str) -> str:
    """A name may be a key that the sender made up, of any length."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _check_every_value(raw: bytes) -> None:
    """Of a repeated key, pydantic has seen the last value; the hot decoder looks at each."""
    try:
        _hot.decode(raw)
    except msgspec.ValidationError:
        if repeats_a_key(raw):
            reason = "repeats a key, once with a value that breaks its contract"
            raise ContractError("", reason, "duplicate") from None
