"""A short flood against the whole engine in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fuzz.flood import Flood, flooded


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_a_flood_holds_up_nobody_and_memory_is_bounded(tmp_path: Path):
    flood = flooded(tmp_path, attackers=60, seconds=5, tell=lambda _: None)
    assert flood.wrong() == []
    assert len(flood.attacks) == 5
    assert flood.statuses[202] > 5


def test_what_is_not_as_it_should_be_is_named():
    flood = Flood(waits=[3.0], grown_mb=500)
    flood.statuses[500] += 1
    assert len(flood.wrong()) == 5
