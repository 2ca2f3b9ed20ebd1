from __future__ import annotations

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from pipeline.log.base import LogUnavailableError
from pipeline.log.topics import TopicDifference, apply, check, plan
from pipeline.settings import KafkaSettings

pytestmark = pytest.mark.kafka


def test_apply_creates_what_is_missing_and_then_finds_no_difference(topics: KafkaSettings):
    again = apply(topics)

    assert again.created == ()
    assert again.differences == ()
    assert check(topics) == ()


def test_apply_says_what_it_created(topics: KafkaSettings):
    changed = topics.model_copy(update={"alerts_topic": f"{topics.alerts_topic}.new"})

    assert apply(changed).created == (changed.alerts_topic,)


def test_check_names_a_missing_topic_and_creates_nothing(topics: KafkaSettings):
    changed = topics.model_copy(update={"alerts_topic": f"{topics.alerts_topic}.new"})
    missing = TopicDifference(changed.alerts_topic, "partitions", "4", None)

    assert check(changed) == (missing,)
    assert check(changed) == (missing,)


def test_a_changed_retention_is_reported_and_left_alone(topics: KafkaSettings):
    _set_retention(topics, "1000000")
    expected = TopicDifference(topics.events_topic, "retention.ms", "604800000", "1000000")

    assert apply(topics).differences == (expected,)
    assert check(topics) == (expected,)


def test_a_wrong_partition_count_is_reported_for_every_topic(topics: KafkaSettings):
    wanted = topics.model_copy(update={"partitions": 6})

    assert [(d.topic, d.setting, d.expected, d.found) for d in apply(wanted).differences] == [
        (topic.name, "partitions", "6", "4") for topic in plan(topics)
    ]


def test_a_wrong_cleanup_policy_is_reported(topics: KafkaSettings):
    swapped = topics.model_copy(update={"signals_topic": topics.checkpoints_topic})

    wrong = [d for d in check(swapped) if d.setting == "cleanup.policy"]

    assert [(d.expected, d.found) for d in wrong] == [("delete", "compact")]


def test_a_replication_the_cluster_cannot_give_is_refused_by_name(topics: KafkaSettings):
    wanted = topics.model_copy(
        update={"alerts_topic": f"{topics.alerts_topic}.new", "replication": 9}
    )

    with pytest.raises(LogUnavailableError, match=r"alerts\.new.*[Rr]eplication factor"):
        apply(wanted)


def _set_retention(topics: KafkaSettings, value: str) -> None:
    """Set it, and wait until the broker says so."""
    wanted = ConfigResource("TOPIC", topics.events_topic, {"retention.ms": value})
    with KafkaAdminClient(bootstrap_servers=topics.bootstrap) as admin:
        admin.alter_configs([wanted])
        while True:
            found = admin.describe_configs([ConfigResource("TOPIC", topics.events_topic)])
            if found["topic"][topics.events_topic].get("retention.ms", {}).get("value") == value:
                return
