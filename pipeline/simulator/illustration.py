"""The demo's picture: its flows, faults and alerts as rows to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.engine.emissions import FlowKey
from pipeline.simulator.faults import FaultKind
from pipeline.simulator.picture import Mark, Row, Shade
from pipeline.simulator.retailer import TENANT
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scorecard import Finding, Scorecard, raised_at
from pipeline.simulator.tracks import Track
from schemas.alerts import Alert
from schemas.signals import SignalName

SHOWN: tuple[SignalName, ...] = ("volume", "errors", "latency", "backlog")

_SHOWS: Mapping[FaultKind, SignalName] = {
    "latency step": "latency",
    "latency creep": "latency",
    "error burst": "errors",
    "retry storm": "errors",
    "backlog": "backlog",
}
"""Where a fault is seen best, if not in the volume."""

Tracks = Mapping[tuple[FlowKey, SignalName], Track]


def rows(scenario: Scenario, tracks: Tracks, card: Scorecard, alerts: Sequence[Alert]) -> list[Row]:
    """Return a row for each flow that has tracks."""
    return [
        Row(
            profile.name,
            [tracks[key] for key in _keys(scenario, profile.flow_id, card) if key in tracks],
            [_shade(f) for f in card.findings if f.fault.flow_id == profile.flow_id],
            _marks(profile.flow_id, card, alerts),
        )
        for profile in scenario.profiles
        if (FlowKey(TENANT, profile.flow_id), "volume") in tracks
    ]


def _keys(scenario: Scenario, flow_id: str, card: Scorecard) -> list[tuple[FlowKey, SignalName]]:
    flow = FlowKey(TENANT, flow_id)
    faulty = {_SHOWS.get(fault.kind) for fault in scenario.faults_of(flow_id)}
    alarmed = {alert.signal for alert in card.false if alert.flow_id == flow_id}
    seen = {"volume", *faulty, *alarmed}
    return [(flow, signal) for signal in SHOWN if signal in seen]


def _shade(finding: Finding) -> Shade:
    fault = finding.fault
    if finding.minutes is None:
        words = f"{fault.kind}, {'missed' if finding.outcome == 'missed' else 'not yet found'}"
    else:
        words = f"{fault.kind}, found after {finding.minutes:.0f} min"
    return Shade(fault.start, fault.end, words)


def _marks(flow_id: str, card: Scorecard, alerts: Sequence[Alert]) -> list[Mark]:
    false = {alert.id for alert in card.false}
    return [
        Mark(raised_at(alert), hollow=True, words=f"false alarm: {alert.signal}")
        if alert.id in false
        else Mark(raised_at(alert))
        for alert in alerts
        if alert.flow_id == flow_id and card.start <= alert.starts_at < card.until
    ]
