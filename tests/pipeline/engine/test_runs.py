from __future__ import annotations

from pipeline.engine.runs import FORGET_AFTER, Runs


def test_a_run_starts_once() -> None:
    runs = Runs(remember=3600)
    assert runs.start("f", "r", 10)
    assert not runs.start("f", "r", 20)


def test_a_run_ends_once_and_tells_when_it_started() -> None:
    runs = Runs(remember=3600)
    runs.start("f", "r", 10)
    assert runs.end("f", "r") == (True, 10)
    assert runs.end("f", "r") == (False, None)


def test_a_start_seen_after_the_end_is_no_news() -> None:
    runs = Runs(remember=3600)
    runs.end("f", "r")
    assert not runs.start("f", "r", 10)


def test_runs_of_different_flows_do_not_meet() -> None:
    runs = Runs(remember=3600)
    assert runs.start("f", "r", 10)
    assert runs.start("g", "r", 10)


def test_a_run_that_never_ends_is_forgotten_after_a_week() -> None:
    runs = Runs(remember=3600)
    runs.start("f", "r", 10)
    runs.advance(10 + FORGET_AFTER)
    assert not runs.start("f", "r", 20)
    runs.advance(11 + FORGET_AFTER)
    assert runs.start("f", "r", 20)


def test_a_run_longer_than_the_memory_for_ended_ones_keeps_its_start() -> None:
    runs = Runs(remember=3600)
    runs.start("f", "r", 10)
    for now in range(0, 20_000, 100):
        runs.advance(now)
    assert runs.end("f", "r") == (True, 10)


def test_a_restored_memory_has_the_same_runs() -> None:
    runs = Runs(remember=3600)
    runs.start("f", "open", 10)
    runs.end("f", "ended")
    again = Runs(remember=3600)
    again.restore(runs.state())
    assert again.end("f", "open") == (True, 10)
    assert again.end("f", "ended") == (False, None)
