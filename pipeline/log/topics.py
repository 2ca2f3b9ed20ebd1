"""The topics a cluster must have: planned from the settings, created where missing, compared.

Nothing is ever shrunk or deleted, and nothing altered but the number of partitions, when asked to
(:func:`extend`). Another number sends flows elsewhere, and a shorter retention deletes: to mend a
topic that differs is an operator's decision.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, NoError, TopicAlreadyExistsError

from pipeline.log.base import LogUnavailableError
from pipeline.log.security import connection
from pipeline.settings import KafkaSettings

_DAY_MS = 24 * 3600 * 1000
_BOOTSTRAP_MS = 10_000
_EXTEND_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """One topic as it should be; ``config`` names what must not be left to the broker's default."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicDifference:
    """One thing about a topic that is not as planned; ``found`` is None if the topic is missing."""

    topic: str
    setting: str
    expected: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying the plan did, and what it left as it was."""

    created: tuple[str, ...]
    differences: tuple[TopicDifference, ...]


def plan(settings: KafkaSettings) -> tuple[TopicPlan, ...]:
    """Return every topic that should exist.

    Examples
    --------
    >>> [topic.name for topic in plan(KafkaSettings())][:2]
    ['patchworks.events.v1', 'patchworks.dead-letters.v1']
    """
    kept = {"cleanup.policy": "delete"}
    configs = {
        settings.events_topic: kept | {"retention.ms": str(7 * _DAY_MS)},
        # a dead letter is its original, which may be of the size limit, and the reason
        settings.dead_letters_topic: kept
        | {"retention.ms": str(30 * _DAY_MS), "max.message.bytes": str(2 * 1024 * 1024)},
        # only full segments are compacted; Kafka's own compacted topics use this size too
        settings.checkpoints_topic: {
            "cleanup.policy": "compact",
            "segment.bytes": str(100 * 1024 * 1024),
        },
        settings.signals_topic: kept | {"retention.ms": str(7 * _DAY_MS)},
        settings.alerts_topic: kept | {"retention.ms": str(30 * _DAY_MS)},
    }
    # an acknowledged event must be on two brokers, wherever there are three
    durable = {"min.insync.replicas": "2" if settings.replication > 2 else "1"}
    return tuple(
        TopicPlan(name, settings.partitions, settings.replication, config | durable)
        for name, config in configs.items()
    )


def apply(settings: KafkaSettings) -> Applied:
    """Create the topics that are missing, wait until they can be used, and compare the others.

    Raises
    ------
    LogUnavailableError
        If the cluster cannot be reached, or refuses a topic.
    """
    with _admin(settings) as admin:
        existing = set(admin.list_topics())
        missing = [topic for topic in plan(settings) if topic.name not in existing]
        if missing:
            _create(admin, missing)
        return Applied(tuple(topic.name for topic in missing), tuple(_compare(admin, settings)))


def check(settings: KafkaSettings) -> tuple[TopicDifference, ...]:
    """Compare the topics with the plan, and change nothing.

    Raises
    ------
    LogUnavailableError
        If the cluster cannot be reached.
    """
    with _admin(settings) as admin:
        return tuple(_compare(admin, settings))


def extend(settings: KafkaSettings) -> None:
    """Give the topics as many partitions as the settings name, and wait until they can be used.

    Only for a cluster at rest: :mod:`pipeline.worker.growing` moves the flows.

    Raises
    ------
    LogUnavailableError
        If the cluster cannot be reached, or refuses.
    """
    names = [topic.name for topic in plan(settings)]
    with _admin(settings) as admin:
        short = [name for name, n in _counts(admin, names).items() if n < settings.partitions]
        if short:
            admin.create_partitions(dict.fromkeys(short, settings.partitions))
        until = time.monotonic() + _EXTEND_SECONDS
        while any(n < settings.partitions for n in _counts(admin, names).values()):
            if time.monotonic() > until:
                raise LogUnavailableError("the cluster has not made the partitions in time")
            time.sleep(0.1)


def _counts(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(names)}


@contextmanager
def _admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    try:
        with KafkaAdminClient(**connection(settings), bootstrap_timeout_ms=_BOOTSTRAP_MS) as admin:
            yield admin
    except KafkaError as error:
        raise LogUnavailableError(f"Kafka at {settings.bootstrap}: {error}") from error


def _create(admin: KafkaAdminClient, topics: Sequence[TopicPlan]) -> None:
    wanted = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": topic.replication,
            "configs": topic.config,
        }
        for topic in topics
    }
    answer = admin.create_topics(wanted, raise_errors=False)
    for topic in answer["topics"]:
        if topic["error_code"] not in (NoError.errno, TopicAlreadyExistsError.errno):
            raise LogUnavailableError(f"topic {topic['name']}: {topic['error_message']}")
    admin.wait_for_topics(list(wanted))


def _compare(admin: KafkaAdminClient, settings: KafkaSettings) -> Iterator[TopicDifference]:
    topics = plan(settings)
    names = [topic.name for topic in topics]
    found = {topic["name"]: topic["partitions"] for topic in admin.describe_topics(names)}
    existing = [topic for topic in topics if found[topic.name]]
    resources = [ConfigResource("TOPIC", topic.name) for topic in existing]
    configs = admin.describe_configs(resources, config_filter="all")["topic"] if existing else {}
    for topic in topics:
        if topic in existing:
            yield from _differences(topic, found[topic.name], configs[topic.name])
        else:
            yield TopicDifference(topic.name, "partitions", str(topic.partitions), None)


def _differences(
    topic: TopicPlan, partitions: Sequence[Mapping[str, Any]], config: Mapping[str, Any]
) -> Iterator[TopicDifference]:
    replication = min(len(partition["replica_nodes"]) for partition in partitions)
    expected = {
        "partitions": str(topic.partitions),
        "replication": str(topic.replication),
        **topic.config,
    }
    found = {
        "partitions": str(len(partitions)),
        "replication": str(replication),
        **{name: str(config[name]["value"]) for name in topic.config},
    }
    for setting, value in expected.items():
        if found[setting] != value:
            yield TopicDifference(topic.name, setting, value, found[setting])
