"""What was found: as a table for people, as one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.nab.run import Row


def as_json(rows: Sequence[Row], conditions: Mapping[str, object]) -> str:
    """Return the first row as one object, with the others beside it."""
    first, *others = (_plain(row) for row in rows)
    return json.dumps({**first, **conditions, "others": others})


def _plain(row: Row) -> dict[str, object]:
    return {
        "detector": row.detector,
        **{name: round(score, 2) for name, score in row.scores.items()},
        "threshold": row.threshold,
        "us_per_point": round(row.us_per_point, 1),
        "alarms": row.alarms,
    }


def show(rows: Sequence[Row], conditions: Mapping[str, object], console: Console) -> None:
    """Print a table, and the conditions under it."""
    table = Table("detector", "standard", "low FP", "low FN", "threshold", "alarms", "µs a point")
    for row in rows:
        scores = (f"{score:.2f}" for score in row.scores.values())
        cost = f"{row.us_per_point:.1f}"
        table.add_row(row.detector, *scores, f"{row.threshold:.3f}", str(row.alarms), cost)
    console.print(table)
    for name, value in conditions.items():
        console.print(f"{name.replace('_', ' ')}: {value}", style="dim", highlight=False)
