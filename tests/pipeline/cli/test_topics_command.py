from __future__ import annotations

import pytest

from pipeline.settings import KafkaSettings
from tests.conftest import MakeTopics
from tests.pipeline.cli.command import Command


def on(topics: KafkaSettings) -> dict[str, object]:
    return {f"kafka__{name}": value for name, value in topics.model_dump(exclude_none=True).items()}


def test_partitions_grow_to_a_multiple_alone(cogentai: Command):
    found = cogentai("topics", "grow", 18, kafka__partitions=12)
    assert found.code == 2
    assert "12 partitions can become a multiple of 12, not 18" in found.err


@pytest.mark.kafka
def test_grown_topics_are_as_they_should_be(cogentai: Command, kafka: str, make_topics: MakeTopics):
    topics = make_topics(kafka, 2)

    found = cogentai("topics", "grow", 4, **on(topics))

    assert found.code == 0
    assert "Now set kafka.partitions to 4 everywhere" in found.out
    grown = topics.model_copy(update={"partitions": 4})
    assert cogentai("topics", "apply", "--check", **on(grown)).code == 0
