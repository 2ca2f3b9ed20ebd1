from __future__ import annotations

import pytest

from pipeline.collect.windows import LONGEST
from pipeline.engine.watermarks import LONGEST_STRETCH, Watermarks
from pipeline.replay.replay import STRIDE
from tests.make import MONDAY


def feed(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_nothing_is_known_before_the_first_heartbeat() -> None:
    assert Watermarks(timeout=300).limit(feed("a")) is None


def test_a_watermark_never_falls() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("a", 900)
    assert marks.limit(feed("a")) == 1000


def test_a_flow_waits_for_its_slowest_living_collector() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("b", 800)
    assert marks.limit(feed("a", "b")) == 800
    assert marks.limit(feed("a")) == 1000


def test_nobody_waits_for_a_collector_that_is_down() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("b", 1000)
    for now in range(1060, 1361, 60):
        marks.beat("a", now)
    assert marks.limit(feed("a", "b")) == 1360
    assert marks.changes() == [("b", True)]


def test_a_flow_fed_only_by_a_collector_that_is_down_stands_still() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("b", 1000)
    for now in range(1060, 3000, 60):
        marks.beat("a", now)
    assert marks.limit(feed("b")) == 1000


def test_a_collector_that_comes_back_is_told_once() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("b", 1000)
    for now in range(1060, 1600, 60):
        marks.beat("a", now)
    assert marks.changes() == [("b", True)]
    assert marks.changes() == []
    marks.beat("b", 1600)
    assert marks.changes() == [("b", False)]


def test_a_newcomer_far_ahead_declares_nobody_dead() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("replay", 1000)
    marks.beat("live", 9_000_000)
    marks.beat("live", 9_000_005)
    assert marks.alive("replay")
    assert marks.changes() == []


def test_a_replay_of_the_past_stays_alive_while_it_moves() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("live", 9_000_000)
    for step in range(100):
        marks.beat("live", 9_000_000 + 60 * step)
        marks.beat("replay", 1000 + 60 * step)
    assert marks.changes() == []


def test_a_finished_collector_holds_nobody_up_and_is_not_missed() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("replay", 1000, finished=True)
    marks.beat("live", 1000)
    for now in range(1060, 3000, 60):
        marks.beat("live", now)
    assert marks.limit(feed("replay", "live")) == 2980
    assert marks.changes() == []


def test_once_all_have_finished_everything_is_known() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000, finished=True)
    assert marks.limit(feed("a")) == 1000
    assert marks.finished(feed("a"))
    assert not marks.finished(feed("a", "b"))


def test_time_between_a_crash_and_a_restart_was_not_watched() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("a", 5000, since=4000)
    assert marks.watched(feed("a"), 900, 1000)
    assert not marks.watched(feed("a"), 960, 1020)
    assert not marks.watched(feed("a"), 2000, 2060)
    assert marks.watched(feed("a"), 4000, 4060)
    assert marks.next_watched(feed("a"), 1020) == 4000


def test_what_one_collector_missed_another_may_have_watched() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("a", 5000, since=4000)
    marks.beat("b", 5000)
    assert marks.watched(feed("a", "b"), 2000, 2060)


def test_one_heartbeat_does_not_vouch_for_years() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("a", 1000 + LONGEST_STRETCH + 1)
    assert not marks.watched(feed("a"), 5000, 5060)


def test_nor_does_one_that_says_it_has_watched_them() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000, since=0)
    marks.beat("a", 1000 + LONGEST_STRETCH + 1, since=0)
    assert not marks.watched(feed("a"), 5000, 5060)


def test_nor_does_the_first() -> None:
    for since in (None, 0):
        marks = Watermarks(timeout=300)
        marks.beat("a", MONDAY, since=since)
        start = MONDAY - LONGEST_STRETCH
        assert marks.watched(feed("a"), start, start + 60)
        assert not marks.watched(feed("a"), start - 60, start)
        assert marks.next_watched(feed("a"), 0) == start


@pytest.mark.parametrize("step", [LONGEST.total_seconds(), STRIDE])
def test_our_own_collectors_promise_no_more_at_a_time(step: float) -> None:
    assert step <= LONGEST_STRETCH


def test_restored_watermarks_are_the_same() -> None:
    marks = Watermarks(timeout=300)
    marks.beat("a", 1000)
    marks.beat("a", 5000, since=4000)
    marks.beat("b", 2000, finished=True)
    again = Watermarks(timeout=300)
    again.restore(marks.state())
    assert again.state() == marks.state()
    assert again.limit(feed("a", "b")) == marks.limit(feed("a", "b"))
