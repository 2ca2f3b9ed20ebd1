"""What an alert rests on: one signal of one flow, and the error behind it."""

from __future__ import annotations

import math
from typing import NamedTuple

from detectors.errors.taxonomy import ErrorClass
from detectors.failure import Foresight
from pipeline.engine.queueing import Queue
from schemas.alerts import AlertSignal

COUNTED: frozenset[AlertSignal] = frozenset({"volume", "records"})
"""Signals of which both too many and too few are judged."""

LARGE = 1.3
"""A change by this factor is one an operator would notice; rarer scores than that may come of
small changes that last."""


class Quote(NamedTuple):
    """The error behind a finding.

    ``text`` is its template, ``run_id`` one run that showed it. It hit ``times`` of ``of`` runs
    with errors, where that is counted. ``others`` more errors are new too; ``first`` says that
    news of it has not been told yet.
    """

    text: str
    kind: ErrorClass
    system: str
    run_id: str
    times: int = 0
    of: int = 0
    others: int = 0
    first: bool = False


class Finding(NamedTuple):
    """One signal of one flow at the moment it was found anomalous.

    ``observed`` and ``expected`` are sums over ``span`` minutes for counts, means for durations
    (milliseconds), levels for backlog, and a probability for failure. For silence they are minutes:
    of lateness, with nothing expected, if a schedule was missed; else since the last run.
    ``total`` is what a count is a part of (runs ended, records), where it is a part.
    """

    signal: AlertSignal
    high: bool
    span: int
    observed: float
    expected: float
    score: float
    total: float = math.nan
    foresight: Foresight | None = None
    quote: Quote | None = None
    queue: Queue | None = None


def is_large(finding: Finding) -> bool:
    """Whether what was observed is far from what was expected, in the direction of the finding.

    >>> is_large(Finding("latency", True, 4, 4200, 1100, 1.4))
    True
    >>> is_large(Finding("volume", True, 60, 642, 659, 2.5))
    False
    """
    if finding.high:
        return finding.observed >= LARGE * finding.expected
    return finding.observed * LARGE <= finding.expected or finding.signal in (
        "silence",
        "collector",
    )
