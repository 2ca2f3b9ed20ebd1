"""What operators and calendars have told of stretches of time: peaks, holidays, maintenance.

An annotation is known by tenant, kind, scope and beginning. Told again with another end it is
that: longer, shorter, or (with an end that is not after its beginning) withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.engine.emissions import FlowKey
from schemas.structs import Annotation

MASKING = ("maintenance", "backfill")
"""Kinds during which a flow is neither judged nor learned from."""

FORGET_AFTER = 30 * 86_400

MOST = 1000
"""Annotations of one tenant kept at a time: a year of daily ones, on more than one scope."""


class Scope(NamedTuple):
    """Which flows of a tenant: one by its id, all that begin with what stands before a ``*``.

    Examples
    --------
    >>> Scope("acme", "orders-*").covers(FlowKey("acme", "orders-uk"))
    True
    >>> Scope("acme", "*").covers(FlowKey("other", "orders"))
    False
    """

    tenant: str
    pattern: str

    def covers(self, flow: FlowKey) -> bool:
        """Whether a flow is meant."""
        if flow.tenant != self.tenant:
            return False
        if self.pattern.endswith("*"):
            return flow.flow_id.startswith(self.pattern[:-1])
        return flow.flow_id == self.pattern

    @property
    def closeness(self) -> tuple[bool, int]:
        """How closely it describes what it means: of two scopes the closer one counts."""
        return not self.pattern.endswith("*"), len(self.pattern)


class Stretch(NamedTuple):
    """One annotation: epoch seconds, and how many times the usual is expected (None: unknown)."""

    scope: Scope
    kind: str
    since: int
    until: int
    factor: float | None = None

    @property
    def masks(self) -> bool:
        """Whether its time is left alone."""
        return self.kind in MASKING

    def covers(self, start: int, edge: int = 0) -> bool:
        """Whether a window that begins at ``start`` lies in it, or within ``edge`` seconds."""
        return self.since - edge <= start < self.until + edge


class Annotations:
    """The annotations of every tenant.

    Examples
    --------
    >>> annotations = Annotations()
    >>> peak = Stretch(Scope("acme", "*"), "planned_peak", 100, 200, 3.0)
    >>> annotations.put(peak)
    >>> annotations.put(peak._replace(until=150)).until
    200
    >>> [stretch.until for stretch in annotations.near(160, edge=20)]
    [150]
    >>> _ = annotations.put(peak._replace(until=100))
    >>> list(annotations.near(120))
    []
    """

    def __init__(self) -> None:
        self._told: dict[tuple[Scope, str, int], Stretch] = {}

    def put(self, stretch: Stretch) -> Stretch | None:
        """Keep an annotation in place of what it was before; return that.

        Raises
        ------
        ValueError
            If its tenant has too many.
        """
        key = (stretch.scope, stretch.kind, stretch.since)
        before = self._told.pop(key, None)
        if stretch.until <= stretch.since:
            return before
        tenant = stretch.scope.tenant
        if sum(scope.tenant == tenant for scope, *_ in self._told) >= MOST:
            raise ValueError(f"a tenant may have {MOST} annotations at a time")
        self._told[key] = stretch
        return before

    def near(self, start: int, edge: int = 0) -> Iterator[Stretch]:
        """Yield what covers a window, or lies within ``edge`` seconds, in the order told."""
        return (stretch for stretch in self._told.values() if stretch.covers(start, edge))

    def masked(self, flow: FlowKey, start: int) -> bool:
        """Whether a window of a flow that begins at ``start`` is to be left alone."""
        return any(stretch.masks and stretch.scope.covers(flow) for stretch in self.near(start))

    def advance(self, now: int) -> None:
        """Tell the time; forget what is long over."""
        over = [key for key, s in self._told.items() if s.until <= now - FORGET_AFTER]
        for key in over:
            del self._told[key]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {"told": [[*s.scope, *s[1:]] for s in self._told.values()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        stretches = [Stretch(Scope(t, p), *rest) for t, p, *rest in state["told"]]
        self._told = {(s.scope, s.kind, s.since): s for s in stretches}


def stretch_of(tenant: str, told: Annotation) -> Stretch:
    """Read an annotation that speaks of a stretch of time.

    Raises
    ------
    ValueError
        If it lacks an end or a beginning.
    """
    for name, instant in (("from", told.from_), ("to", told.to)):
        if instant is None:
            raise ValueError(f"data.{name} is required for kind {told.kind}")
    assert told.from_ is not None
    assert told.to is not None
    since, until = int(told.from_.timestamp()), int(told.to.timestamp())
    return Stretch(Scope(tenant, told.scope), told.kind, since, until, told.expected_factor)
