"""Event ids that have been applied, remembered for at least a set time.

Two generations of exact ids: when the younger is as old as the time to remember, the older one is
dropped and the younger takes its place. So an id lives between one and two such times, and
forgetting costs nothing per event.

A source that is a collector has its own time, its watermark. It may be killed after a delivery and
before it knows of it, be away for hours, and deliver the same again. What it delivered between two
of its heartbeats is remembered for a lifetime after the second, however late it comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any


class _Ids:
    """Ids of one source, and the order in which they came.

    A snapshot is to be the same bytes for the same log. To sort millions of ids for it takes ten
    seconds, in which the whole process stands still, and to look them up in a dict, which keeps
    its order, twice as long as in a set.
    """

    __slots__ = ("known", "order")

    def __init__(self, ids: Sequence[str] = ()) -> None:
        self.known, self.order = set(ids), list(ids)

    def add(self, id_: str) -> bool:
        """Add one; return whether it is new."""
        before = len(self.known)
        self.known.add(id_)
        if len(self.known) == before:
            return False
        self.order.append(id_)
        return True

    def add_others(self, ids: Sequence[str]) -> bool:
        """Add ids of which none is known; return whether they differ. If not, none is added."""
        before = len(self.known)
        self.known.update(ids)
        if len(self.known) - before < len(ids):
            self.known.difference_update(ids)
            return False
        self.order += ids
        return True

    def discard(self, id_: str) -> None:
        """Take one out if it is there; quick if it came lately."""
        if id_ in self.known:
            self.known.remove(id_)
            latest_first = reversed(range(len(self.order)))
            del self.order[next(n for n in latest_first if self.order[n] == id_)]


_NONE = _Ids()


class SeenIds:
    """The ids of recent events, told apart by ``source`` and ``id``.

    Parameters
    ----------
    remember
        Seconds of event time that an id is remembered at least.

    Examples
    --------
    >>> seen = SeenIds(remember=3600)
    >>> seen.first("shop", "1"), seen.first("shop", "1")
    (True, False)
    """

    def __init__(self, remember: int) -> None:
        self.remember = remember
        self._young: dict[str, _Ids] = {}
        self._old: dict[str, _Ids] = {}
        self._turned: int | None = None
        self._own: dict[str, int] = {}

    def first(self, source: str, id_: str) -> bool:
        """Remember an event; return whether it is new."""
        old = self._old.get(source)
        if old is not None and id_ in old.known:
            return False
        young = self._young.get(source)
        if young is None:
            young = self._young[source] = _Ids()
        return young.add(id_)

    def firsts(self, sources: Sequence[str], ids: Sequence[str]) -> list[bool]:
        """Remember many events, as `first` does one after the other."""
        if len(set(sources)) == 1 and self.all_first(sources[0], ids):
            return [True] * len(ids)
        return list(map(self.first, sources, ids))

    def all_first(self, source: str, ids: Sequence[str]) -> bool:
        """Remember events of one source if all are new, and differ; return whether they were.

        If not, none is remembered.
        """
        young = self._young.get(source) or _Ids()
        old = self._old.get(source, _NONE)
        others = young.known.isdisjoint(ids) and old.known.isdisjoint(ids)
        if not (others and young.add_others(ids)):
            return False
        self._young[source] = young
        return True

    def forget(self, source: str, id_: str) -> None:
        """Let an event be new again: it was refused, and may be sent once more."""
        for by in (self._young, self._old):
            by.get(source, _NONE).discard(id_)

    def contains(self, source: str, id_: str) -> bool:
        """Return whether an event is remembered, without remembering it."""
        return any(id_ in by.get(source, _NONE).known for by in (self._young, self._old))

    def advance(self, now: int, own: Mapping[str, int] | None = None) -> None:
        """Tell the time (epoch seconds of event time); forget what is old enough.

        Parameters
        ----------
        own
            The time of those sources that have one of their own.
        """
        own = own or {}
        if self._turned is None:
            self._turned = now
        elif now - self._turned >= self.remember:
            others = (self._young.keys() | self._old.keys()) - own.keys()
            self._turn(others)
            if now - self._turned >= 2 * self.remember:
                self._turn(others)  # after so long a jump even the younger are past their time
            self._turned = now
        for source, at in own.items():
            if at - self._own.setdefault(source, at) >= self.remember:
                self._turn({source})
                self._own[source] = at
        for source in self._own.keys() - own.keys():
            del self._own[source]

    def _turn(self, sources: Collection[str]) -> None:
        """Drop the older ids of some sources; the younger take their place."""
        for source in sources:
            young = self._young.pop(source, None)
            if young is None:
                self._old.pop(source, None)
            else:
                self._old[source] = young

    def __len__(self) -> int:
        return sum(len(ids.order) for by in (self._young, self._old) for ids in by.values())

    def state(self) -> dict[str, Any]:
        """Everything there is to remember, in a fixed order."""
        return {
            "turned": self._turned,
            "own": dict(sorted(self._own.items())),
            "young": {source: ids.order.copy() for source, ids in sorted(self._young.items())},
            "old": {source: ids.order.copy() for source, ids in sorted(self._old.items())},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._turned, self._own = state["turned"], dict(state["own"])
        self._young = {source: _Ids(ids) for source, ids in state["young"].items()}
        self._old = {source: _Ids(ids) for source, ids in state["old"].items()}
