"""The page and the tests speak of the same steps."""

from __future__ import annotations

from tests.guarantees.page import tables
from tests.guarantees.steps import STEPS


def test_every_step_on_the_page_is_one_that_is_killed_at_in_the_same_order() -> None:
    told = {title: [row.step for row in rows] for title, rows in tables().items()}
    assert told == {title: list(steps) for title, steps in STEPS.items()}


def test_what_is_seen_is_told_in_words_the_tests_know() -> None:
    edge = {f"{a}, {k}" for a in ("202", "no answer") for k in ("kept", "not kept", "perhaps kept")}
    work = {"published", "partly published", "not published"}
    for title, rows in tables().items():
        words = edge if "request" in title else work
        assert {cell for row in rows for cell in (row.before, row.after)} <= words
