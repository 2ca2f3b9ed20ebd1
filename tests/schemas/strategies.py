"""Hypothesis strategies made from the contracts themselves: valid events, and broken ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from schemas.events import DATA_BY_TYPE, event_model
from schemas.fields import EARLIEST, LATEST, Contract

BOUNDS = ("ge", "gt", "le", "min_length", "max_length")

ODDITIES = [
    # numbers
    "0", "-0", "-0.0", "1", "-1", "1.0", "1.5", "1e3", "1E-7", "1e999", "-1e999", "1e-999", "01",
    "+1", ".5", "1.", "0x1", "NaN", "Infinity", "-Infinity", "nan", "9007199254740993",
    "1000000000000", "1000000000001", "1e15", "1000000000000001", "18446744073709551616",
    "9" * 400, "-" + "9" * 400, "9" * 5000, "9" * 5000 + ".5", "-20", "-20.000001", "30",
    "30.000001", "1000", "1000.1", "86400", "86401", "99", "999",
    # text
    '""', '"a"', '"' + "x" * 256 + '"', '"' + "x" * 257 + '"', '"' + "😀" * 256 + '"',
    '"' + "x" * 65537 + '"', r'"\ud800"', r'"\ud800\u0041"', r'"\udc00\ud800"', r'"\ud83d\ude00"',
    r'"\u0000"', r'"\u00e9"', r'"\x41"', r'"\u12"', '"\x01"', '"\x7f"', "'a'", '"unclosed',
    '"true"', '"1"', '"NaN"', '"1.0"', '"[[[{{{"', r'"\\"', r'"\""', '"queued"', '"QUEUED"',
    # instants
    '"2026-03-02T10:00:00Z"', '"2026-03-02T10:00:00z"', '"2026-03-02t10:00:00Z"',
    '"2026-03-02 10:00:00Z"', '"2026-03-02T10:00:00"', '"2026-03-02T10:00:00+05:30"',
    '"2026-03-02T10:00:00.123456789Z"', '"2026-03-02T10:00:00,5Z"', '"2026-03-02T24:00:00Z"',
    '"2026-03-02T10:00:60Z"', '"2026-02-30T10:00:00Z"', '"2026-03-02"', '"2026-03-02T10:00Z"',
    '"0000-01-01T00:00:00Z"', '"0001-01-01T00:00:00+14:00"', '"1999-12-31T23:59:59.999999Z"',
    '"2000-01-01T00:00:00Z"', '"2000-01-01T00:30:00+01:00"', '"1999-12-31T23:30:00-01:00"',
    '"2099-12-31T23:59:59.999999Z"', '"2100-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"',
    '"9999-12-31T23:59:59-14:00"', '"10000-01-01T00:00:00Z"', '"2026-03-02T10:00:00+24:00"',
    '"2026-03-02T10:00:00-00:00"', '" 2026-03-02T10:00:00Z"', '"1772445600"', "1772445600",
    # other shapes
    "null", "true", "false", "True", "None", "undefined", "[]", "{}", "[1]", '{"a":1}', '{"a":-1}',
    '{"":1}', '{"' + "k" * 257 + '":1}', '{"a":1,"a":"x"}', '{"a":"x","a":1}', '{"depth":1}',
    '{"depth":-1,"depth":1}', '{"depth":1,"depth":-1}', '{"count":1,"mean_log_ms":NaN}', "[1,]",
    "{,}", "/*1*/1", "", "1 2", "[" * 31 + "]" * 31, "[" * 29 + "]" * 29, "[" * 33 + "]" * 33,
    "[" * 3000 + "]" * 3000, '{"a":' * 3000 + "1" + "}" * 3000, '["[",' * 40 + '"]"' + "]" * 40,
]  # fmt: skip
"""JSON values, and things that are not quite, to put in the place of any field's value."""


def valid_events() -> st.SearchStrategy[dict[str, Any]]:
    """Whole events of every type, as JSON objects."""
    return st.sampled_from(sorted(DATA_BY_TYPE)).flatmap(lambda t: _objects(event_model(t)))


