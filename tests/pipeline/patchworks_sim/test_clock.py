"""The stand-in's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.patchworks_sim.clock import HandClock, RunningClock

from .conftest import START


def test_a_clock_that_catches_up_stops_at_the_present():
    clock = RunningClock(datetime.now(UTC) - timedelta(hours=1), 10**9, catches_up=True)
    assert clock.now() <= datetime.now(UTC) < clock.now() + timedelta(seconds=1)


def test_a_clock_that_does_not_runs_on():
    assert RunningClock(START, 10**9).now() > START + timedelta(seconds=1)


async def test_who_sleeps_moves_a_clock_moved_by_hand():
    clock = HandClock(START)
    await clock.sleep(5)
    assert clock.now() == START + timedelta(seconds=5)
