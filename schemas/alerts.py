"""An alert: what the engine tells a person, once, and keeps up to date until it is over.

The shape maps one to one onto Alertmanager's (labels are identity, annotations are words) and
Keep's (severity, status, fingerprint).
"""

from __future__ import annotations

from typing import Literal

from schemas.cloudevents import Envelope
from schemas.fields import Contract, Count, Instant, LongText, Text
from schemas.signals import SignalName

AlertSignal = SignalName | Literal["collector", "metric"]


class Evidence(Contract):
    """One measured reason for an alert, over the span (minutes) that showed it most clearly.

    ``metric`` names the number, where the signal is ``metric``.
    """

    signal: AlertSignal
    direction: Literal["high", "low"]
    span_minutes: Count
    observed: float
    expected: float
    score: float
    text: LongText
    metric: Text | None = None


class Forecast(Contract):
    """A failure foreseen: how probable, why, and what such warnings were worth so far.

    Attributes
    ----------
    probability
        Of a failure within ``horizon_minutes``.
    lead_minutes
        From warning to failure as a rule; None before a first warning came true.
    confidence
        Share of the latest warnings, of all flows, that came true; None before the first.
    reasons
        The symptoms that raise the probability most, strongest first, three at most.
    """

    horizon_minutes: Count
    probability: float
    lead_minutes: float | None
    confidence: float | None
    reasons: tuple[Text, ...]


class Alert(Contract):
    """One trouble of one flow, from its first anomalous window until calm returns.

    Attributes
    ----------
    id
        Derived from tenant, flow, signal and first anomalous window, so a repeat is recognised.
    fingerprint
        Derived from tenant, flow and signal: the same trouble at another time.
    revision
        0 when first raised; higher for every update.
    signal
        What raised it; ``evidence`` holds everything that has joined since, strongest first.
    forecast
        The latest word on a failure foreseen, if one is or was.
    """

    id: Text
    fingerprint: Text
    status: Literal["firing", "resolved"]
    revision: Count
    severity: Literal["critical", "warning", "info"]
    tenant: Text
    flow_id: Text
    flow_name: Text | None = None
    signal: AlertSignal
    starts_at: Instant
    updated_at: Instant
    ends_at: Instant | None = None
    score: float
    summary: LongText
    explanation: LongText
    next_step: LongText
    evidence: tuple[Evidence, ...]
    forecast: Forecast | None = None


class AlertEvent(Envelope):
    """An alert as it is published."""

    type: Literal["cogent.alert"]
    data: Alert
