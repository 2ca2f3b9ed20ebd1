from __future__ import annotations

import pytest

from pipeline.engine.dedup import SeenIds


def test_an_event_is_new_once() -> None:
    seen = SeenIds(remember=3600)
    assert [seen.first("shop", "1") for _ in range(3)] == [True, False, False]


def test_the_same_id_from_another_source_is_another_event() -> None:
    seen = SeenIds(remember=3600)
    assert seen.first("shop", "1")
    assert seen.first("erp", "1")


def test_an_id_is_remembered_for_at_least_the_time_promised() -> None:
    seen = SeenIds(remember=3600)
    seen.advance(0)
    for now in range(0, 3600, 60):
        seen.advance(now)
        seen.first("shop", str(now))
    for now in range(0, 3600, 60):
        seen.advance(now + 3599)
        assert not seen.first("shop", str(now))


def test_ids_are_forgotten_after_two_lifetimes() -> None:
    seen = SeenIds(remember=3600)
    seen.advance(0)
    seen.first("shop", "old")
    seen.advance(3600)
    seen.advance(7200)
    assert len(seen) == 0
    assert seen.first("shop", "old")


def test_a_long_jump_in_time_forgets_everything_at_once() -> None:
    seen = SeenIds(remember=3600)
    seen.advance(0)
    seen.first("shop", "old")
    seen.advance(1_000_000)
    assert len(seen) == 0


def test_a_collector_that_was_away_is_known_again_however_long_it_was() -> None:
    seen = SeenIds(remember=3600)
    seen.advance(0, {"poller": 0})
    seen.first("poller", "1")
    seen.advance(60, {"poller": 60})
    for now in range(120, 1_000_000, 600):
        seen.advance(now, {"poller": 60})
    assert not seen.first("poller", "1")


def test_what_a_collector_delivered_before_a_leap_of_its_watermark_is_known_after_it() -> None:
    seen = SeenIds(remember=3600)
    seen.advance(0, {"poller": 0})
    seen.first("poller", "1")
    seen.advance(30_000, {"poller": 30_000})
    assert not seen.first("poller", "1")


def test_ids_of_a_collector_are_forgotten_as_its_watermark_moves_on() -> None:
    seen = SeenIds(remember=3600)
    for now in range(0, 40_000, 100):
        seen.first("poller", str(now))
        seen.advance(now, {"poller": now})
    assert len(seen) <= 2 * 36 + 1


def test_a_restored_memory_knows_the_same_events() -> None:
    seen = SeenIds(remember=3600)
    seen.advance(0)
    seen.first("shop", "1")
    seen.advance(4000, {"poller": 3000})
    seen.first("shop", "2")
    again = SeenIds(remember=3600)
    again.restore(seen.state())
    assert again.state() == seen.state()
    assert not again.first("shop", "1")
    assert not again.first("shop", "2")


def test_many_events_are_remembered_as_one_by_one() -> None:
    many, single = SeenIds(remember=3600), SeenIds(remember=3600)
    rounds = [
        (["a", "a"], ["1", "2"]),
        (["a", "b", "a"], ["2", "2", "3"]),
        (["a", "a", "a"], ["4", "5", "4"]),
        (["b", "b"], ["2", "6"]),
    ]
    for now, (sources, ids) in enumerate(rounds):
        for seen in (many, single):
            seen.advance(now * 2000)
        assert many.firsts(sources, ids) == list(map(single.first, sources, ids))
        assert many.state() == single.state()


@pytest.mark.parametrize(("source", "ids"), [("a", "21"), ("a", "33"), ("b", "44")])
def test_events_that_are_not_all_new_are_not_remembered_together(source: str, ids: str) -> None:
    seen = SeenIds(remember=3600)
    seen.first("a", "1")
    before = seen.state()
    assert not seen.all_first(source, list(ids))
    assert seen.state() == before


def test_ids_are_written_down_in_the_order_they_came() -> None:
    seen = SeenIds(remember=3600)
    for id_ in ("b", "c", "a", "c"):
        seen.first("shop", id_)
    assert seen.all_first("shop", ["z", "y"])
    assert seen.state()["young"] == {"shop": ["b", "c", "a", "z", "y"]}


def test_an_id_that_was_forgotten_comes_anew() -> None:
    seen = SeenIds(remember=3600)
    assert seen.all_first("shop", ["a", "b", "c"])
    seen.forget("shop", "b")
    seen.forget("shop", "never heard of")
    assert not seen.contains("shop", "b")
    assert seen.first("shop", "b")
    assert seen.state()["young"] == {"shop": ["a", "c", "b"]}
    assert len(seen) == 3
