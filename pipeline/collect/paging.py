"""Reading a list to its end, page by page, each row once.

A list may change while it is read: rows shift between pages, so that one comes twice or is missed.
What comes twice is told by its id; if fewer came than the list says it has, it is read once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.collect.client import Client
from pipeline.collect.errors import BadReplyError, TooLongError
from pipeline.collect.rows import BadRowError, Row, flat, key, whole

PER_PAGE = 100
"""The most that the API's description allows."""

MOST_PAGES = 100
"""Lists are asked for in pieces of some ten pages; a list that goes on and on has no end."""

READINGS = 3
"""Times a list that shifts is read before what has been found is taken for all there is."""


class Listing(NamedTuple):
    """Rows as they came, and the time of the API before any of them was read."""

    rows: list[Any]
    at: datetime


async def read_list(client: Client, path: str, params: Mapping[str, str | int]) -> Listing:
    """Read every row of a list.

    Raises
    ------
    PatchworksError
        If a page cannot be read; a TooLongError if there are too many of them.
    """
    rows: dict[str, Any] = {}
    at = None
    for _ in range(READINGS):
        began, total = await _read_once(client, path, params, rows)
        at = at or began
        if total is None or len(rows) >= total:
            break
    assert at is not None
    return Listing(list(rows.values()), at)


async def _read_once(
    client: Client, path: str, params: Mapping[str, str | int], rows: dict[str, Any]
) -> tuple[datetime, int | None]:
    """Add the rows of one reading; return when it began, and how many the list says it has."""
    began, total = None, None
    for number in range(1, MOST_PAGES + 1):
        reply = await client.get(path, {**params, "page": number, "per_page": PER_PAGE})
        page = _page(reply.document, path)
        began = began or reply.at
        for place, row in enumerate(page.rows):
            rows[_id(row) or f"page {number} row {place}"] = row
        total = page.total
        if page.last:
            return began, total
        if total is not None and total > MOST_PAGES * PER_PAGE:
            raise TooLongError(f"{path}: the list has {total:,} rows", total)
    words = f"{path}: the list does not end after {MOST_PAGES} pages"
    raise TooLongError(words, MOST_PAGES * PER_PAGE)


class _Page(NamedTuple):
    rows: list[Any]
    last: bool
    total: int | None


def _page(document: Any, path: str) -> _Page:
    """Read an envelope; ``meta`` is believed rather than what was asked for."""
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise BadReplyError(f"{path}: the reply holds no list")
    meta: Row = document["meta"] if isinstance(document.get("meta"), dict) else {}
    current, last = whole(meta, "current_page"), whole(meta, "last_page")
    if current is not None and last is not None:
        return _Page(rows, current >= last or not rows, whole(meta, "total"))
    links = document.get("links")
    more = bool(links.get("next")) if isinstance(links, dict) else len(rows) >= PER_PAGE
    return _Page(rows, not more or not rows, None)


def _id(found: object) -> str | None:
    try:
        return key(flat(found), "id")
    except BadRowError:
        return None
