"""What lies in the events topic and is not applied, asked for without any event loop."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from kafka import KafkaConsumer, TopicPartition

from pipeline.log.security import connection
from pipeline.settings import KafkaSettings

_ANSWER_MS = 3_000


class Backlog:
    """Looks at the events topic with a client of its own, which joins no group.

    Every method raises a ``KafkaError`` if the cluster does not answer within seconds.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    @cached_property
    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            **connection(self._settings),
            group_id=self._settings.group,
            enable_auto_commit=False,
            bootstrap_timeout_ms=_ANSWER_MS,
        )

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """Return the offset that the next record of each partition will get."""
        places = [self._place(number) for number in partitions]
        found = self._consumer.end_offsets(places, timeout_ms=_ANSWER_MS)
        return {place.partition: end for place, end in found.items()}

    def committed(self, partition: int) -> int:
        """Return the offset that the group goes on from."""
        place = self._place(partition)
        committed = self._consumer.committed(place, timeout_ms=_ANSWER_MS)
        if committed is None:
            committed = self._consumer.beginning_offsets([place], timeout_ms=_ANSWER_MS)[place]
        return int(committed)

    def only_markers(self, partition: int, start: int, end: int) -> bool:
        """Tell whether a look at all offsets from ``start`` up to ``end`` has found no record.

        The markers of a foreign producer's transactions take offsets too.
        """
        place = self._place(partition)
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        found = self._consumer.poll(timeout_ms=_ANSWER_MS, max_records=1)
        return not found and self._consumer.position(place, timeout_ms=_ANSWER_MS) >= end

    def close(self) -> None:
        """Disconnect, if it ever was connected."""
        if "_consumer" in vars(self):
            self._consumer.close(autocommit=False)

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self._settings.events_topic, partition)
