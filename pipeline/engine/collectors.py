"""Alerts about collectors that have gone quiet: then the engine is blind, and says so."""

from __future__ import annotations

from typing import Any

from pipeline.engine.calendar import instant
from pipeline.engine.explain import headline, sentence
from pipeline.engine.finding import Finding
from pipeline.engine.identity import alert_id, fingerprint
from pipeline.engine.next_step import next_step
from pipeline.engine.watermarks import Watermarks
from schemas.alerts import Alert, Evidence

ALL_TENANTS = "*"
"""The tenant of an alert about a collector, which may serve several."""


class CollectorAlerts:
    """The open alerts about collectors, by name."""

    def __init__(self) -> None:
        self._open: dict[str, Alert] = {}

    def judge(self, changed: list[tuple[str, bool]], marks: Watermarks) -> list[Alert]:
        """Raise an alert for each collector that went down, and resolve those that came back."""
        return [
            self._raise(name, marks) if down else self._resolve(name, marks)
            for name, down in changed
        ]

    def _raise(self, name: str, marks: Watermarks) -> Alert:
        last, now = marks.collectors[name].watermark, marks.furthest
        silent = (now - last) / 60
        finding = Finding("collector", False, int(silent), silent, marks.timeout / 60, 2.0)
        text = sentence(finding)
        evidence = Evidence(
            signal="collector",
            direction="low",
            span_minutes=finding.span,
            observed=round(silent, 2),
            expected=finding.expected,
            score=finding.score,
            text=text,
        )
        alert = self._open[name] = Alert(
            id=alert_id(ALL_TENANTS, name, "collector", last),
            fingerprint=fingerprint(ALL_TENANTS, name, "collector"),
            status="firing",
            revision=0,
            severity="critical",
            tenant=ALL_TENANTS,
            flow_id=name,
            signal="collector",
            starts_at=instant(last),
            updated_at=instant(now),
            score=finding.score,
            summary=headline(f"Collector {name}", finding),
            explanation=f"{text[:1].upper()}{text[1:]}. Its flows are neither judged nor learned "
            "until it reports again.",
            next_step=next_step(finding),
            evidence=(evidence,),
        )
        return alert

    def _resolve(self, name: str, marks: Watermarks) -> Alert:
        now = instant(marks.furthest)
        alert = self._open.pop(name)
        resolved = {"status": "resolved", "revision": alert.revision + 1}
        return alert.model_copy(update={**resolved, "updated_at": now, "ends_at": now})

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now."""
        return [alert for _, alert in sorted(self._open.items())]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {"open": [a.model_dump_json().encode() for _, a in sorted(self._open.items())]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        alerts = [Alert.model_validate_json(raw) for raw in state["open"]]
        self._open = {alert.flow_id: alert for alert in alerts}
