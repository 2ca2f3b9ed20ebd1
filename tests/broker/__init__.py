"""A real Apache Kafka broker for the tests, wherever they run.

In this order: the address in ``COGENTAI_TEST_KAFKA``; Docker, with the official image; Java and
Maven, with the broker's own jars. ``python -m tests.broker`` starts one by hand.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from tests.broker.base import Broker, NoBrokerError
from tests.broker.docker import DockerBroker, docker_answers
from tests.broker.external import ExternalBroker
from tests.broker.java import JavaBroker

__all__ = ["Broker", "NoBrokerError", "own_broker", "shared_broker"]

ADDRESS = "COGENTAI_TEST_KAFKA"


def shared_broker(say: Callable[[str], None] = print) -> Broker:
    """Return a broker that runs: the one the environment names, or a new one."""
    if address := os.environ.get(ADDRESS):
        return ExternalBroker(address)
    return own_broker(say)


def own_broker(say: Callable[[str], None] = print, port: int | None = None) -> Broker:
    """Start a broker that the caller may hurt.

    Raises
    ------
    NoBrokerError
        If this machine has neither a Docker engine that answers nor Java with Maven.
    """
    broker = DockerBroker(port) if docker_answers() else JavaBroker(port, say)
    broker.start()
    return broker
