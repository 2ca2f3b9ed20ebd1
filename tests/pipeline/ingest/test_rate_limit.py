from __future__ import annotations

import pytest

from pipeline.ingest.problems import TooManyError
from pipeline.ingest.rate_limit import RateLimit
from tests.pipeline.ingest.edge import run, serve


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(limit: RateLimit, name: str) -> int:
    count = 0
    try:
        while True:
            limit.take(name)
            count += 1
    except TooManyError:
        return count


def test_a_burst_of_twice_the_rate_is_let_through():
    assert taken(RateLimit(10.0, Clock()), "shop") == 20


def test_after_the_burst_the_rate_holds():
    clock = Clock()
    limit = RateLimit(10.0, clock)
    taken(limit, "shop")
    counts = []
    for _ in range(5):
        clock.now += 1.0
        counts.append(taken(limit, "shop"))
    assert counts == [10] * 5


def test_a_long_silence_earns_no_more_than_a_burst():
    clock = Clock()
    limit = RateLimit(10.0, clock)
    taken(limit, "shop")
    clock.now += 3600
    assert taken(limit, "shop") == 20


def test_senders_do_not_use_up_each_others_rate():
    limit = RateLimit(10.0, Clock())
    taken(limit, "shop")
    assert taken(limit, "erp") == 20


def test_a_refusal_says_when_to_come_again():
    limit = RateLimit(0.5, Clock())
    limit.take("shop")
    with pytest.raises(TooManyError) as caught:
        limit.take("shop")
    assert caught.value.retry_after == pytest.approx(2.0)


async def test_over_http_the_sender_is_told_to_wait():
    async with serve(requests_per_second=1.0, tokens={"a": "ta", "b": "tb"}) as edge:
        statuses = [(await edge.post(run(), authorization="Bearer ta")).status_code for _ in "123"]
        assert statuses == [202, 202, 429]
        refused = await edge.post(run(), authorization="Bearer ta")
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert (await edge.post(run(), authorization="Bearer tb")).status_code == 202
        assert (await edge.post(run(), authorization="Bearer no")).status_code == 401
