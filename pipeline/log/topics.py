"""The topics a cluster must have: planned from the settings, created where missing, compared.

Nothing is ever shrunk, altered or deleted: a topic that differs is an operator's decision, because
another number of partitions sends flows elsewhere and a shorter retention deletes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipeline.log.base import LogUnavailableError
from pipeline.log.security import admin_security
from pipeline.settings import KafkaSettings

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """One topic as it should be. ``config`` holds only what differs from a broker's defaults."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicDifference:
    """One thing about a topic that is not as planned. ``found`` is None for a missing topic."""

    topic: str
    setting: str
    expected: str
    found: str | None
