"""What the engine hands out for the records it applies: closed windows, alerts, dead letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from detectors.columns import Bools, Verdict, Windows
from detectors.errors.taxonomy import ErrorClass
from schemas.alerts import Alert
from schemas.signals import SignalName


class FlowKey(NamedTuple):
    """A flow, named across tenants."""

    tenant: str
    flow_id: str

    def __str__(self) -> str:
        return f"{self.tenant}:{self.flow_id}"


ErrorCounts = Mapping[int, Mapping[ErrorClass, int]]
"""By place among the flows of a window and by class, how many runs complained."""


@dataclass(frozen=True, slots=True, eq=False)
class ClosedWindow:
    """One window of some flows of a partition, with what every detector says of it.

    ``start`` and ``seconds`` are epoch seconds and width. ``flows``, the columns of ``windows``
    and of every verdict, ``learning`` (too young to be judged) and ``relearning`` (changed lately;
    None for no flow) run in parallel.
    """

    start: int
    seconds: int
    flows: Sequence[FlowKey]
    windows: Windows
    verdicts: Mapping[SignalName, Verdict]
    learning: Bools
    relearning: Bools | None = None
    errors: ErrorCounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """One window of one watched number: ``observed`` is the mean of its samples.

    ``flow`` has the flow id ``*`` for a number of the whole tenant; ``lower`` and ``upper`` are the
    outer deciles of its past; ``why`` says what is unusual, if it is (score above 1).
    """

    start: int
    seconds: int
    flow: FlowKey
    metric: str
    unit: str | None
    observed: float
    expected: float
    lower: float
    upper: float
    score: float
    why: str
    learning: bool


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Input that cannot be applied: its original bytes and headers, and why.

    ``entry`` is the place inside a batch record; None when the whole record is at fault.
    """

    offset: int
    entry: int | None
    reason: str
    detail: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


Emission = ClosedWindow | MetricVerdict | Alert | DeadLetter
