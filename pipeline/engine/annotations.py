"""What operators and calendars have told: stretches of time that say nothing about normal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.engine.emissions import FlowKey
from schemas.structs import Annotation

_MASKING = ("maintenance", "backfill")
"""Kinds during which a flow is neither judged nor learned from."""

FORGET_AFTER = 30 * 86_400


class Annotations:
    """Masked stretches ``(from, to)`` in epoch seconds, by tenant and flow (``*`` for all).

    Examples
    --------
    >>> annotations = Annotations()
    >>> annotations.mask("acme", "*", 100, 200)
    >>> annotations.masked(FlowKey("acme", "orders"), 160)
    True
    >>> annotations.masked(FlowKey("other", "orders"), 160)
    False
    """

    def __init__(self) -> None:
        self._masks: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self._holidays: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._masks or self._holidays)

    def note(self, tenant: str, annotation: Annotation) -> None:
        """Take note of an annotation."""
        since, until = annotation.from_, annotation.to
        if annotation.kind in _MASKING and since is not None and until is not None:
            self.mask(tenant, annotation.scope, int(since.timestamp()), int(until.timestamp()))
        elif annotation.kind == "holiday" and since is not None and until is not None:
            days = self._holidays.setdefault((tenant, annotation.scope), [])
            days.append((int(since.timestamp()), int(until.timestamp())))

    def mask(self, tenant: str, scope: str, since: int, until: int) -> None:
        """Leave a flow (or all of a tenant) alone for a while."""
        self._masks.setdefault((tenant, scope), []).append((since, until))

    def masked(self, flow: FlowKey, start: int) -> bool:
        """Whether a window that begins at ``start`` is to be left alone."""
        return _covered(self._masks, flow, start)

    def holiday(self, flow: FlowKey, start: int) -> bool:
        """Whether a window that begins at ``start`` lies in a holiday."""
        return _covered(self._holidays, flow, start)

    def advance(self, now: int) -> None:
        """Tell the time; forget what is long over."""
        for told in (self._masks, self._holidays):
            for key, stretches in list(told.items()):
                stretches[:] = [s for s in stretches if s[1] > now - FORGET_AFTER]
                if not stretches:
                    del told[key]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "masks": [[*key, masks] for key, masks in sorted(self._masks.items())],
            "holidays": [[*key, days] for key, days in sorted(self._holidays.items())],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._masks = {(t, s): [(a, b) for a, b in masks] for t, s, masks in state["masks"]}
        self._holidays = {(t, s): [(a, b) for a, b in days] for t, s, days in state["holidays"]}


def _covered(
    told: Mapping[tuple[str, str], list[tuple[int, int]]], flow: FlowKey, start: int
) -> bool:
    return any(
        since <= start < until
        for scope in (flow.flow_id, "*")
        for since, until in told.get((flow.tenant, scope), ())
    )