@st.composite
def broken_events(draw: st.DrawFn) -> bytes:
    """A valid event with one to three values removed, exchanged, repeated or surrounded."""
    event = draw(valid_events())
    odd: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        holder = draw(st.sampled_from([event, *_objects_within(event)]))
        key = draw(st.sampled_from([*holder, "unnamed"]))
        match draw(st.sampled_from(["remove", "exchange", "repeat", "rename"])):
            case "remove":
                holder.pop(key, None)
            case "rename":
                holder[key.upper()] = holder.pop(key, 1)
            case "exchange":
                odd.append(draw(st.sampled_from(ODDITIES)))
                holder[key] = f"@{len(odd) - 1}@"
            case "repeat":
                again = draw(st.sampled_from(ODDITIES))
                odd.append(f"{again},{json.dumps(key)}:{json.dumps(holder.get(key))}")
                holder[key] = f"@{len(odd) - 1}@"
    return with_values(event, odd)


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """A valid event with some bytes cut out, overwritten or put in."""
    raw = json.dumps(draw(valid_events()), ensure_ascii=draw(st.booleans())).encode()
    start = draw(st.integers(0, len(raw)))
    end = min(len(raw), start + draw(st.integers(0, 3)))
    return raw[:start] + draw(st.binary(max_size=3)) + raw[end:]


def places(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An example again and again, each time with another value marked ``"@0@"``."""
    for holder in [example, *_objects_within(example)]:
        for key, value in [*holder.items(), ("unnamed", 1)]:
            holder[key] = "@0@"
            yield example
            holder[key] = value


def with_values(event: dict[str, Any], values: list[str]) -> bytes:
    """Write an event, with the places marked ``"@0@"``, ``"@1@"`` … taken by raw JSON text."""
    text = json.dumps(event)
    for place, value in enumerate(values):
        text = text.replace(f'"@{place}@"', value)
    return text.encode()


def _objects_within(event: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [value for value in event.values() if isinstance(value, dict)]
    return inner + [deeper for value in inner for deeper in _objects_within(value)]


def _objects(model: type[Contract]) -> st.SearchStrategy[dict[str, Any]]:
    needed, optional = {}, {}
    for name, field in model.model_fields.items():
        among = needed if field.is_required() else optional
        among[field.alias or name] = _values(field.annotation, field.metadata)
    return st.fixed_dictionaries(needed, optional=optional)


def _values(annotation: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [
            c for m in arguments[1:] for c in (m.metadata if isinstance(m, FieldInfo) else [m])
        ]
        return _values(arguments[0], [*inner, *metadata])
    if origin in (Union, UnionType):
        return st.one_of(*(_values(each, metadata) for each in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is dict:
        return st.dictionaries(*(_values(each, []) for each in arguments), max_size=3)
    if annotation is NoneType:
        return st.none()
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        return _objects(annotation)
    return _SCALARS[annotation](
        {n: getattr(c, n) for c in metadata for n in BOUNDS if hasattr(c, n)}
    )


def _text(limits: dict[str, Any]) -> st.SearchStrategy[str]:
    least, most = limits.get("min_length", 0), limits["max_length"]
    return st.text(min_size=least, max_size=12) | st.just("x" * most)


def _floats(limits: dict[str, Any]) -> st.SearchStrategy[float]:
    least = limits.get("ge", limits.get("gt"))
    return st.floats(least, limits["le"], exclude_min="gt" in limits)


def _integers(limits: dict[str, Any]) -> st.SearchStrategy[int]:
    return st.integers(limits["ge"], limits["le"])


def _instants(_: dict[str, Any]) -> st.SearchStrategy[str]:
    first, last = EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)
    day, minute = timedelta(days=1), timedelta(minutes=1)
    zones = st.integers(-1439, 1439).map(lambda minutes: timezone(minutes * minute))
    return st.datetimes(first + day, last - day, timezones=zones).map(datetime.isoformat)


_SCALARS = {
    str: _text,
    int: _integers,
    float: _floats,
    bool: lambda _: st.booleans(),
    datetime: _instants,
}
