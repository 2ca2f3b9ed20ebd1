"""A short storm, in the ordinary suite; ``make chaos`` is the long one."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import pytest

from tests.broker import Broker
from tests.chaos.run import run
from tests.chaos.schedule import Plan
from tests.conftest import MakeTopics

SHORT = Plan(kills=3, terms=1, stops=1, joins=1, broker_kills=1, broker_pauses=0)


@pytest.mark.kafka
@pytest.mark.timeout(600)
async def test_nothing_that_is_done_to_workers_and_broker_shows_in_what_is_published(
    broker: Broker,
    make_topics: MakeTopics,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "aiokafka")  # a broker that is killed is no news
    found = await run(broker, make_topics(broker.bootstrap), tmp_path, SHORT, events=10_000, seed=2)
    wrong = [check for check in found.checks if check.wrong or not check.looked_at]
    assert wrong == [], [str(each) for each in found.exits]
    assert len(found.strikes) == len(SHORT.kinds())
    assert [each.code for each in found.exits].count(-signal.SIGKILL) == SHORT.kills
