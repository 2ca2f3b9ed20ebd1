"""Counts of the recent past, exact and small: of the block of time that runs, and the one before.

So they cover between one and two blocks. A block that has passed is handed over to be learned,
which keeps what is judged apart from what it is judged against.
"""

from __future__ import annotations

from typing import Any

Counts = dict[int, int]


class Tally:
    """Counts by key over the running block of time and the one before.

    Parameters
    ----------
    seconds
        Length of a block.

    Examples
    --------
    >>> tally = Tally(1800)
    >>> tally.roll(0), tally.add(7, 3), tally.roll(1800), tally.add(7, 1)
    ([], None, [], None)
    >>> tally.recent(), tally.roll(3600)
    ({7: 4}, [{7: 3}])
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._block = -1
        self._now: Counts = {}
        self._before: Counts = {}

    def roll(self, at: int) -> list[Counts]:
        """Tell the time (epoch seconds, never falling); return the blocks it leaves behind."""
        passed = at // self.seconds - self._block
        if passed == 0:
            return []
        left = [self._before] if passed == 1 else [self._before, self._now]
        self._before = self._now if passed == 1 else {}
        self._now = {}
        self._block += passed
        return [counts for counts in left if counts]

    def add(self, key: int, times: int) -> None:
        """Count."""
        self._now[key] = self._now.get(key, 0) + times

    def recent(self) -> Counts:
        """Return the counts of both blocks."""
        both = dict(self._before)
        for key, times in self._now.items():
            both[key] = both.get(key, 0) + times
        return both

    def since(self) -> int:
        """Return the start of the earlier block in epoch seconds."""
        return (self._block - 1) * self.seconds

    def state(self) -> list[Any]:
        """Everything there is to remember."""
        return [self._block, list(self._before.items()), list(self._now.items())]

    def restore(self, state: list[Any]) -> None:
        """Take up a state again."""
        self._block, before, now = state
        self._before, self._now = dict(map(tuple, before)), dict(map(tuple, now))
