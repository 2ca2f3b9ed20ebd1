"""The scorecard: which faults were found, how soon, and what was raised for nothing.

Rules of the detection notes. A fault is found by the first alert of its flow whose onset lies in
[start, end + 10 min]. An alert is false if its onset lies outside every [start, end + 60 min] of
its flow. What lies between (a queue that drains, say) counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Literal

from pipeline.simulator.faults import Fault
from schemas.alerts import Alert

GRACE = timedelta(minutes=10)
AFTERMATH = timedelta(minutes=60)

Outcome = Literal["found", "missed", "open"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one fault.

    Attributes
    ----------
    outcome
        ``open`` is a fault not found so far that still may be, when scoring stopped.
    alert
        The alert that found it.
    repeats
        Further alerts raised for the same fault.
    """

    fault: Fault
    outcome: Outcome
    alert: Alert | None
    repeats: int

    @property
    def minutes(self) -> float | None:
        """From the start of the fault until the alert was raised."""
        if self.alert is None:
            return None
        return (raised_at(self.alert) - self.fault.start).total_seconds() / 60


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The whole, for a stretch watched from ``start`` until ``until``."""

    start: datetime
    until: datetime
    findings: Sequence[Finding]
    false: Sequence[Alert]

    def count(self, outcome: Outcome) -> int:
        """Return how many faults ended so."""
        return sum(finding.outcome == outcome for finding in self.findings)

    @property
    def median_minutes(self) -> float | None:
        """Median minutes to detect, over the faults found."""
        found = [finding.minutes for finding in self.findings if finding.minutes is not None]
        return median(found) if found else None

    def as_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "start": self.start.isoformat(),
            "until": self.until.isoformat(),
            "found": self.count("found"),
            "missed": self.count("missed"),
            "open": self.count("open"),
            "false": len(self.false),
            "median_minutes": self.median_minutes,
            "faults": [_fault_as_dict(finding) for finding in self.findings],
            "false_alerts": [alert.id for alert in self.false],
        }


def score(
    faults: Sequence[Fault], alerts: Iterable[Alert], start: datetime, until: datetime
) -> Scorecard:
    """Score the alerts with an onset between ``start`` and ``until``.

    Faults that begin after ``until`` are left out. Of several revisions of an alert the first one
    given counts.
    """
    begun = [fault for fault in faults if fault.start < until]
    raised: dict[str, Alert] = {}
    for alert in alerts:
        if start <= alert.starts_at < until:
            raised.setdefault(alert.id, alert)
    onsets = sorted(raised.values(), key=lambda alert: alert.starts_at)
    return Scorecard(
        start,
        until,
        [_finding(fault, onsets, until) for fault in begun],
        [alert for alert in onsets if blame(alert, begun) is None],
    )


def blame(alert: Alert, faults: Iterable[Fault]) -> Fault | None:
    """Return the fault an alert belongs to, its aftermath included; None for a false alarm."""
    for fault in faults:
        if _on(fault, alert) and fault.start <= alert.starts_at <= fault.end + AFTERMATH:
            return fault
    return None


def detects(alert: Alert, fault: Fault) -> bool:
    """Tell whether an alert came in time to count as found."""
    return _on(fault, alert) and fault.start <= alert.starts_at <= fault.end + GRACE


def raised_at(alert: Alert) -> datetime:
    """Return when an alert was first told, given its first revision: its onset was over then."""
    return max(alert.starts_at, alert.updated_at)


def _finding(fault: Fault, onsets: Sequence[Alert], until: datetime) -> Finding:
    hits = [alert for alert in onsets if detects(alert, fault)]
    if hits:
        return Finding(fault, "found", hits[0], len(hits) - 1)
    return Finding(fault, "missed" if fault.end + GRACE < until else "open", None, 0)


def _on(fault: Fault, alert: Alert) -> bool:
    return alert.flow_id == fault.flow_id


def _fault_as_dict(finding: Finding) -> dict[str, Any]:
    fault, alert = finding.fault, finding.alert
    return {
        "kind": fault.kind,
        "flow_id": fault.flow_id,
        "start": fault.start.isoformat(),
        "minutes": fault.minutes,
        "cause": fault.cause,
        "outcome": finding.outcome,
        "alert_id": alert.id if alert else None,
        "signal": alert.signal if alert else None,
        "minutes_to_detect": finding.minutes,
        "repeats": finding.repeats,
    }
