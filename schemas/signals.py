"""A signal: the engine's verdict on one quantity of one flow in one window."""

from __future__ import annotations

from typing import Literal, TypeGuard, get_args

from schemas.cloudevents import Envelope
from schemas.fields import Contract, Count, Instant, Text

CountSignal = Literal[
    "volume",
    "records",
    "errors",
    "partial",
    "warnings",
    "retries",
    "missing",
    "duplicates",
    "latency",
    "wait",
    "backlog",
    "silence",
    "failure",
]
"""What is judged by the counts of windows: runs and records in; the shares of runs that failed,
that succeeded in part, that warned and that were retries; the shares of records with missing
attributes and of duplicates; run duration, wait in the queue, and queue depth; absence of a run
that should have come; and the predicted probability of failure."""

ErrorSignal = Literal["new_error", "error_mix"]
"""What is judged by what errors say: errors the flow has never shown before, and the classes that
its errors are of."""

SignalName = Literal[CountSignal, ErrorSignal]


def is_signal(name: str) -> TypeGuard[SignalName]:
    """Whether this names a signal of a flow.

    >>> is_signal("volume"), is_signal("collector")
    (True, False)
    """
    return name in get_args(SignalName)


class Signal(Contract):
    """One verdict.

    Attributes
    ----------
    observed, expected, lower, upper
        Of the window itself, in the signal's own unit (runs, records, milliseconds, queued runs,
        minutes of silence, probability). None where the window had no data.
    score
        Above 1 is anomalous, at the budget of false alarms the operator set.
    spans
        Lengths, in minutes, of the windows that carried the score; the first is the strongest.
    metric
        The number that was judged, for the signal ``metric``.
    status
        ``learning`` until the flow has been watched long enough to be judged in full,
        ``relearning`` after a change of its configuration; what is plain even so is ``anomalous``.
    """

    tenant: Text
    flow_id: Text
    signal: SignalName | Literal["metric"]
    window_start: Instant
    window_seconds: Count
    observed: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    score: float
    spans: tuple[int, ...]
    status: Literal["learning", "relearning", "normal", "anomalous"]
    metric: Text | None = None


class SignalEvent(Envelope):
    """A signal as it is published."""

    type: Literal["cogent.signal"]
    data: Signal
