"""The tables of ``docs/guarantees.md``, which say what must hold: the tests are made from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "guarantees.md"

_TITLE = re.compile(r"^### (.+)$")
_ROW = re.compile(r"^\| `([a-z-]+)` \|(.+)\|$")


class Row(NamedTuple):
    """A step, and what is seen when the process dies before it and after it."""

    step: str
    before: str
    after: str


class Death(NamedTuple):
    """One death: where, on which side of it, and what is seen."""

    table: str
    step: str
    side: str
    seen: str


def tables() -> dict[str, list[Row]]:
    """Read the page: by heading, its rows."""
    found: dict[str, list[Row]] = {}
    title = ""
    for line in PAGE.read_text().splitlines():
        if heading := _TITLE.match(line):
            title = heading[1]
        elif row := _ROW.match(line):
            _, before, after = (cell.strip() for cell in row[2].split("|"))
            found.setdefault(title, []).append(Row(row[1], before, after))
    return found


def deaths(table: str) -> list[Death]:
    """Return every death that a table speaks of."""
    return [
        Death(table, row.step, side, getattr(row, side))
        for row in tables()[table]
        for side in ("before", "after")
    ]


def name(death: Death) -> str:
    return f"{death.side}-{death.step}"
