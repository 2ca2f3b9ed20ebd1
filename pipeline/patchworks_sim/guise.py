"""The forms a row may come in: flat or JSON:API, numbers or strings, two ways to write a date."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from pipeline.patchworks_sim.query import Row

HUGE = 10_000_000
"""Letters in a row that is far too long."""

_WRONG: tuple[Any, ...] = (
    {}, [], [[1]], True, False, -1, 1e308, 10**400, "", "NaN", "yesterday", "\x00", None,
    {"id": 1}, "9" * 5000,
)  # fmt: skip


def dressed(row: Row, kind: str, faults: Collection[str], dice: random.Random) -> Row:
    """Return a row as it goes out, in JSON's types alone.

    Whether a row's dates are short hangs on its id, since the same row is always stored the same;
    everything else is drawn anew each time.

    Examples
    --------
    >>> from datetime import UTC
    >>> row = {"id": 7, "started_at": datetime(2026, 3, 3, 12, 0, 0, 250_000, UTC)}
    >>> dressed(row, "flow-runs", (), random.Random(1))
    {'id': 7, 'started_at': '2026-03-03T12:00:00.250000Z'}
    >>> dressed(row, "flow-runs", {"dates"}, random.Random(1))
    {'id': 7, 'started_at': '2026-03-03 12:00:00'}
    """
    short = "dates" in faults and row["id"] % 2 == 1
    row = _mapped(row, lambda value: _date(value, short=short))
    if "strings" in faults and dice.random() < 0.5:
        row = _mapped(row, _text)
    if "wrong-types" in faults:
        row |= {key: dice.choice(_WRONG) for key in row if dice.random() < 0.2}
    if "huge-rows" in faults:
        row["summary"] = "x" * HUGE
    if "attributes" in faults and dice.random() < 0.5:
        attributes = {key: value for key, value in row.items() if key != "id"}
        row = {"type": kind, "id": str(row["id"])[:100], "attributes": attributes}
    return row


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mapped(inner, change) for inner in value]
    return change(value)


def _date(value: Any, *, short: bool) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.strftime("%Y-%m-%d %H:%M:%S" if short else "%Y-%m-%dT%H:%M:%S.%fZ")


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
