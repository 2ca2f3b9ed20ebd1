"""From scores to alerts: few, kept up to date, over when calm returns.

A flow has at most one open alert. The first anomalous window raises it; signals that turn
anomalous meanwhile join it as evidence; it resolves after a stretch without any. So one trouble
that shows in volume, errors and latency is one alert, and the budget of false alarms is a flow's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Verdict
from detectors.failure import Foresight
from pipeline.engine.calendar import instant
from pipeline.engine.emissions import ClosedWindow, FlowKey
from pipeline.engine.explain import headline, quoted
from pipeline.engine.finding import Finding, Quote
from pipeline.engine.flows import Rows
from pipeline.engine.foretold import foretold
from pipeline.engine.incident import Incident
from pipeline.engine.next_step import next_step
from pipeline.engine.queueing import Queue
from pipeline.engine.severity import RANK, severity_of
from schemas.alerts import Alert, AlertSignal, Evidence
from schemas.signals import SignalName


@dataclass(frozen=True, slots=True)
class Context:
    """What words need beyond a verdict: the name, recent sums and errors, and what was told."""

    name: Callable[[int], str | None]
    total: Callable[[int, SignalName, int], float]
    foresight: Callable[[int], Foresight]
    recently: Callable[[int], str]
    background: Callable[[int, int, Iterable[AlertSignal]], str] = lambda *_: ""
    quote: Callable[[int, SignalName], Quote | None] = lambda *_: None
    queue: Callable[[int], Queue | None] = lambda _: None
    newest: Callable[[int], tuple[Quote, int] | None] = lambda _: None


class Alerting:
    """The open alerts of a partition, by row.

    Parameters
    ----------
    calm
        Seconds without an anomalous window after which an alert resolves.
    """

    def __init__(self, calm: int) -> None:
        self.calm = calm
        self._open: dict[int, Incident] = {}

    def judge(self, closed: ClosedWindow, rows: Rows, context: Context) -> list[Alert]:
        """Raise, update and resolve the alerts of the flows of one closed window."""
        hot = np.zeros(len(rows), dtype=bool)
        for verdict in closed.verdicts.values():
            hot |= verdict.score > 1.0
        concerned = hot | np.isin(rows, list(self._open))
        alerts = []
        for i in np.flatnonzero(concerned).tolist():
            row = int(rows[i])
            if hot[i]:
                findings = _findings(closed.verdicts, i, row, context)
                alert = self._anomalous(closed, row, closed.flows[i], findings, context)
            else:
                alert = self._calm(closed, row, context)
            if alert is not None:
                alerts.append(alert)
        return alerts

    def _anomalous(
        self,
        closed: ClosedWindow,
        row: int,
        flow: FlowKey,
        findings: list[Finding],
        context: Context,
    ) -> Alert | None:
        incident = self._open.get(row)
        fresh = incident is None
        name = context.name(row)
        if incident is None:
            incident = Incident.raised(flow, name, findings[0], closed.start)
            self._open[row] = incident
        joined = incident.join(findings)
        incident.last_anomalous = closed.start
        severity = max(map(severity_of, findings), key=RANK.__getitem__)
        worse = RANK[severity] > RANK[incident.alert.severity]
        if not (fresh or joined or worse):
            return None
        evidence = incident.evidence
        signals = dict.fromkeys(e.signal for e in evidence)
        background = context.background(row, int(incident.alert.starts_at.timestamp()), signals)
        words = (_as_prose(evidence), background, context.recently(row))
        incident.alert = incident.alert.model_copy(
            update={
                "revision": 0 if fresh else incident.alert.revision + 1,
                "severity": severity if worse else incident.alert.severity,
                "updated_at": instant(closed.start + closed.seconds),
                "score": evidence[0].score,
                "summary": headline(name or flow.flow_id, _main(findings)),
                "explanation": " ".join(filter(None, words)),
                "evidence": evidence,
                **_step_of_error(findings),
                "forecast": foretold(findings) or incident.alert.forecast,
            }
        )
        return incident.alert

    def _calm(self, closed: ClosedWindow, row: int, context: Context) -> Alert | None:
        incident = self._open[row]
        if closed.start - incident.last_anomalous < self.calm:
            return None
        del self._open[row]
        explanation = incident.alert.explanation
        if ("new_error", True) in incident.peaks and (newest := context.newest(row)):
            explanation += f" {_gone(*newest, closed.start - self.calm)}"
        return incident.alert.model_copy(
            update={
                "status": "resolved",
                "explanation": explanation,
                "revision": incident.alert.revision + 1,
                "updated_at": instant(closed.start + closed.seconds),
                "ends_at": instant(incident.last_anomalous + closed.seconds),
            }
        )

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now."""
        return [incident.alert for _, incident in sorted(self._open.items())]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {"open": [[row, *i.state()] for row, i in sorted(self._open.items())]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._open = {row: Incident.restored(*rest) for row, *rest in state["open"]}


def _findings(
    verdicts: Mapping[SignalName, Verdict], i: int, row: int, context: Context
) -> list[Finding]:
    """Return the anomalous signals of one flow, strongest first."""
    found = []
    for signal, v in verdicts.items():
        if not v.score[i] > 1.0:
            continue
        span = int(v.span[i])
        finding = Finding(
            signal,
            high=bool(v.high[i]),
            span=span,
            observed=float(v.span_observed[i]),
            expected=float(v.span_expected[i]),
            score=float(v.score[i]),
            total=context.total(row, signal, span),
            foresight=context.foresight(row) if signal == "failure" else None,
            quote=context.quote(row, signal),
            queue=context.queue(row) if signal == "backlog" else None,
        )
        found.append(finding)
    return sorted(found, key=lambda f: -f.score)


def _main(findings: list[Finding]) -> Finding:
    """What has happened outranks what is only predicted."""
    return next((f for f in findings if f.signal != "failure"), findings[0])


def _step_of_error(findings: list[Finding]) -> dict[str, str]:
    """Return the next step of the first error that is named: it is the most definite one."""
    return next(({"next_step": next_step(f)} for f in findings if f.quote is not None), {})


def _gone(quote: Quote, last: int, calm_since: int) -> str:
    """Say what has become of a new error."""
    error = quoted(quote)
    if last <= calm_since:
        return f"The new error {error} has not been seen since {instant(last):%H:%M} UTC."
    return f"The new error {error} still comes; from now on it counts as usual for this flow."


def _as_prose(evidence: Iterable[Evidence]) -> str:
    words = "; ".join(each.text for each in evidence)
    return f"{words[:1].upper()}{words[1:]}."
