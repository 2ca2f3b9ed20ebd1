from __future__ import annotations

import pytest

from pipeline.engine.finding import Finding, Quote
from pipeline.engine.severity import severity_of


@pytest.mark.parametrize(
    ("finding", "severity"),
    [
        (Finding("volume", False, 15, 0, 160, 1.2), "critical"),
        (Finding("volume", False, 60, 0, 3, 1.2), "warning"),
        (Finding("volume", False, 15, 20, 160, 1.2), "warning"),
        (Finding("errors", True, 10, 50, 1, 1.2, total=100), "critical"),
        (Finding("errors", True, 10, 5, 1, 1.2, total=100), "warning"),
        (Finding("latency", True, 4, 9000, 1000, 2.1), "critical"),
        (Finding("failure", True, 30, 0.9, 0.01, 5.0), "info"),
        (Finding("new_error", True, 1, 1, 0, 1.2, quote=Quote("x", "auth", "", "r")), "critical"),
        (Finding("new_error", True, 1, 9, 0, 2.9, quote=Quote("x", "not_found", "", "r")), "info"),
    ],
)
def test_severity_follows_what_the_business_loses(finding: Finding, severity: str) -> None:
    assert severity_of(finding) == severity
