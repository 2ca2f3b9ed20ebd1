from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.errors.templates import Templates

WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6).map(" ".join)
LINES = st.lists(st.tuples(st.sampled_from(["auth", "network"]), WORDS), max_size=60)


def test_lines_that_differ_in_one_word_of_many_share_a_template() -> None:
    templates = Templates()
    numbers = [templates.add("not_found", f"the page {w} of list is gone") for w in "abc"]
    assert numbers == [1, 1, 1]
    assert templates.text(1) == "the page <*> of list is gone"


def test_short_lines_that_differ_are_different_errors() -> None:
    templates = Templates()
    assert templates.add("unknown", "order refused") != templates.add("unknown", "order lost")


def test_errors_of_two_classes_never_share_a_template() -> None:
    templates = Templates()
    line = "POST <URL> resulted in <*> response from the server today"
    assert templates.add("auth", line) != templates.add("not_found", line)


def test_a_forgotten_template_is_a_new_one_when_it_comes_again() -> None:
    templates = Templates()
    templates.forget(templates.add("auth", "no entry"))
    assert templates.add("auth", "no entry") == 2


@settings(max_examples=50)
@given(LINES, LINES, st.sets(st.integers(1, 20)))
def test_templates_taken_up_again_have_the_same_future(
    before: list[tuple[str, str]], after: list[tuple[str, str]], forgotten: set[int]
) -> None:
    original, restored = Templates(), Templates()
    known = {original.add(*line) for line in before}
    for number in sorted(forgotten & known):
        original.forget(number)
    restored.restore(original.state())
    assert [restored.add(*line) for line in after] == [original.add(*line) for line in after]
    assert restored.state() == original.state()


def test_a_line_that_holds_the_mark_of_a_parameter_has_one_template():
    templates = Templates()
    assert templates.add("unknown", "<*>") == templates.add("unknown", "<*>")
