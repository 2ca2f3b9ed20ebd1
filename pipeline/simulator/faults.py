"""Faults: what can go wrong with a flow, and what it does to the flow's traffic.

Every kind changes some columns of :class:`~pipeline.simulator.traffic.Traffic` during the fault
and leaves everything else as it was drawn, so that a fault can be told from the same world
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np

from detectors.columns import Ints
from pipeline.simulator.traffic import Traffic

FaultKind = Literal[
    "stop", "drop", "latency step", "latency creep", "error burst", "retry storm", "backlog"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble of one flow.

    Attributes
    ----------
    minutes
        How long it lasts.
    severity
        By kind. stop: not used. drop, backlog: share of the runs that do not come (backlog: that
        wait). latency step, latency creep: factor on the duration, at once or reached in the end.
        error burst: share of the runs that fail. retry storm: further runs for each run.
    cause
        What happened, in the words an operator would use afterwards.
    error
        What the runs it makes fail say; empty where a fault makes none fail.
    """

    kind: FaultKind
    flow_id: str
    start: datetime
    minutes: int
    severity: float
    cause: str
    error: str = ""

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + timedelta(minutes=self.minutes)


class _Case(NamedTuple):
    """What a kind of fault is given: the fault's minutes (a slice of the whole), and dice."""

    span: slice
    severity: float
    rng: np.random.Generator


def afflict(
    traffic: Traffic, minutes: Ints, faults: Iterable[Fault], rng: np.random.Generator
) -> Traffic:
    """Return the traffic of one flow as it is with its faults; epoch ``minutes`` name its entries.

    Examples
    --------
    >>> from datetime import UTC
    >>> from pipeline.simulator.retailer import FLOWS
    >>> from pipeline.simulator.traffic import traffic
    >>> rng, minutes = np.random.default_rng(1), np.arange(600)
    >>> deleted = Fault("stop", "orders", datetime(1970, 1, 1, 5, tzinfo=UTC), 60, 1.0, "deleted")
    >>> orders = afflict(traffic(FLOWS[0], minutes, rng), minutes, [deleted], rng)
    >>> bool(orders.started[299] > 0), int(orders.started[300:360].sum())
    (True, 0)
    """
    for fault in faults:
        first = int(fault.start.timestamp()) // 60 - int(minutes[0])
        span = slice(max(first, 0), max(first + fault.minutes, 0))
        traffic = _KINDS[fault.kind](traffic, _Case(span, fault.severity, rng))
    return traffic


def _stop(traffic: Traffic, case: _Case) -> Traffic:
    return _drop(traffic, case._replace(severity=1.0))


def _drop(traffic: Traffic, case: _Case) -> Traffic:
    thinner = _with_runs(traffic, _keep(traffic.succeeded, case), _keep(traffic.failed, case))
    return thinner._replace(queue_depth=_keep(traffic.queue_depth, case))


def _latency_step(traffic: Traffic, case: _Case) -> Traffic:
    longer = traffic.duration_log.copy()
    longer[case.span] += np.log(case.severity)
    return traffic._replace(duration_log=longer)


def _latency_creep(traffic: Traffic, case: _Case) -> Traffic:
    longer = traffic.duration_log.copy()
    part = longer[case.span]  # a view: what is added here is added to the copy
    part += np.log(case.severity) * np.arange(1, len(part) + 1) / len(part)
    return traffic._replace(duration_log=longer)


def _error_burst(traffic: Traffic, case: _Case) -> Traffic:
    succeeded = _keep(traffic.succeeded, case)
    return _with_runs(traffic, succeeded, traffic.failed + traffic.succeeded - succeeded)


def _retry_storm(traffic: Traffic, case: _Case) -> Traffic:
    """Runs are repeated at once and again, and nine in ten of the repeats fail."""
    storm = np.zeros_like(traffic.failed)
    storm[case.span] = case.rng.poisson(case.severity * traffic.started[case.span])
    vain = case.rng.binomial(storm, 0.9)
    stormy = _with_runs(traffic, traffic.succeeded + storm - vain, traffic.failed + vain)
    return stormy._replace(retries=traffic.retries + storm)


def _backlog(traffic: Traffic, case: _Case) -> Traffic:
    """Hold runs back; once it is over, they start within half an hour and none is lost."""
    kept = _keep(traffic.succeeded, case)
    held = traffic.succeeded - kept
    after = slice(case.span.stop, case.span.stop + 30)
    if length := len(held[after]):
        released = case.rng.multinomial(int(held.sum()), np.full(length, 1 / length))
        kept[after] += released
        held[after] -= released
    waiting = traffic.queue_depth + np.cumsum(held)
    return _with_runs(traffic, kept, traffic.failed)._replace(queue_depth=waiting)


_KINDS: dict[FaultKind, Callable[[Traffic, _Case], Traffic]] = {
    "stop": _stop,
    "drop": _drop,
    "latency step": _latency_step,
    "latency creep": _latency_creep,
    "error burst": _error_burst,
    "retry storm": _retry_storm,
    "backlog": _backlog,
}


def _keep(counts: Ints, case: _Case) -> Ints:
    """Let each run of the fault's minutes go with the probability of its severity."""
    kept = counts.copy()
    kept[case.span] = case.rng.binomial(counts[case.span], 1 - case.severity)
    return kept


def _with_runs(traffic: Traffic, succeeded: Ints, failed: Ints) -> Traffic:
    """Change how many runs there are; records follow in proportion."""
    runs = succeeded + failed
    read = runs / np.maximum(traffic.started, 1)
    written = succeeded / np.maximum(traffic.succeeded, 1)
    return traffic._replace(
        succeeded=succeeded,
        failed=failed,
        retries=np.minimum(traffic.retries, runs),
        records_in=np.rint(traffic.records_in * read).astype(np.int64),
        records_out=np.rint(traffic.records_out * written).astype(np.int64),
        missing=np.rint(traffic.missing * read).astype(np.int64),
    )
