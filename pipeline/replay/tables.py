"""Rows of a CSV table as ``cogent.flow.window`` events, by a mapping of columns to fields."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from schemas.events import FlowWindow
from schemas.fields import Contract

DEFAULTS: Mapping[str, str] = {"tenant": "default", "flow_id": "default", "seconds": "60"}
"""Fields a table need not have."""

_TEXT = ("flow_id", "flow_name")


class MappingError(ValueError):
    """A column mapping that cannot be read, or that does not fit the table."""


def parse_mapping(text: str) -> dict[str, str]:
    """Read a mapping such as ``time=timestamp,runs.started=value,tenant="acme"``.

    A field on the left takes the column on the right, or a constant in double quotes. Fields are
    ``time``, ``tenant`` and those of the data of a ``cogent.flow.window``.

    Examples
    --------
    >>> parse_mapping('time=timestamp,runs.started=value,flow_id="web"')
    {'time': 'timestamp', 'runs.started': 'value', 'flow_id': '"web"'}

    Raises
    ------
    MappingError
        If a part is not of the form ``field=column``, a field is unknown, or no column gives the
        time.
    """
    mapping = {}
    for part in filter(None, text.split(",")):
        field, equals, column = (side.strip() for side in part.partition("="))
        if not (field and equals and column):
            raise MappingError(f"{part!r} is not of the form field=column")
        if field not in _FIELDS:
            raise MappingError(f"{field!r} is none of the fields {', '.join(_FIELDS)}")
        mapping[field] = column
    if "time" not in mapping:
        raise MappingError("no column is mapped to time, as in time=timestamp")
    return mapping


def _leaves(model: type[Contract]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        nested = [k for k in kinds if isinstance(k, type) and issubclass(k, Contract)]
        name = field.alias or name  # noqa: PLW2901 - the name in JSON, as in records.in
        yield from (f"{name}.{leaf}" for kind in nested for leaf in _leaves(kind))
        if not nested:
            yield name


_FIELDS = ("time", "tenant", *_leaves(FlowWindow))


def rows_as_events(lines: Iterable[str], mapping: Mapping[str, str]) -> Iterator[bytes]:
    """Yield each row of a table with a heading as an event in structured JSON.

    An empty cell is unknown, not zero. A cell that is no number stays text, so that its contract
    names the field at fault.

    Examples
    --------
    >>> table = ["timestamp,value", "2026-03-02 10:00:00,12"]
    >>> (event,) = rows_as_events(table, {"time": "timestamp", "runs.started": "value"})
    >>> event[-71:]
    b'"data": {"flow_id": "default", "seconds": 60, "runs": {"started": 12}}}'

    Raises
    ------
    MappingError
        If the mapping names a column that the table does not have.
    """
    table = csv.DictReader(lines)
    wanted = {column for column in mapping.values() if not column.startswith('"')}
    if missing := wanted - set(table.fieldnames or ()):
        raise MappingError(f"the table has no column {', '.join(sorted(missing))}")
    for row in table:
        cells = {**DEFAULTS, **{field: _cell(row, column) for field, column in mapping.items()}}
        yield json.dumps(_event(cells)).encode()


def _cell(row: Mapping[str, str | None], column: str) -> str:
    return column.strip('"') if column.startswith('"') else (row[column] or "").strip()


def _event(cells: dict[str, str]) -> dict[str, Any]:
    time = _instant(cells.pop("time"))
    tenant = cells.pop("tenant")
    data: dict[str, Any] = {}
    for field, cell in cells.items():
        if cell:
            _put(data, field.split("."), cell if field in _TEXT else _number(cell))
    return {
        "specversion": "1.0",
        "type": "cogent.flow.window",
        "source": "table",
        "id": f"win:{tenant}:{cells['flow_id']}:{time}",
        "time": time,
        "tenant": tenant,
        "data": data,
    }


def _instant(cell: str) -> str:
    """Read a date and time, by default in UTC, or seconds since 1970."""
    try:
        if cell.isdecimal():
            at = datetime.fromtimestamp(int(cell), UTC)
        else:
            at = datetime.fromisoformat(cell)
    except (ValueError, OverflowError, OSError):
        return cell
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat().replace("+00:00", "Z")


def _number(cell: str) -> float | str:
    try:
        value = float(cell)
    except ValueError:
        return cell
    if not math.isfinite(value):
        return cell
    return int(value) if value.is_integer() else value


def _put(data: dict[str, Any], path: list[str], value: float | str) -> None:
    *parents, last = path
    for name in parents:
        data = data.setdefault(name, {})
    data[last] = value
