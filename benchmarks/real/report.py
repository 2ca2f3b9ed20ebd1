"""What was measured: tables for people, one JSON object for programs, curves to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.real.judge import Row
from benchmarks.real.section import Section

COLOURS = ("#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#6f6f6f", "#222222")
"""The palette of Okabe and Ito."""


def show(sections: Sequence[Section], conditions: Mapping[str, object], console: Console) -> None:
    """Print two tables a section, and the conditions under them all."""
    for one in sections:
        for title, rows in ((one.title, one.rows), (f"{one.title}: one by one", one.details)):
            names = list(dict.fromkeys(name for row in rows for name in row))
            table = Table(*names, title=title, title_justify="left")
            for row in rows:
                table.add_row(*(words(row.get(name)) for name in names))
            console.print(table)
    for name, value in conditions.items():
        console.print(f"{name}: {value}", style="dim", highlight=False)


def markdown(sections: Sequence[Section], conditions: Mapping[str, object]) -> str:
    """Return the tables for a document."""
    lines = []
    for one in sections:
        for title, rows in ((one.title, one.rows), (f"{one.title}: one by one", one.details)):
            names = list(dict.fromkeys(name for row in rows for name in row))
            lines += ["", f"**{title}**", "", _line(names), _line(["---"] * len(names))]
            lines += [_line([words(row.get(name)) for name in names]) for row in rows]
    lines += ["", *(f"- {name}: {value}" for name, value in conditions.items())]
    return "\n".join(lines[1:])


def as_json(sections: Sequence[Section], conditions: Mapping[str, object]) -> str:
    """Return everything as one object."""
    parts = [
        {"title": s.title, "rows": _plain(s.rows), "details": _plain(s.details)} for s in sections
    ]
    return json.dumps({"real": parts, "conditions": conditions})


def plot(sections: Sequence[Section], folder: Path) -> None:
    """Draw recall against false alarms, a picture a section that has curves."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in sections:
        if one.curves:
            name = "".join(c if c.isalnum() else "-" for c in one.title)
            _draw(one).savefig(folder / f"{name}.png")


def _draw(one: Section) -> Figure:
    figure = Figure(figsize=(9, 5.5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for (name, (false, recall)), colour in zip(one.curves.items(), COLOURS, strict=False):
        wide = 2.2 if name.startswith("engine") else 1.2
        axes.plot(np.maximum(false, 0.01), recall, label=name, color=colour, lw=wide)
    axes.set(
        xscale="log", xlim=(0.05, 20), ylim=(0, 1), title=one.title,
        xlabel="false alarms a series-week", ylabel="events found",
    )  # fmt: skip
    axes.axvline(1, color="#bbbbbb", lw=0.8, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.legend(frameon=False, loc="lower right")
    return figure


def words(value: object) -> str:
    """Write a figure as it reads best."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}" if value < 10 else f"{value:.1f}"
    return str(value)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(rows: Sequence[Row]) -> list[Row]:
    """Rows in JSON's types: a figure that is no number becomes null."""
    return [{name: _number(value) for name, value in row.items()} for row in rows]


def _number(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    return value
