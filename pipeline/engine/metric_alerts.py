"""Alerts about watched numbers: one for each number, open until it has been calm for a while."""

from __future__ import annotations

from typing import Any

from pipeline.engine.calendar import instant
from pipeline.engine.emissions import MetricVerdict
from pipeline.engine.identity import alert_id, fingerprint
from pipeline.engine.metric_series import MetricKey
from pipeline.engine.wording import number
from schemas.alerts import Alert, Evidence

NEXT_STEP = (
    "Look at what feeds this number, and at what was changed when it turned. If it is meant to be "
    "so from now on, nothing needs doing: it will count as usual."
)


class MetricAlerts:
    """The open alerts about numbers, each with the end of its latest anomalous window.

    Parameters
    ----------
    calm
        Seconds without an anomalous window after which an alert resolves.
    """

    def __init__(self, calm: int) -> None:
        self.calm = calm
        self._open: dict[MetricKey, tuple[Alert, int]] = {}

    def judge(self, verdict: MetricVerdict) -> list[Alert]:
        """Raise an alert, or keep one open."""
        if not verdict.score > 1:
            return []
        key = MetricKey(*verdict.flow, verdict.metric)
        known = self._open.get(key)
        alert = _raised(verdict) if known is None else known[0]
        self._open[key] = (alert, verdict.start + verdict.seconds)
        return [alert] if known is None else []

    def resolve(self, key: MetricKey, now: int) -> list[Alert]:
        """Resolve the alert of a number that has been calm, or silent, for long enough."""
        if key not in self._open or now - self._open[key][1] < self.calm:
            return []
        alert, end = self._open.pop(key)
        resolved = {"status": "resolved", "revision": alert.revision + 1}
        moments = {"updated_at": instant(now), "ends_at": instant(end)}
        return [alert.model_copy(update={**resolved, **moments})]

    def firing(self) -> list[Alert]:
        """Return the alerts that fire now."""
        return [alert for _, (alert, _) in sorted(self._open.items())]

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        return {
            "open": [
                [*key, alert.model_dump_json().encode(), end]
                for key, (alert, end) in sorted(self._open.items())
            ]
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._open = {
            MetricKey(*key): (Alert.model_validate_json(alert), end)
            for *key, alert, end in state["open"]
        }


def _raised(verdict: MetricVerdict) -> Alert:
    tenant, flow_id = verdict.flow
    text = _sentence(verdict)
    evidence = Evidence(
        signal="metric",
        metric=verdict.metric,
        direction="high" if verdict.observed >= verdict.expected else "low",
        span_minutes=-(-verdict.seconds // 60),
        observed=verdict.observed,
        expected=verdict.expected,
        score=round(verdict.score, 4),
        text=text,
    )
    of_flow = "" if flow_id == "*" else f" of {flow_id}"
    return Alert(
        id=alert_id(tenant, flow_id, "metric", verdict.start, verdict.metric),
        fingerprint=fingerprint(tenant, flow_id, "metric", verdict.metric),
        status="firing",
        revision=0,
        severity="warning",
        tenant=tenant,
        flow_id=flow_id,
        signal="metric",
        starts_at=instant(verdict.start),
        updated_at=instant(verdict.start + verdict.seconds),
        score=evidence.score,
        summary=f"{verdict.metric}{of_flow} is unusual",
        explanation=f"{text}.",  # begins with a name: no capital letter
        next_step=NEXT_STEP,
        evidence=(evidence,),
    )


def _sentence(verdict: MetricVerdict) -> str:
    unit = "" if verdict.unit is None else f" {verdict.unit}"
    usual = f"{number(verdict.lower)} to {number(verdict.upper)}"
    return (
        f"{verdict.metric} is {number(verdict.observed)}{unit}, where {usual} is usual: "
        f"{verdict.why}"
    )
