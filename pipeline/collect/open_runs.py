"""Runs that have not ended, read again until they have.

The API cannot be asked what has ended since. So each poll lists what runs now; an open run that is
not among it has ended, and is looked up among the runs that started when it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pipeline.collect.client import Client
from pipeline.collect.errors import RefusedError, TooLongError
from pipeline.collect.paging import PER_PAGE, read_list
from pipeline.collect.rows import BadRowError, flat, key
from pipeline.collect.runs import INCLUDES
from pipeline.collect.windows import EDGE, Window

Starts = Mapping[str, datetime]
"""Runs by id, with their start."""


async def read_ended(client: Client, runs: Starts, rate: float) -> tuple[list[Any], list[str]]:
    """Return the rows of those runs that have ended, and the ids of those that are no more.

    Parameters
    ----------
    rate
        Runs that start in a second, by which it is judged what is cheaper to read.

    Raises
    ------
    PatchworksError
        If a list cannot be read.
    """
    if not runs:
        return [], []
    running = await read_list(client, "/flow-runs", {"filter[status]": "1"})
    missing = {k: v for k, v in runs.items() if k not in _by_id(running.rows)}
    found: dict[str, Any] = {}
    for window, ids in clusters(missing, rate):
        if len(ids) > 1:
            params = {**window.params, "include": INCLUDES, "sort": "-started_at"}
            with suppress(TooLongError):  # more started between them than was thought
                rows = _by_id((await read_list(client, "/flow-runs", params)).rows)
                found |= {run_id: rows[run_id] for run_id in ids if run_id in rows}
    gone = []
    for run_id in missing.keys() - found.keys():
        row = await _read_one(client, run_id)
        if row is None:
            gone.append(run_id)
        else:
            found[run_id] = row
    return list(found.values()), gone


async def _read_one(client: Client, run_id: str) -> Any:
    try:
        reply = await client.get(f"/flow-runs/{run_id}", {"include": INCLUDES})
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    return reply.document.get("data") if isinstance(reply.document, dict) else None


def clusters(runs: Starts, rate: float) -> Iterator[tuple[Window, list[str]]]:
    """Yield windows that hold all starts, and the runs in each.

    Two runs share a window if no more runs started between them than fit on a page: then to read
    what lies between is no dearer than to ask once more.

    Examples
    --------
    >>> at = datetime(2026, 3, 2)
    >>> runs = {"1": at, "2": at + timedelta(seconds=5), "3": at + timedelta(hours=1)}
    >>> [ids for _, ids in clusters(runs, rate=10)]
    [['1', '2'], ['3']]
    """
    gap = timedelta(seconds=PER_PAGE / rate) if rate > 0 else timedelta.max
    ids: list[str] = []
    for run_id, start in sorted(runs.items(), key=lambda run: (run[1], run[0])):
        if ids and start - runs[ids[-1]] > gap:
            yield _window(runs, ids), ids
            ids = []
        ids.append(run_id)
    if ids:
        yield _window(runs, ids), ids


def _window(runs: Starts, ids: list[str]) -> Window:
    return Window(runs[ids[0]], runs[ids[-1]] + EDGE)


def _by_id(rows: Iterable[Any]) -> dict[str, Any]:
    found = {}
    for row in rows:
        try:
            if run_id := key(flat(row), "id"):
                found[run_id] = row
        except BadRowError:
            continue  # the list of runs tells of it
    return found
