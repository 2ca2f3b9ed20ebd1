"""One open alert: what was last said, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from pipeline.engine.calendar import instant
from pipeline.engine.emissions import FlowKey
from pipeline.engine.explain import sentence
from pipeline.engine.finding import Finding
from pipeline.engine.identity import alert_id, fingerprint
from pipeline.engine.next_step import next_step
from schemas.alerts import Alert, AlertSignal, Evidence


@dataclass(slots=True)
class Incident:
    """An alert that fires.

    Attributes
    ----------
    alert
        As last published.
    peaks
        Each signal and direction at its strongest.
    last_anomalous
        Start of the last anomalous window, epoch seconds.
    """

    alert: Alert
    peaks: dict[tuple[AlertSignal, bool], Evidence] = field(default_factory=dict)
    last_anomalous: int = 0

    @classmethod
    def raised(cls, flow: FlowKey, name: str | None, finding: Finding, start: int) -> Self:
        """Begin one by what was found first; its words are still to come."""
        return cls(
            Alert(
                id=alert_id(flow.tenant, flow.flow_id, finding.signal, start),
                fingerprint=fingerprint(flow.tenant, flow.flow_id, finding.signal),
                status="firing",
                revision=0,
                severity="info",
                tenant=flow.tenant,
                flow_id=flow.flow_id,
                flow_name=name,
                signal=finding.signal,
                starts_at=instant(start),
                updated_at=instant(start),
                score=0.0,
                summary="",
                explanation="",
                next_step=next_step(finding),
                evidence=(),
            )
        )

    def join(self, findings: Sequence[Finding]) -> bool:
        """Keep each signal at its strongest; return whether one is new."""
        new = False
        for finding in findings:
            key = (finding.signal, finding.high)
            known = self.peaks.get(key)
            told = finding.quote is not None and finding.quote.first
            new |= known is None or told
            if known is None or told or finding.score > known.score:
                self.peaks[key] = _evidence(finding)
        return new

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What it rests on, strongest first."""
        return tuple(sorted(self.peaks.values(), key=lambda e: -e.score))

    def state(self) -> list[Any]:
        """Everything there is to remember."""
        peaks = [[high, e.model_dump_json().encode()] for (_, high), e in self.peaks.items()]
        return [self.alert.model_dump_json().encode(), peaks, self.last_anomalous]

    @classmethod
    def restored(cls, alert: bytes, peaks: Sequence[tuple[bool, bytes]], last: int) -> Self:
        """Take up a state again."""
        evidence = [(high, Evidence.model_validate_json(e)) for high, e in peaks]
        by_signal = {(e.signal, high): e for high, e in evidence}
        return cls(Alert.model_validate_json(alert), by_signal, last)


def _evidence(finding: Finding) -> Evidence:
    return Evidence(
        signal=finding.signal,
        direction="high" if finding.high else "low",
        span_minutes=finding.span,
        observed=round(finding.observed, 4),
        expected=round(finding.expected, 4),
        score=round(finding.score, 4),
        text=sentence(finding),
    )
