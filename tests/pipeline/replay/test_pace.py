from __future__ import annotations

import pytest

from pipeline.replay.pace import FULL_SPEED, Pace


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 500.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("speed", "took"), [(1, 3600.0), (60, 60.0), (FULL_SPEED, 0.0)])
async def test_an_hour_takes_an_hour_divided_by_the_speed(speed: float, took: float):
    time = Time()
    pace = Pace(speed, time.clock, time.sleep)
    for recorded in range(1_000_000, 1_003_601, 60):
        await pace.until(recorded)
    assert time.now - 500.0 == pytest.approx(took)


async def test_time_lost_is_made_up_for():
    time = Time()
    pace = Pace(1, time.clock, time.sleep)
    await pace.until(0)
    time.now += 45  # the log was slow
    await pace.until(30)
    await pace.until(60)
    assert time.now - 500.0 == pytest.approx(60)
