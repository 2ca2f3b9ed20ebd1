"""Latency and memory of real workers, measured in small."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import latency, memory
from tests.broker import ADDRESS

pytestmark = pytest.mark.kafka

Measure = Callable[..., dict[str, Any]]


@pytest.fixture
def measure(
    kafka: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Measure:
    """Run a benchmark's command on the tests' broker; return what it found."""

    def run(main: Callable[[], None], *arguments: str) -> dict[str, Any]:
        monkeypatch.setenv(ADDRESS, kafka)
        monkeypatch.setattr("sys.argv", ["benchmark", *arguments, "--json"])
        main()
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def test_every_planted_alert_is_timed(measure: Measure) -> None:
    found = measure(latency.main, "--rate=1500", "--seconds=4", "--flows=50")

    counted = found["minutes_played"] - latency.FIRST_MINUTES - 1  # the last minute stays open
    assert found["alerts"] == latency.PLANTED * counted
    assert 0 < found["p50_ms"] <= found["p99_ms"] <= found["max_ms"]
    assert found["events_per_s"] == pytest.approx(1500, rel=0.2)


def test_a_worker_is_weighed_and_restarted(measure: Measure) -> None:
    found = measure(memory.main, "--flows=300", "--minutes=4", "--per-minute=1")

    assert found["idle_mb"] < found["resident_mb"] <= found["peak_mb"]
    assert found["resident_kb_a_flow"] > 10
    assert found["restart_seconds"] > 0
