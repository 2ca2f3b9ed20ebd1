"""What records bring about, in portions that fit into the memory and into one commit.

After six hours of silence one heartbeat closes 360 windows of every flow: gigabytes. So a commit
may end in the midst of what a record brings about, and says how much of that it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from pipeline.engine.emissions import ClosedWindow, Emission
from pipeline.log.base import NOTHING, Output, Record
from pipeline.outputs.encode import encode

PORTION_BYTES: Final = 8_000_000
"""Of outputs and of windows not yet told, after which a commit is due: a fifth of a second of work,
beside which a transaction (20 ms on a local broker) costs little. The emission that comes to it
still goes along, and is one window of all flows at most: 23 MB with 10,000 of them."""


class Place(NamedTuple):
    """How far a log is published: places of one log compare as they follow one another.

    ``applied`` is the offset of the last record that is published wholly, ``ahead`` how many
    emissions of the next one are. Neither depends on how records were batched.
    """

    applied: int = NOTHING
    ahead: int = 0


class Portion:
    """Some emissions in a row, with their outputs.

    Parameters
    ----------
    topic, partition
        Where the records came from, for dead letters to quote.

    Attributes
    ----------
    emissions, outputs
        What it holds so far, in order.
    """

    def __init__(self, topic: str, partition: int) -> None:
        self.emissions: list[Emission] = []
        self.outputs: list[Output] = []
        self._topic = topic
        self._partition = partition
        self._size = 0

    def add(self, emission: Emission) -> None:
        """Take one more."""
        outputs = encode((emission,), topic=self._topic, partition=self._partition)
        self.emissions.append(emission)
        self.outputs += outputs
        self._size += sum(map(_size, outputs))
        if isinstance(emission, ClosedWindow):  # one with nothing to tell has no output
            columns = chain(emission.windows, *emission.verdicts.values())
            self._size += sum(column.nbytes for column in columns)

    @property
    def full(self) -> bool:
        """Whether it is as large as a portion should be."""
        return self._size >= PORTION_BYTES


def placed(
    applied: int, records: Sequence[Record], brought: Iterable[tuple[Record, Emission]]
) -> Iterator[tuple[Place, Emission]]:
    """Yield what records bring about, each with the place that its publication leads to.

    Parameters
    ----------
    applied
        Offset of the record before the first of ``records``.
    """
    offsets = [record.offset for record in records]
    before = dict(zip(offsets, [applied, *offsets], strict=False))
    latest, count = applied, 0
    for record, emission in brought:
        count = count + 1 if record.offset == latest else 1
        latest = record.offset
        yield Place(before[latest], count), emission


def _size(output: Output) -> int:
    return len(output.value or b"") + sum(len(value) for _, value in output.headers)
