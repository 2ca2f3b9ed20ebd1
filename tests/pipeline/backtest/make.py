"""Closed windows for tests, with whatever scores a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from detectors.columns import Windows, unknown
from pipeline.engine.emissions import ClosedWindow, FlowKey
from tests.make import MONDAY

ORDERS, STOCK = FlowKey("acme", "orders"), FlowKey("acme", "stock")


def closed(
    minute: int,
    flows: Sequence[FlowKey] = (ORDERS,),
    *,
    overdue: float = np.nan,
    learning: bool = False,
    **scores: float | Sequence[float],
) -> ClosedWindow:
    """A minute of some flows: ``closed(5, volume=1.2, silence=0.0)``."""
    rows = len(flows)
    verdicts: Mapping = {
        name: unknown(rows)._replace(score=np.broadcast_to(np.array(score, float), rows))
        for name, score in scores.items()
    }
    windows = Windows(*np.full((len(Windows._fields), rows), np.nan))
    windows = windows._replace(overdue=np.full(rows, overdue))
    start = MONDAY + 60 * minute
    return ClosedWindow(start, 60, flows, windows, verdicts, np.full(rows, learning))
