"""What every world promises: the same again, quiet first, labelled where it is wrong."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benchmarks.retail.faults import CLASSIC, KINDS
from benchmarks.retail.plan import APART
from benchmarks.retail.world import COLUMNS, DAY, MINUTES, START, WARM_UP, World
from benchmarks.retail.worlds import WORLDS

SHORT = 10 * DAY


@cache
def made(name: str, per_day: float = 0.5, minutes: int = SHORT) -> World:
    return WORLDS[name](1, per_day, minutes)


each = pytest.mark.parametrize("name", WORLDS)


@each
def test_the_same_seed_gives_the_same_world(name: str):
    again = WORLDS[name](1, 0.5, SHORT)

    assert again.faults == made(name).faults
    for column in COLUMNS:
        np.testing.assert_array_equal(again.columns[column], made(name).columns[column])


@each
def test_another_seed_gives_another(name: str):
    assert WORLDS[name](2, 0.5, SHORT).faults != made(name).faults


@each
def test_the_warm_up_is_without_a_fault_and_no_fault_is_near_another(name: str):
    world = made(name)

    for flow in range(len(world.flows)):
        own = sorted((f for f in world.faults if f.flow == flow), key=lambda fault: fault.start)
        ends = [world.warm_up - APART, *(f.end for f in own)]
        assert all(f.start >= end + APART for f, end in zip(own, ends, strict=False))
        assert all(f.start < f.end <= world.minutes for f in own)


@each
def test_faults_come_at_their_rate_or_not_at_all(name: str):
    world = made(name, minutes=MINUTES)
    days = sum(MINUTES - max(flow.born, WARM_UP) for flow in world.flows) / DAY

    assert 0.4 < len(world.faults) / days < 0.6
    assert not made(name, 0.0).faults


@each
def test_parts_are_no_more_than_the_whole_and_unknown_is_not_zero(name: str):
    c = made(name).columns

    for part, whole in (
        ("failed", "finished"),
        ("partial", "finished"),
        ("warnings", "volume"),
        ("retries", "volume"),
        ("missing", "records"),
        ("duplicates", "records"),
    ):
        known = np.isfinite(c[part])
        assert (c[part][known] >= 0).all()
        assert (c[part][known] <= c[whole][known]).all()
    np.testing.assert_array_equal(np.isnan(c["duration_log"]), ~(c["duration_count"] > 0))
    np.testing.assert_array_equal(np.isnan(c["wait_log"]), ~(c["wait_count"] > 0))


@each
def test_a_flow_is_unknown_before_it_is_born(name: str):
    world = made(name)

    for i, flow in enumerate(world.flows):
        volume = world.columns["volume"][:, i]
        assert np.isnan(volume[: flow.born]).all()
        assert np.isfinite(volume[flow.born :]).all()


@each
def test_without_faults_no_promise_is_broken(name: str):
    world = made(name, 0.0)

    for flow in world.promises:
        assert world.columns["overdue"][world.flows[flow].born :, flow].max() == 0


def test_the_world_of_the_notes_has_their_faults_and_tells_nothing_more():
    world = made("trade", minutes=MINUTES)

    assert {f.kind for f in world.faults} == set(CLASSIC)
    assert np.isnan(world.columns["duplicates"]).all()
    assert not world.columns["retries"].any()


def test_the_other_worlds_have_every_kind_of_fault():
    for name in ("clockwork", "bursts", "estate"):
        assert {fault.kind for fault in made(name, 3.0).faults} == set(KINDS)


def test_the_clocks_of_clockwork_go_forward_in_the_scored_part():
    minutes = made("clockwork", minutes=MINUTES).minute_of_week
    jump = np.flatnonzero(np.diff(minutes) % (7 * DAY) != 1)

    assert jump.tolist() == [27 * DAY + 60 - 1]
    assert minutes[jump + 1] - minutes[jump] == 61
    assert START % (7 * 86_400) == 4 * 86_400  # a Monday


def test_what_is_wrong_upstream_echoes_downstream():
    world = made("estate", minutes=MINUTES)

    assert world.echoes
    assert {world.flows[echo.flow].shape for echo in world.echoes} == {"fed"}


def test_some_promotions_are_announced_and_raise_the_volume():
    world = made("bursts", 0.0, MINUTES)
    risen = []
    for a in world.announced:
        volume = world.columns["volume"][:, a.flow]
        usual = [volume[a.start + shift : a.end + shift].mean() for shift in (-DAY, DAY)]
        risen.append(volume[a.start : a.end].mean() / np.mean(usual))

    assert np.median(risen) > 1.3


def test_some_of_the_flows_are_a_world_of_their_own():
    part = made("estate").only([3, 0])

    assert [flow.name for flow in part.flows] == ["loyalty", "shop orders"]
    assert {f.flow for f in part.faults} <= {0, 1}
    assert part.windows(100, np.array([1])).volume == made("estate").columns["volume"][100, 0]
