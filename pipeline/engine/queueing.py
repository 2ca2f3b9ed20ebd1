"""How a queue moves: what arrives, what is worked off, and when it will be empty again."""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.engine.accumulator import UNKNOWN
from pipeline.engine.rolling import Rolling
from pipeline.engine.wording import count, minutes

BACK: Final = 15
"""Windows over which the movement of a queue is told: shorter ones scatter, longer ones are old."""


class Queue(NamedTuple):
    """A flow's queue: runs waiting now and before, runs ended since, and the age of the oldest.

    ``minutes`` is how long ago "before" was; ``oldest_minutes`` is below 0 if unknown.
    """

    depth: int
    before: int
    ended: int
    minutes: float
    oldest_minutes: float = -1.0


def queue_of(rolling: Rolling, row: int, number: int, window_minutes: float) -> Queue:
    """Look at a flow's queue as of window ``number``."""
    now, then = rolling.at(row, number), rolling.at(row, number - BACK)
    since = rolling.over_windows(row, number, BACK)
    ended = since["succeeded"] + since["failed"] + since["partial"]
    age = now["oldest_age_s"]
    oldest = age / 60 if age > 0 else float(UNKNOWN)
    return Queue(now["depth"], then["depth"], ended, BACK * window_minutes, oldest)


def waiting(queue: Queue) -> str:
    """Say how a queue moves, and when it will be empty.

    Examples
    --------
    >>> waiting(Queue(depth=90, before=30, ended=120, minutes=15))
    'in 15 minutes 180 arrived and 120 ended: it does not clear by itself'
    >>> waiting(Queue(depth=60, before=90, ended=120, minutes=15, oldest_minutes=12))
    'in 15 minutes 90 arrived and 120 ended: clear in about 30 minutes; the oldest waits 12 minutes'
    """
    arrived = max(queue.ended + queue.depth - queue.before, 0)
    drained = queue.ended - arrived
    outlook = "it does not clear by itself"
    if drained > 0:
        outlook = f"clear in about {minutes(queue.depth / drained * queue.minutes)}"
    words = f"in {minutes(queue.minutes)} {count(arrived)} arrived and {count(queue.ended)} ended: "
    oldest = queue.oldest_minutes
    return words + outlook + (f"; the oldest waits {minutes(oldest)}" if oldest > 0 else "")
