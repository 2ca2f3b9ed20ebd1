"""The flows of a partition: one row each, and what is known about feeding and reporting them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engine.emissions import FlowKey

Rows = NDArray[np.int64]

HORIZON = 2 * 86_400
"""Seconds an event may lie ahead of its flow's next window. Further ahead it is a producer's
defect, or its collector sends no heartbeats; either way its window would stay open for ever."""

MOST_FEEDERS = 64
"""Collectors of one flow. The windows of a flow wait for all of them; a sender that makes up a new
source for each event would let their set grow without end."""


class Feed:
    """The flows fed by one and the same set of collectors: their windows close together."""

    def __init__(self, collectors: frozenset[str]) -> None:
        self.collectors = collectors
        self._rows: set[int] = set()
        self._array: Rows | None = None

    @property
    def rows(self) -> Rows:
        """Row numbers, rising."""
        if self._array is None:
            self._array = np.array(sorted(self._rows), dtype=np.int64)
        return self._array

    def add(self, row: int) -> None:
        """Let a flow join."""
        self._rows.add(row)
        self._array = None

    def remove(self, row: int) -> None:
        """Let a flow leave."""
        self._rows.discard(row)
        self._array = None


class Flows:
    """Every flow seen in a partition, in the order it was first seen.

    Attributes
    ----------
    keys, names
        Of each row.
    upcoming
        Per row, the number of the next window to close (window number = epoch seconds // width).
    reports_runs, reports_records
        Per row, whether the flow has ever told of runs, or of missing attributes: until then
        their absence is unknown rather than zero.
    """

    def __init__(self) -> None:
        self.keys: list[FlowKey] = []
        self.names: list[str | None] = []
        self.upcoming: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.reports_runs: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.reports_records: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.feeds: dict[frozenset[str], Feed] = {}
        self._feed: list[Feed] = []
        self._fed: dict[str, list[Feed]] = {}
        self._row: dict[FlowKey, int] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def row(self, key: FlowKey) -> int | None:
        """Return the row of a flow, or None if it has not been seen."""
        return self._row.get(key)

    def collectors(self, row: int) -> frozenset[str]:
        """Return who feeds a flow."""
        return self._feed[row].collectors

    def add(self, key: FlowKey, collector: str, upcoming: int) -> int:
        """Enter a new flow, to be judged from window number ``upcoming``; return its row."""
        row = self._row[key] = len(self.keys)
        self.keys.append(key)
        self.names.append(None)
        if row >= len(self.upcoming):
            self._extend(max(2 * row, 16))
        self.upcoming[row] = upcoming
        feed = self._feed_of(frozenset({collector}))
        feed.add(row)
        self._feed.append(feed)
        return row

    def _extend(self, size: int) -> None:
        for name in ("upcoming", "reports_runs", "reports_records"):
            column = getattr(self, name)
            more = np.zeros(size - len(column), dtype=column.dtype)
            setattr(self, name, np.concatenate([column, more]))

    def rows_of(self, tenants: Iterable[str], flow_ids: Iterable[str]) -> list[int | None]:
        """Return the rows of many flows, as `row` does."""
        # A plain tuple finds the same entry as a FlowKey, and costs less to make.
        return list(map(self._row.get, zip(tenants, flow_ids, strict=True)))  # type: ignore[arg-type]

    def all_fed_by(self, rows: Iterable[int], collectors: Sequence[str]) -> bool:
        """Whether each of these collectors is known to feed the flow in the row beside it."""
        feeds = map(self._feed.__getitem__, rows)
        names = set(collectors)
        if len(names) == 1:
            return all(names <= feed.collectors for feed in set(feeds))
        pairs = set(zip(feeds, collectors, strict=True))
        return all(collector in feed.collectors for feed, collector in pairs)

    def fed_by(self, row: int, collector: str) -> bool:
        """Note that a collector has sent an event of a flow; return whether it may."""
        feed = self._feed[row]
        if collector in feed.collectors:
            return True
        if len(feed.collectors) >= MOST_FEEDERS:
            return False
        feed.remove(row)
        self._feed[row] = self._feed_of(feed.collectors | {collector})
        self._feed[row].add(row)
        return True

    def _feed_of(self, collectors: frozenset[str]) -> Feed:
        feed = self.feeds.get(collectors)
        if feed is None:
            feed = self.feeds[collectors] = Feed(collectors)
            for name in collectors:
                self._fed.setdefault(name, []).append(feed)
        return feed

    def feeds_of(self, collector: str) -> list[Feed]:
        """Return the feeds a collector takes part in, in the order they came up."""
        return self._fed.get(collector, [])

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "keys": [tuple(key) for key in self.keys],
            "names": list(self.names),
            "upcoming": self.upcoming[: len(self)].tolist(),
            "reports_runs": self.reports_runs[: len(self)].tolist(),
            "reports_records": self.reports_records[: len(self)].tolist(),
            "feeds": [sorted(feed.collectors) for feed in self._feed],
            # Feeds are served in the order they came up, so that order is part of the state.
            "feed_order": [sorted(collectors) for collectors in self.feeds],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self.keys = [FlowKey(*key) for key in state["keys"]]
        self._row = {key: row for row, key in enumerate(self.keys)}
        self.names = list(state["names"])
        self.upcoming = np.array(state["upcoming"], dtype=np.int64)
        self.reports_runs = np.array(state["reports_runs"], dtype=bool)
        self.reports_records = np.array(state["reports_records"], dtype=bool)
        self.feeds, self._fed = {}, {}
        for collectors in state["feed_order"]:
            self._feed_of(frozenset(collectors))
        self._feed = [self._feed_of(frozenset(collectors)) for collectors in state["feeds"]]
        for row, feed in enumerate(self._feed):
            feed.add(row)
