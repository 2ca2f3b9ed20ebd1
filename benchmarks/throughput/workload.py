"""The records that every case works off: the same events, in the same order, equally packed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from benchmarks.throughput.runs import runs
from pipeline.log.base import Entry, Record
from pipeline.log.batching import BATCH_HEADERS, pack
from pipeline.log.partitioner import partition_of

HEARTBEAT = "heartbeat:"


class Shape(NamedTuple):
    """Events a record, flows, and runs of each flow in a minute of event time."""

    size: int
    flows: int
    per_minute: float

    def __str__(self) -> str:
        return f"{self.size} a record, {self.flows:,} flows, {self.per_minute:g} a flow and minute"


@dataclass(frozen=True)
class Workload:
    """Events in appends, each of which becomes exactly one record of one partition."""

    size: int
    partitions: int
    appends: Sequence[Sequence[Entry]]

    @property
    def events(self) -> int:
        """How many events there are, each partition's heartbeats included."""
        return sum(map(len, self.appends))

    def records(self) -> list[Record]:
        """Return the records as they lie in a log, with offsets from 0 in each partition."""
        return records_of(self.appends, self.partitions)


def workload(events: int, shape: Shape, partitions: int) -> Workload:
    """Lay about ``events`` events of a shape out over partitions.

    Examples
    --------
    >>> [len(append) for append in workload(100, Shape(30, 10, 5), partitions=1).appends]
    [30, 30, 30, 18]
    """
    beats = _heartbeat_keys(partitions)
    lanes: list[list[Entry]] = [[] for _ in range(partitions)]
    appends = []
    for entry in runs(events, shape.flows, shape.per_minute):
        # under a key of its own for each partition, a heartbeat is packed like any other event
        keys = beats if entry.key is None else [entry.key]
        for key in keys:
            number = partition_of(key, partitions)
            lanes[number].append(Entry(key, entry.value))
            if len(lanes[number]) == shape.size:
                appends.append(lanes[number])
                lanes[number] = []
    return Workload(shape.size, partitions, appends + [lane for lane in lanes if lane])


def records_of(appends: Sequence[Sequence[Entry]], partitions: int) -> list[Record]:
    """Pack appends as a log does."""
    ends: Counter[int] = Counter()
    records = []
    for append in appends:
        (batch,) = pack(append, partitions)
        records.append(
            Record(batch.partition, ends[batch.partition], None, batch.value, BATCH_HEADERS)
        )
        ends[batch.partition] += 1
    return records


def _heartbeat_keys(partitions: int) -> list[str]:
    """Return a key that leads to each partition."""
    found: dict[int, str] = {}
    for n in count():
        if len(found) == partitions:
            return [found[number] for number in range(partitions)]
        found.setdefault(partition_of(f"{HEARTBEAT}{n}", partitions), f"{HEARTBEAT}{n}")
    raise AssertionError
