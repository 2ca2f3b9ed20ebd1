"""The log: what is kept between the edge that accepts events and the engine that reads them.

Two implementations, one interface. :mod:`pipeline.log.journal` keeps it in SQLite on one machine,
:mod:`pipeline.log.kafka` on a Kafka cluster. Records are ordered within a partition, and offsets
grow but may have holes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Headers = tuple[tuple[str, bytes], ...]
OutputTopic = Literal["signals", "alerts", "dead-letters"]

BATCH_CONTENT_TYPE = b"application/cloudevents-batch+json"
EVENT_CONTENT_TYPE = b"application/cloudevents+json"

NOTHING = -1
"""The offset before the first: how far a partition is applied until a record is, wholly."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One validated event on its way into the log: structured CloudEvents JSON.

    ``key`` is ``tenant:flow_id`` and decides the partition; an event without a flow has no key
    and is written to every partition.
    """

    key: str | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it lies in a partition: an event, or a batch of them."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Output:
    """One encoded output, to be published with the commit that produced it."""

    topic: OutputTopic
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a partition stands: everything up to ``applied`` is published.

    Of what the next record brings about, the first ``ahead`` emissions are published, too: a commit
    may end in its midst.

    ``snapshot`` is the engine's state after record ``snapshot_offset``. None of either before the
    first snapshot: replay then begins at the partition's first record.
    """

    applied: int
    snapshot_offset: int | None = None
    snapshot: bytes | None = None
    ahead: int = 0


class LogUnavailableError(Exception):
    """The log cannot take or give records now; what was not acknowledged is not kept."""


class FencedError(Exception):
    """Another process has taken this partition over; this one must stop touching it."""


class EventLog(Protocol):
    """The writing side."""

    @property
    def partitions(self) -> int:
        """How many partitions the log has."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write all entries, in order within each partition, and return once they are durable.

        Raises
        ------
        LogUnavailableError
            If they could not be made durable. Some may have been written all the same: the
            sender repeats the whole, and the engine recognises what it has seen.
        """

    async def aclose(self) -> None:
        """Flush and let go."""


class PartitionLog(Protocol):
    """One partition in the hands of the process that owns it."""

    @property
    def partition(self) -> int:
        """Its number."""

    async def open(self) -> Checkpoint | None:
        """Take ownership, shutting out any earlier owner, and return the last checkpoint."""

    def replay(self, after: int | None, through: int | None) -> AsyncIterator[list[Record]]:
        """Yield the records above ``after`` (None: from the first) up to ``through`` (the last)."""

    async def commit(
        self,
        applied: int,
        outputs: Sequence[Output],
        snapshot: bytes | None = None,
        *,
        ahead: int = 0,
    ) -> None:
        """Make outputs, applied offset and, if given, a snapshot durable: all of it or nothing.

        The snapshot holds everything up to ``applied``, and nothing beyond. ``ahead`` counts the
        emissions of the next record that are published with or before this.

        Raises
        ------
        FencedError
            If another owner has opened the partition since.
        """

    async def aclose(self) -> None:
        """Give the partition up."""
