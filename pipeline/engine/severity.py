"""How bad what was found is for the business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from detectors.errors.taxonomy import MEANING
from pipeline.engine.finding import Finding, is_large

Severity = Literal["critical", "warning", "info"]

RANK: Mapping[Severity, int] = {"info": 0, "warning": 1, "critical": 2}

CRITICAL_SCORE = 2.0
"""Twice the alarm threshold: rarer than one false alarm a flow in several years on the measured
sweep of thresholds, so worth waking somebody for."""

STOPPED = 5.0
"""Runs expected while none came: fewer and a stop is not yet business lost."""


def severity_of(finding: Finding) -> Severity:
    """Judge how bad one finding is for the business.

    >>> severity_of(Finding("errors", True, 10, 80, 0.5, 1.2, total=100))
    'critical'
    >>> severity_of(Finding("failure", True, 30, 0.4, 0.01, 1.1))
    'info'
    """
    if finding.signal == "failure":
        return "info"
    if finding.signal == "new_error" and finding.quote is not None:
        return MEANING[finding.quote.kind].severity
    stopped = not finding.high and finding.observed == 0 and finding.expected >= STOPPED
    failing = finding.signal == "errors" and finding.observed * 2 >= finding.total
    grave = finding.score >= CRITICAL_SCORE and is_large(finding)
    if grave or (finding.signal == "volume" and stopped) or failing:
        return "critical"
    return "warning"
