from __future__ import annotations

from pipeline.engine.runs import FORGET_AFTER, Runs


def test_a_run_starts_once() -> None:
    runs = Runs(remember=3600)
    assert runs.start(0, "r", 10)
    assert not runs.start(0, "r", 20)


def test_a_run_ends_once_and_tells_when_it_started() -> None:
    runs = Runs(remember=3600)
    runs.start(0, "r", 10)
    assert runs.end(0, "r") == (True, 10)
    assert runs.end(0, "r") == (False, None)


def test_a_start_seen_after_the_end_is_no_news() -> None:
    runs = Runs(remember=3600)
    runs.end(0, "r")
    assert not runs.start(0, "r", 10)


def test_runs_of_different_flows_do_not_meet() -> None:
    runs = Runs(remember=3600)
    assert runs.start(0, "r", 10)
    assert runs.start(1, "r", 10)


def test_a_run_that_never_ends_is_forgotten_after_a_week() -> None:
    runs = Runs(remember=3600)
    runs.start(0, "r", 10)
    runs.advance(10 + FORGET_AFTER)
    assert not runs.start(0, "r", 20)
    runs.advance(11 + FORGET_AFTER)
    assert runs.start(0, "r", 20)


def test_a_run_longer_than_the_memory_for_ended_ones_keeps_its_start() -> None:
    runs = Runs(remember=3600)
    runs.start(0, "r", 10)
    for now in range(0, 20_000, 100):
        runs.advance(now)
    assert runs.end(0, "r") == (True, 10)


def test_a_restored_memory_has_the_same_runs() -> None:
    runs = Runs(remember=3600)
    runs.start(0, "open", 10)
    runs.end(0, "ended")
    again = Runs(remember=3600)
    again.restore(runs.state())
    assert again.end(0, "open") == (True, 10)
    assert again.end(0, "ended") == (False, None)


def test_runs_end_together_only_if_nothing_was_heard_of_any_of_them() -> None:
    runs = Runs(remember=3600)
    runs.start(0, "running", 10)
    runs.end(0, "ended")
    for known in ("running", "ended"):
        assert not runs.end_unheard([0, 0], ["new", known])
    assert not runs.end_unheard([0, 0], ["twice", "twice"])
    assert runs.end_unheard([0, 1, 1], ["new", "new", "running"])
    assert runs.end(1, "new") == (False, None)


def test_many_lost_runs_are_forgotten_at_once() -> None:
    runs = Runs(remember=3600)
    for n in range(100):
        runs.start(0, str(n), n)
    runs.advance(50 + FORGET_AFTER)
    assert [run for run, _ in runs.state()["open"]] == [f"0 {n}" for n in range(50, 100)]
