"""A single run of a flow that has few, judged beside the runs before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.engine.engine import Engine
from pipeline.settings import EngineSettings
from schemas.alerts import Alert
from tests.make import MONDAY, batch, heartbeat, run

DAY = 86_400
NIGHTS = 21
ORDINARY: dict[str, Any] = {"state": "success", "records_in": 500, "duration_ms": 60_000}


def night(target: Engine, number: int, **changes: Any) -> list[Alert]:
    """Let one nightly run end and the day go by."""
    start = MONDAY + number * DAY
    noise = np.random.default_rng(number).normal(1, 0.05)
    data = ORDINARY | {"records_in": round(500 * noise)} | changes
    ended = run(start + 7200, run_id=f"{number}", attributes={"id": f"night {number}"}, **data)
    out = target.apply(batch(ended, heartbeat(start + DAY)))
    return [e for e in out if isinstance(e, Alert)]


@pytest.fixture(scope="module")
def learned() -> bytes:
    e = engine()
    assert [night(e, n) for n in range(NIGHTS)] == [[]] * NIGHTS
    return e.snapshot()


def engine(snapshot: bytes | None = None) -> Engine:
    made = Engine(EngineSettings(window_seconds=900, lateness_seconds=0))
    if snapshot is not None:
        made.restore(snapshot)
    return made


@pytest.mark.parametrize(
    ("changes", "signal", "words"),
    [
        ({"records_in": 240}, "records", "240 records came in"),
        ({"duration_ms": 240_000}, "latency", "runs take 4 minutes"),
        ({"state": "failure"}, "errors", "1 of 1 runs failed"),
    ],
)
def test_a_run_unlike_the_nights_before_is_told_at_once(
    learned: bytes, changes: dict[str, Any], signal: str, words: str
) -> None:
    raised, *_ = night(engine(learned), NIGHTS, **changes)
    assert raised.signal == signal
    assert words in raised.explanation or words in raised.summary
    assert raised.starts_at.timestamp() == MONDAY + NIGHTS * DAY + 7200


def test_a_restored_engine_judges_the_run_the_same(learned: bytes) -> None:
    one, other = engine(learned), engine(learned)
    assert night(one, NIGHTS, records_in=200) == night(other, NIGHTS, records_in=200)
    assert one.snapshot() == other.snapshot()
