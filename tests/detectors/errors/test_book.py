from __future__ import annotations

import msgspec
import numpy as np
import pytest

from benchmarks.errors.worlds import (
    BUDGET,
    DAY,
    LIMIT,
    Life,
    alarms,
    bursts,
    line,
    news,
    one_offs,
    poisson,
)
from detectors.errors.book import TEMPLATES, ErrorBook, Sighting, read
from detectors.errors.novelty import SHARE

KNOWN = (0, 1, 2)
NEW = 7


def lived(days: int, kinds: tuple[int, ...] = KNOWN) -> Life:
    """A flow that has shown each of some kinds every six hours."""
    life = Life()
    for n in range(days * 4):
        life.minute(n * DAY // 4, list(kinds))
    return life


@pytest.mark.parametrize(("days", "runs"), [(2, 3), (7, 2), (15, 1)])
def test_the_longer_a_flow_is_watched_the_fewer_runs_make_a_new_error_news(
    days: int, runs: int
) -> None:
    assert news(lived(days).minute(days * DAY, [NEW], each=runs)) > 1
    assert news(lived(days).minute(days * DAY, [NEW], each=runs - 1)) <= 1


def test_nothing_is_news_in_the_first_two_days() -> None:
    assert lived(1).minute(2 * DAY - 1, [NEW], each=50).news is None


def test_an_error_seen_while_learning_is_not_news_later() -> None:
    life = lived(1)
    life.minute(DAY + 60, [NEW])
    assert life.minute(20 * DAY, [NEW], each=50).news is None


def test_news_is_told_for_the_first_time_once() -> None:
    life = lived(15)
    told = [life.minute(15 * DAY + m, [NEW]).news for m in range(5)]
    assert [n.first for n in told if n] == [True, False, False, False, False]
    assert [n.runs for n in told if n] == [1, 2, 3, 4, 5]


def test_an_error_that_stays_for_a_day_is_news_no_more() -> None:
    life = lived(15)
    for hour in range(24):
        assert life.minute(15 * DAY + 60 * hour, [NEW]).news is not None
    assert life.minute(16 * DAY, [NEW]).news is None


def test_many_new_errors_at_once_are_one_piece_of_news() -> None:
    life = lived(15)
    first = life.minute(15 * DAY, [NEW, *range(20, 29)]).news
    assert first is not None
    assert (first.others, first.first) == (9, True)
    later = [life.minute(15 * DAY + m, [30 + m]).news for m in range(1, 5)]
    assert [n.first for n in later if n] == [False] * 4


def test_in_a_flow_full_of_errors_that_come_once_another_is_news_only_if_it_comes_again() -> None:
    rng = np.random.default_rng(3)
    life = Life()
    for _ in life.live(poisson(rng, 20, 10, lambda n, _: 100 + n)):
        pass
    assert news(life.minute(20 * DAY, [NEW])) < 1
    assert news(life.minute(20 * DAY + 1, [NEW], each=4)) > 1


def test_one_off_errors_keep_to_their_share_of_the_budget() -> None:
    raised, weeks = 0, 0
    for seed in range(10):
        errors = one_offs(np.random.default_rng(seed), days=56)
        raised += len(alarms((m, news(j)) for m, j in Life().live(errors)))
        weeks += 8
    assert 0 < raised / weeks <= SHARE * BUDGET


def test_an_error_forgotten_for_eight_weeks_is_news_again() -> None:
    life = lived(15)
    life.minute(15 * DAY, [NEW])
    for week in range(3, 13):
        life.minute(week * 7 * DAY, list(KNOWN))
    assert news(life.minute(13 * 7 * DAY, [NEW])) > 1


def test_the_error_most_often_seen_of_late_is_known() -> None:
    life = lived(15)
    life.minute(15 * DAY, [1, 1, 1, 2])
    often = life.book.most_often()
    assert often is not None
    assert (life.book.known[often.number].kind, often.times, often.of) == (line(1).kind, 3, 4)


def size(book: ErrorBook) -> int:
    return len(msgspec.msgpack.encode(book.state()))


def test_an_ordinary_flow_takes_less_than_four_kilobytes() -> None:
    book = ErrorBook(BUDGET, LIMIT)
    refused = "Client error: `POST https://shop.example/{n}` resulted in a `{status}` response"
    for n in range(500):
        status = (400, 401, 404, 409, 413, 429, 500, 504)[n % 8]
        line = read(refused.format(n=n, status=status))
        number = book.note(line, at=600 * n, sample=f"run-{n}", watched=0)
        book.judge(600 * n, [Sighting(number, 1, f"run-{n}")], watched=0)
    assert len(book.known) == 8
    assert size(book) < 4096


def test_a_flow_of_endless_new_errors_stays_bounded() -> None:
    book = ErrorBook(BUDGET, LIMIT)
    for n in range(3000):
        words = " ".join(chr(97 + (n * 7 + i * i * n) % 26) * 30 for i in range(5 + n % 5))
        number = book.note(read(words), at=60 * n, sample="r" * 256, watched=60 * n)
        book.judge(60 * n, [Sighting(number, 1, "r" * 256)], watched=60 * n)
    assert len(book.known) == TEMPLATES
    assert size(book) < 20_000


def test_a_book_taken_up_again_has_the_same_future() -> None:
    errors = bursts(np.random.default_rng(5), days=20)
    original, restored = Life(), Life()
    minutes = sorted(errors)
    for minute in minutes[:300]:
        original.minute(minute, errors[minute])
    restored.book.restore(original.book.state())
    for minute in minutes[300:]:
        kinds = [*errors[minute], *range(200 + minute % 7, 200 + minute % 11)]
        assert restored.minute(minute, kinds) == original.minute(minute, kinds)
    assert restored.book.state() == original.book.state()
