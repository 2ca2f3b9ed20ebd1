"""What an alert says of a failure that is foreseen."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pipeline.engine.finding import Finding
from schemas.alerts import Forecast


def foretold(findings: Iterable[Finding]) -> Forecast | None:
    """Return the forecast among findings, if there is one."""
    for finding in findings:
        if (past := finding.foresight) is not None:
            return Forecast(
                horizon_minutes=finding.span,
                probability=round(finding.observed, 4),
                lead_minutes=_known(past.lead_minutes),
                confidence=_known(past.confidence),
                reasons=past.reasons,
            )
    return None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
