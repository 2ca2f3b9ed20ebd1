"""A short scenario."""

from __future__ import annotations

import pytest

from pipeline.simulator.scenario import Scenario

from .tiny_engine import START


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    """Four hours of history and two and a half live ones, with the first fault of the plan."""
    return Scenario.draw(START, history_days=4 / 24, live_hours=2.5, seed=1)
