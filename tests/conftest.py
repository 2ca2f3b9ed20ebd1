"""Fixtures that any test may ask for: a real Kafka broker, and topics of its own on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

import pytest

from pipeline.settings import KafkaSettings

if TYPE_CHECKING:  # a run that needs no Kafka loads none of its libraries
    from tests.broker import Broker

MakeTopics = Callable[[str], KafkaSettings]


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of a broker that all tests share."""
    from tests.broker import shared_broker

    with _running(shared_broker, pytestconfig) as broker:
        yield broker.bootstrap


@pytest.fixture
def broker(pytestconfig: pytest.Config) -> Iterator[Broker]:
    """A broker for this test alone, to be hurt."""
    from tests.broker import own_broker

    with _running(own_broker, pytestconfig) as broker:
        yield broker


@pytest.fixture
def topics(kafka: str, make_topics: MakeTopics) -> KafkaSettings:
    """Settings for the shared broker, with topics and a group of this test's own."""
    return make_topics(kafka)


@pytest.fixture(scope="session")
def make_topics() -> MakeTopics:
    """Create topics with a prefix of their own on the broker at an address."""
    from pipeline.log.topics import apply

    def make(bootstrap: str, partitions: int = 4) -> KafkaSettings:
        prefix = f"t{uuid4().hex[:8]}"
        settings = KafkaSettings(
            bootstrap=bootstrap,
            group=prefix,
            events_topic=f"{prefix}.events",
            dead_letters_topic=f"{prefix}.dead-letters",
            checkpoints_topic=f"{prefix}.checkpoints",
            signals_topic=f"{prefix}.signals",
            alerts_topic=f"{prefix}.alerts",
            partitions=partitions,
        )
        apply(settings)
        return settings

    return make


@contextmanager
def _running(
    start: Callable[[Callable[[str], None]], Broker], config: pytest.Config
) -> Iterator[Broker]:
    from tests.broker import NoBrokerError

    try:
        broker = start(_sayer(config))
    except NoBrokerError as error:
        _without(f"no Kafka broker: {error}")
    try:
        yield broker
    finally:
        broker.stop()


def _without(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"CI must run every test, but {reason}", pytrace=False)
    pytest.skip(reason)


def _sayer(config: pytest.Config) -> Callable[[str], None]:
    """Print to the terminal although pytest captures: a first download takes a while."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{line}", flush=True)

    return say
